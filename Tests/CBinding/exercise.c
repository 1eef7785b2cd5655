/* Calls every function of septum.h as it should and as it should not be called, and prints nothing when all is well.
 *
 *     exercise network.onnx tagger.onnx
 *
 * The first model takes features [batch, 5] and gives scores [batch, 3] and the features again; the second takes
 * constituents [batch, particles, 10] and jet [batch, 5] and gives probabilities [batch, 3].
 */
#include <septum.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #condition, septum_last_error()); \
            failures += 1; \
        } \
    } while (0)

static int failures;
static int reports;

static void count_report(int32_t level, const char *message, void *user_data) {
    CHECK(level == SEPTUM_LOG_INFO && strstr(message, "nodes") && user_data == &reports);
    reports += 1;
}

static char *content(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) exit(2);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size) exit(2);
    fclose(file);
    return bytes;
}

static float features[8][5];

static septum_tensor rows(int64_t *dims, const float *data) {
    septum_tensor tensor = {data, SEPTUM_FLOAT32, 2, dims, NULL};
    return tensor;
}

/* Loading by path, with options, from memory; what is refused. */
static void loading(const char *path) {
    septum_model *model = NULL, *other = NULL;
    CHECK(septum_abi() >= SEPTUM_ABI && strlen(septum_version()) > 0);
    septum_set_log(count_report, &reports);
    CHECK(septum_model_load(path, &model) == SEPTUM_OK && reports == 1);
    septum_set_log(NULL, NULL);
    CHECK(strstr(septum_model_json(model), "\"inputs\"") && strstr(septum_model_json(model), "batch"));

    septum_load_options options = {sizeof options, NULL, NULL, 0};
    CHECK(septum_model_load_with(path, &options, &other) == SEPTUM_OK);
    septum_model_free(other);
    CHECK(septum_model_load_with(path, NULL, &other) == SEPTUM_OK);
    septum_model_free(other);
    options.format = "xgboost";
    CHECK(septum_model_load_with(path, &options, &other) != SEPTUM_OK && other == NULL);
    options.format = "no such format";
    CHECK(septum_model_load_with(path, &options, &other) != SEPTUM_OK);
    options.struct_size = 3;
    CHECK(septum_model_load_with(path, &options, &other) == SEPTUM_INVALID_INPUT);

    size_t size;
    char *bytes = content(path, &size);
    CHECK(septum_model_load_bytes(bytes, size, "network.septum", NULL, &other) == SEPTUM_OK);
    free(bytes);
    CHECK(strcmp(septum_model_json(other), "") != 0 && septum_model_output_count(other) == 2);
    septum_model_free(other);
    CHECK(septum_model_load_bytes(NULL, 10, "x", NULL, &other) == SEPTUM_INVALID_INPUT);
    CHECK(septum_model_load_bytes("", 0, "x", NULL, &other) != SEPTUM_OK);
    CHECK(septum_model_load_bytes("rubbish", (size_t)-1, "x", NULL, &other) != SEPTUM_OK);
    CHECK(septum_model_load_bytes("rubbish", 7, NULL, NULL, &other) == SEPTUM_INVALID_INPUT);
    CHECK(septum_model_load_bytes("rubbish", 7, "x.onnx", NULL, NULL) == SEPTUM_INVALID_INPUT);
    CHECK(septum_model_save(model, "/nowhere/model.septum") == SEPTUM_FILE && septum_model_save(model, NULL) != SEPTUM_OK);
    septum_model_free(model);
}

