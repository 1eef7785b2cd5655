/* Uses the library from eight threads at once, as it allows and as it does not, and prints nothing when all is well.
 *
 *     threads network.onnx
 *
 * The model takes features [batch, 5] and gives scores [batch, 3] and the features again.
 */
#include <pthread.h>
#include <sched.h>
#include <septum.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, ROWS = 4, ROUNDS = 300 };

static atomic_int failures;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #condition, septum_last_error()); \
            atomic_fetch_add(&failures, 1); \
        } \
    } while (0)

static septum_model *model;
static septum_context *shared;
static float features[THREADS][ROWS][5], expected[THREADS][ROWS][3];
static atomic_int calls;

static septum_status run(septum_context *context, size_t set, septum_tensor *outputs) {
    int64_t dims[] = {ROWS, 5};
    septum_tensor input = {features[set], SEPTUM_FLOAT32, 2, dims, NULL};
    return septum_run(context, &input, 1, outputs, 2);
}

static void together(void *(*body)(void *), int count) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < (size_t)count; ++i) {
        if (pthread_create(&threads[i], NULL, body, (void *)i) != 0) exit(2);
    }
    for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
}

/* Contexts of their own on one model, each with its own last error. */
static void *own_context(void *argument) {
    size_t set = (size_t)argument;
    septum_context *context = NULL;
    septum_tensor outputs[2];
    CHECK(septum_context_create_threaded(model, set == 0 ? 2 : 1, &context) == SEPTUM_OK);
    for (int round = 0; round < ROUNDS; ++round) {
        CHECK(run(context, set, outputs) == SEPTUM_OK);
        CHECK(memcmp(outputs[0].data, expected[set], sizeof expected[set]) == 0);
        if (round % 50 == 0) {
            char name[16], text[32];
            snprintf(name, sizeof name, "input%zu", set);
            snprintf(text, sizeof text, "'%s'", name);
            CHECK(septum_bind(context, name, &outputs[0]) == SEPTUM_INVALID_INPUT);
            CHECK(strstr(septum_last_error(), text) && septum_model_input_count(model) == 1);
        }
    }
    septum_context_free(context);
    return NULL;
}

/* One context in all threads: a call that meets another is refused. */
static void *one_context(void *argument) {
    septum_tensor outputs[2];
    for (int round = 0; round < ROUNDS; ++round) {
        septum_status status = run(shared, (size_t)argument, outputs);
        CHECK(status == SEPTUM_OK || (status == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "at work")));
    }
    return NULL;
}

/* Runs until another thread frees the context. */
static void *until_freed(void *argument) {
    septum_tensor outputs[2];
    septum_status status;
    while ((status = run(shared, (size_t)argument, outputs)) == SEPTUM_OK || strstr(septum_last_error(), "at work")) {
        atomic_fetch_add(&calls, 1);
    }
    CHECK(status == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "freed"));
    return NULL;
}

/* Makes contexts until another thread frees the model. */
static void *until_model_freed(void *argument) {
    (void)argument;
    septum_context *context = NULL;
    septum_status status;
    while ((status = septum_context_create(model, &context)) == SEPTUM_OK) {
        atomic_fetch_add(&calls, 1);
        septum_context_free(context);
    }
    CHECK(status == SEPTUM_INVALID_INPUT && septum_model_input_count(model) == -1);
    return NULL;
}

static void *free_shared(void *argument) {
    (void)argument;
    while (atomic_load(&calls) < 20) sched_yield();
    septum_context_free(shared);
    septum_context_free(shared);
    return NULL;
}

static void *free_model(void *argument) {
    (void)argument;
    while (atomic_load(&calls) < 20) sched_yield();
    septum_model_free(model);
    return NULL;
}

static void *either(void *argument) { return (size_t)argument == 0 ? free_shared(argument) : until_freed(argument); }
static void *either_model(void *argument) { return (size_t)argument == 0 ? free_model(argument) : until_model_freed(argument); }

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    for (int i = 0; i < THREADS * ROWS * 5; ++i) features[i / 5 / ROWS][i / 5 % ROWS][i % 5] = (float)(i * 37 % 29) / 8 - 1.5F;
    CHECK(septum_model_load(argv[1], &model) == SEPTUM_OK && septum_context_create(model, &shared) == SEPTUM_OK);
    for (size_t set = 0; set < THREADS; ++set) {
        septum_tensor outputs[2];
        CHECK(run(shared, set, outputs) == SEPTUM_OK);
        memcpy(expected[set], outputs[0].data, sizeof expected[set]);
    }
    together(own_context, THREADS);
    together(one_context, THREADS);
    for (int repeat = 0; repeat < 10; ++repeat) {
        atomic_store(&calls, 0);
        together(either, 4);
        CHECK(septum_context_create(model, &shared) == SEPTUM_OK);
    }
    septum_context_free(shared);
    atomic_store(&calls, 0);
    together(either_model, 4);
    return atomic_load(&failures) == 0 ? 0 : 1;
}
