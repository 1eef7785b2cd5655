/* Scores rows of features with a model from C.
 *
 *     cc -std=c99 score.c -I<include> -L<lib> -lseptum -o score
 *     ./score tagger.onnx features.f32 16
 *
 * features.f32 holds float32 rows of 16 values; each output prints one line a row, in digits that read back exactly.
 */
#include <septum.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, septum_last_error());
    return EXIT_FAILURE;
}

static float *read_floats(const char *path, int64_t *count) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) return NULL;
    long size = ftell(file);
    rewind(file);
    float *values = malloc(size > 0 ? (size_t)size : 1);
    *count = size / (long)sizeof(float);
    if (!values || fread(values, sizeof(float), (size_t)*count, file) != (size_t)*count) return NULL;
    fclose(file);
    return values;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: %s MODEL FEATURES.f32 COLUMNS\n", argv[0]);
        return EXIT_FAILURE;
    }
    septum_model *model;
    if (septum_model_load(argv[1], &model) != SEPTUM_OK) return fail(argv[1]);
    for (int32_t i = 0; i < septum_model_input_count(model); ++i) {
        septum_port port;
        if (septum_model_input(model, i, &port) != SEPTUM_OK) return fail("input");
        fprintf(stderr, "input %s:", port.name);
        for (int32_t axis = 0; axis < port.rank; ++axis) {
            if (port.symbols[axis]) fprintf(stderr, " %s", port.symbols[axis]);
            else fprintf(stderr, " %lld", (long long)port.dims[axis]);
        }
        fprintf(stderr, "\n");
    }

    int64_t count = 0, columns = atoll(argv[3]);
    float *features = read_floats(argv[2], &count);
    if (!features || columns < 1) {
        fprintf(stderr, "%s cannot be read\n", argv[2]);
        return EXIT_FAILURE;
    }
    septum_context *context;
    if (septum_context_create(model, &context) != SEPTUM_OK) return fail("context");
    int64_t dims[] = {count / columns, columns};
    septum_tensor input = {features, SEPTUM_FLOAT32, 2, dims, NULL};
    int32_t outputs = septum_model_output_count(model);
    septum_tensor *results = calloc((size_t)outputs + 1, sizeof *results);
    if (septum_run(context, &input, 1, results, outputs) != SEPTUM_OK) return fail("run");

    for (int32_t i = 0; i < outputs; ++i) {
        if (results[i].type != SEPTUM_FLOAT32) continue;
        const float *values = results[i].data;
        int64_t width = 1;
        for (int32_t axis = 1; axis < results[i].rank; ++axis) width *= results[i].dims[axis];
        for (int64_t row = 0; row < dims[0]; ++row) {
            for (int64_t column = 0; column < width; ++column) printf("%s%.9g", column ? " " : "", values[row * width + column]);
            printf("\n");
        }
    }
    free(results);
    septum_context_free(context);
    septum_model_free(model);
    free(features);
    return EXIT_SUCCESS;
}