static uint32_t next_random(void) {
    static uint32_t state = 2463534242U;
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

/* Bytes that are no model, and models with some bytes changed or cut off, are refused or read, and nothing worse. */
static void broken(const char *path) {
    static const char *const names[] = {"x.onnx", "x.septum", "x.json", "x.ubj", "x.txt", "x.cbm", "x.xml", "x.model", "x.bin", "x"};
    enum { NAMES = sizeof names / sizeof *names };
    size_t size;
    char *bytes = content(path, &size), *copy = malloc(size), noise[512];
    if (!copy) exit(2);
    septum_model *model = NULL;
    int refused = 0;
    for (int round = 0; round < 300; ++round) {
        size_t length = 1 + next_random() % sizeof noise;
        for (size_t i = 0; i < length; ++i) noise[i] = (char)next_random();
        if (round % 3 == 0) memcpy(noise, "{\"learner\":", length < 11 ? length : 11);
        septum_status status = septum_model_load_bytes(noise, length, names[round % NAMES], NULL, &model);
        CHECK(status != SEPTUM_OK && model == NULL && strlen(septum_last_error()) > 0);
    }
    for (int round = 0; round < 300; ++round) {
        memcpy(copy, bytes, size);
        for (int change = 0; change < 1 + round % 8; ++change) copy[next_random() % size] = (char)next_random();
        size_t length = round % 2 == 0 ? size : next_random() % size;
        refused += septum_model_load_bytes(copy, length, names[round % NAMES], NULL, &model) != SEPTUM_OK;
        septum_context *context = NULL;
        if (model && septum_context_create(model, &context) == SEPTUM_OK) {
            int64_t dims[] = {8, 5};
            septum_tensor input = rows(dims, features[0]), outputs[2];
            septum_run(context, &input, septum_model_input_count(model), outputs, septum_model_output_count(model) <= 2 ? 2 : 0);
        }
        septum_context_free(context);
        septum_model_free(model);
    }
    CHECK(refused > 100);
    free(copy);
    free(bytes);
}

/* What was freed, never made, or is of another kind is refused. */
static void handles(const char *path) {
    septum_model *model = NULL;
    septum_context *context = NULL;
    septum_tensor outputs[2];
    septum_port port;
    CHECK(septum_model_load(path, &model) == SEPTUM_OK && septum_context_create(model, &context) == SEPTUM_OK);
    septum_model_free((septum_model *)context);
    septum_context_free((septum_context *)model);
    CHECK(septum_model_input_count(model) == 1 && septum_model_input_count((septum_model *)context) == -1);
    CHECK(septum_run((septum_context *)model, NULL, 0, outputs, 2) == SEPTUM_INVALID_INPUT);
    septum_model_free(model);
    CHECK(septum_model_input_count(model) == -1 && septum_model_json(model) == NULL);
    CHECK(septum_model_input(model, 0, &port) == SEPTUM_INVALID_INPUT);
    septum_context *second;
    CHECK(septum_context_create(model, &second) == SEPTUM_INVALID_INPUT && second == NULL);
    septum_model_free(model);
    int64_t dims[] = {8, 5};
    septum_tensor input = rows(dims, features[0]);
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
    septum_context_free(context);
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);
    CHECK(strstr(septum_last_error(), "freed"));
    septum_context_free(context);
    CHECK(septum_run((septum_context *)features, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run((septum_context *)(uintptr_t)-1, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run(NULL, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);
}

/* Inputs with gaps and bound by name give the bits of dense ones. */
static void places(const char *path) {
    septum_model *model = NULL;
    septum_context *context = NULL;
    CHECK(septum_model_load(path, &model) == SEPTUM_OK && septum_context_create(model, &context) == SEPTUM_OK);
    int64_t dims[] = {8, 5}, strides[] = {5 * sizeof(float), sizeof(float)};
    septum_tensor input = rows(dims, features[0]), outputs[2];
    float expected[8][3];
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK && outputs[0].strides == NULL);
    memcpy(expected, outputs[0].data, sizeof expected);

    input.strides = strides;
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
    CHECK(memcmp(expected, outputs[0].data, sizeof expected) == 0);

    float columns[5][8];
    struct { double other; float feature[7]; } objects[8];
    for (int row = 0; row < 8; ++row) {
        for (int column = 0; column < 5; ++column) {
            columns[column][row] = objects[row].feature[column + 1] = features[row][column];
        }
    }
    int64_t turned[] = {sizeof(float), 8 * sizeof(float)}, within[] = {sizeof objects[0], sizeof(float)};
    int64_t backwards[] = {-5 * (int64_t)sizeof(float), sizeof(float)}, odd[] = {21, 4};
    for (int repeat = 0; repeat < 3; ++repeat) {
        input.data = columns;
        input.strides = turned;
        CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
        CHECK(memcmp(expected, outputs[0].data, sizeof expected) == 0);
        input.data = &objects[0].feature[1];
        input.strides = within;
        CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
        CHECK(memcmp(expected, outputs[0].data, sizeof expected) == 0);
    }
    input.data = features[7];
    input.strides = backwards;
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
    CHECK(memcmp(expected[7], outputs[0].data, sizeof expected[7]) == 0);
    input.strides = odd;
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);

    CHECK(septum_run_bound(context, outputs, 2) == SEPTUM_INVALID_INPUT);
    CHECK(septum_bind(context, "nothing", &input) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "features"));
    CHECK(septum_bind(context, "features", NULL) == SEPTUM_INVALID_INPUT);
    CHECK(septum_bind(context, NULL, &input) == SEPTUM_INVALID_INPUT);
    CHECK(septum_bind(NULL, "features", &input) == SEPTUM_INVALID_INPUT);
    float event[8][5];
    input = rows(dims, event[0]);
    CHECK(septum_bind(context, "features", &input) == SEPTUM_OK);
    dims[0] = 99;
    for (int repeat = 0; repeat < 3; ++repeat) {
        memcpy(event, features, sizeof event);
        event[repeat][0] += 1;
        CHECK(septum_run_bound(context, outputs, 2) == SEPTUM_OK);
        for (int row = 0; row < 8; ++row) {
            int same = memcmp(expected[row], (const float *)outputs[0].data + 3 * row, sizeof expected[row]) == 0;
            CHECK(same == (row != repeat));
        }
    }
    CHECK(septum_run_bound(context, outputs, 1) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run_bound(context, NULL, 2) == SEPTUM_INVALID_INPUT);
    septum_context_free(context);
    septum_model_free(model);
}

