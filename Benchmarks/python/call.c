/* Times septum_run on a model whose one input is float32 [1, N]: call LIBRARY MODEL N REPEATS; prints nanoseconds a call. */
#include <dlfcn.h>
#include <septum.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 5) return 2;
    void *library = dlopen(arguments[1], RTLD_NOW);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
    __typeof__(septum_model_load) *load = dlsym(library, "septum_model_load");
    __typeof__(septum_context_create) *create = dlsym(library, "septum_context_create");
    __typeof__(septum_run) *run = dlsym(library, "septum_run");
    septum_model *model;
    septum_context *context;
    if (load(arguments[2], &model) || create(model, &context)) return 1;
    int64_t dims[] = {1, atol(arguments[3])};
    float *data = calloc((size_t)dims[1], sizeof *data);
    septum_tensor input = {data, SEPTUM_FLOAT32, 2, dims, NULL}, output;
    long repeats = atol(arguments[4]);
    double best = 1e30;
    for (int attempt = 0; attempt < 1000; attempt++) {
        double start = now();
        for (long index = 0; index < repeats; index++)
            if (run(context, &input, 1, &output, 1)) return 1;
        double time = (now() - start) / (double)repeats;
        if (time < best) best = time;
    }
    printf("%.1f\n", best);
    return 0;
}
