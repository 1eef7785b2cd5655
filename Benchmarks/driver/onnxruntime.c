/* ONNX Runtime through its C interface, of which the Python package carries the library but no header.
 *
 * OrtApi is a table of function pointers that only grows at its end; the places below are those of version 1 of
 * include/onnxruntime/core/session/onnxruntime_c_api.h.
 */
#include <stdio.h>
#include <string.h>

#include "engine.h"

typedef struct {
    const void *const *(*get_api)(uint32_t version);
    const char *(*version)(void);
} api_base;

typedef void *status;

enum {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION = 7,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    SET_INTRA_OP_NUM_THREADS = 24,
    SET_INTER_OP_NUM_THREADS = 25,
    SESSION_GET_INPUT_COUNT = 30,
    SESSION_GET_OUTPUT_COUNT = 31,
    SESSION_GET_INPUT_NAME = 36,
    SESSION_GET_OUTPUT_NAME = 37,
    CREATE_TENSOR_WITH_DATA = 49,
    GET_TENSOR_MUTABLE_DATA = 51,
    GET_TENSOR_ELEMENT_TYPE = 60,
    GET_DIMENSIONS_COUNT = 61,
    GET_DIMENSIONS = 62,
    GET_TENSOR_TYPE_AND_SHAPE = 65,
    CREATE_CPU_MEMORY_INFO = 69,
    GET_ALLOCATOR_WITH_DEFAULT_OPTIONS = 78,
    API_VERSION = 17,
};

static const void *const *api;
static void *env, *session;
static const char *input_names[MAX_PORTS], *output_names[MAX_PORTS];
static void *input_values[MAX_PORTS], *output_values[MAX_PORTS];
static size_t inputs_given, outputs_made;

typedef status (*run_function)(void *, const void *, const char *const *, void *const *, size_t, const char *const *, size_t,
                               void **);
static run_function run_session;

static void check(status s) {
    if (s) fail("ONNX Runtime: %s", ((const char *(*)(status))api[GET_ERROR_MESSAGE])(s));
}

static void library(const char *path) {
    void *handle = open_library(path);
    const api_base *base = ((const api_base *(*)(void))symbol(handle, "OrtGetApiBase"))();
    api = base->get_api(API_VERSION);
    if (!api) fail("ONNX Runtime %s has no interface of version %d", base->version(), API_VERSION);
    check(((status(*)(int, const char *, void **))api[CREATE_ENV])(3, "bench", &env));
}

static void open(const char *model, int threads, tensor *inputs, int input_count) {
    void *options, *allocator, *memory;
    size_t count;
    check(((status(*)(void **))api[CREATE_SESSION_OPTIONS])(&options));
    check(((status(*)(void *, int))api[SET_INTRA_OP_NUM_THREADS])(options, threads));
    check(((status(*)(void *, int))api[SET_INTER_OP_NUM_THREADS])(options, 1));
    check(((status(*)(void *, const char *, void *, void **))api[CREATE_SESSION])(env, model, options, &session));
    check(((status(*)(void **))api[GET_ALLOCATOR_WITH_DEFAULT_OPTIONS])(&allocator));
    check(((status(*)(int, int, void **))api[CREATE_CPU_MEMORY_INFO])(1, 0, &memory));
    check(((status(*)(void *, size_t *))api[SESSION_GET_INPUT_COUNT])(session, &count));
    if ((int)count != input_count || count > MAX_PORTS) fail("the model has %zu inputs, %d are given", count, input_count);
    inputs_given = count;
    for (size_t i = 0; i < count; i++) {
        check(((status(*)(void *, size_t, void *, const char **))api[SESSION_GET_INPUT_NAME])(session, i, allocator,
                                                                                              &input_names[i]));
        check(((status(*)(void *, void *, size_t, const int64_t *, size_t, int, void **))api[CREATE_TENSOR_WITH_DATA])(
            memory, inputs[i].data, inputs[i].bytes, inputs[i].dims, (size_t)inputs[i].rank, inputs[i].type, &input_values[i]));
    }
    check(((status(*)(void *, size_t *))api[SESSION_GET_OUTPUT_COUNT])(session, &outputs_made));
    if (outputs_made > MAX_PORTS) fail("the model has %zu outputs", outputs_made);
    for (size_t i = 0; i < outputs_made; i++)
        check(((status(*)(void *, size_t, void *, const char **))api[SESSION_GET_OUTPUT_NAME])(session, i, allocator,
                                                                                               &output_names[i]));
    run_session = (run_function)api[RUN];
}

/* The first run makes the outputs, later ones write into them. */
static void run(void) {
    status s = run_session(session, NULL, input_names, input_values, inputs_given, output_names, outputs_made, output_values);
    if (s) check(s);
}

static int outputs(tensor *found) {
    for (size_t i = 0; i < outputs_made; i++) {
        void *info;
        size_t rank;
        check(((status(*)(void *, void **))api[GET_TENSOR_TYPE_AND_SHAPE])(output_values[i], &info));
        check(((status(*)(void *, int32_t *))api[GET_TENSOR_ELEMENT_TYPE])(info, &found[i].type));
        check(((status(*)(void *, size_t *))api[GET_DIMENSIONS_COUNT])(info, &rank));
        if (rank > MAX_RANK) fail("an output has rank %zu", rank);
        found[i].rank = (int32_t)rank;
        check(((status(*)(void *, int64_t *, size_t))api[GET_DIMENSIONS])(info, found[i].dims, rank));
        check(((status(*)(void *, void **))api[GET_TENSOR_MUTABLE_DATA])(output_values[i], &found[i].data));
    }
    return (int)outputs_made;
}

const engine onnxruntime_engine = {"onnxruntime", open, run, outputs, library};