/* Rows of different lengths give the bits of one row at a time. */
static void jagged(const char *path) {
    enum { ROWS = 40, WIDTH = 10 };
    septum_model *model = NULL;
    septum_context *context = NULL;
    CHECK(septum_model_load(path, &model) == SEPTUM_OK && septum_context_create(model, &context) == SEPTUM_OK);
    int64_t offsets[ROWS + 1] = {0};
    for (int row = 0; row < ROWS; ++row) offsets[row + 1] = offsets[row] + 1 + row * 7 % 5;
    float *particles = malloc(sizeof(float) * WIDTH * (size_t)offsets[ROWS]), jets[ROWS][5], expected[ROWS][3];
    for (int64_t i = 0; i < offsets[ROWS] * WIDTH; ++i) particles[i] = (float)(i * 37 % 29) / 8 - 1.5F;
    for (int i = 0; i < ROWS * 5; ++i) jets[i / 5][i % 5] = (float)(i * 31 % 23) / 8 - 1;
    for (int row = 0; row < ROWS; ++row) {
        int64_t one[] = {1, offsets[row + 1] - offsets[row], WIDTH}, jet[] = {1, 5};
        septum_tensor inputs[] = {
            {particles + offsets[row] * WIDTH, SEPTUM_FLOAT32, 3, one, NULL}, {jets[row], SEPTUM_FLOAT32, 2, jet, NULL}};
        septum_tensor output;
        CHECK(septum_run(context, inputs, 2, &output, 1) == SEPTUM_OK);
        memcpy(expected[row], output.data, sizeof expected[row]);
    }
    int64_t items[] = {offsets[ROWS], WIDTH}, all[] = {ROWS, 5};
    septum_jagged inputs[] = {
        {{particles, SEPTUM_FLOAT32, 2, items, NULL}, offsets}, {{jets, SEPTUM_FLOAT32, 2, all, NULL}, NULL}};
    septum_jagged output;
    for (int repeat = 0; repeat < 2; ++repeat) {
        CHECK(septum_run_jagged(context, ROWS, inputs, 2, &output, 1) == SEPTUM_OK);
        CHECK(output.offsets == NULL && output.values.rank == 2 && output.values.dims[0] == ROWS && output.values.dims[1] == 3);
        CHECK(memcmp(expected, output.values.data, sizeof expected) == 0);
    }
    CHECK(septum_run_jagged(context, 0, NULL, 0, &output, 1) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run_jagged(context, -1, inputs, 2, &output, 1) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run_jagged(context, ROWS - 1, inputs, 2, &output, 1) == SEPTUM_INVALID_INPUT);
    offsets[3] = offsets[4] + 1;
    CHECK(septum_run_jagged(context, ROWS, inputs, 2, &output, 1) == SEPTUM_INVALID_INPUT);
    offsets[3] = -5;
    CHECK(septum_run_jagged(context, ROWS, inputs, 2, &output, 1) == SEPTUM_INVALID_INPUT);
    int64_t none[] = {0, WIDTH}, no_jets[] = {0, 5}, start = 0;
    inputs[0].values.dims = none;
    inputs[0].offsets = &start;
    inputs[1].values.dims = no_jets;
    CHECK(septum_run_jagged(context, 0, inputs, 2, &output, 1) == SEPTUM_OK && output.values.dims[0] == 0);
    septum_context_free(context);
    septum_model_free(model);
    free(particles);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    for (int i = 0; i < 40; ++i) features[i / 5][i % 5] = (float)(i * 37 % 29) / 8 - 1.5F;
    loading(argv[1]);
    broken(argv[1]);
    handles(argv[1]);
    places(argv[1]);
    jagged(argv[2]);
    return failures == 0 ? 0 : 1;
}
