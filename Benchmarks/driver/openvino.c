/* OpenVINO through its C interface, of which the Python package carries the library but no header.
 *
 * Source: src/bindings/c/include/openvino/c (ov_core.h, ov_infer_request.h, ov_tensor.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"

typedef struct {
    int64_t rank;
    int64_t *dims;
} shape;

static void *core, *request, *handle;
static size_t outputs_made;
static int (*infer)(void *);

static void check(int status, const char *what) {
    if (status != 0) {
        const char *(*message)(void) = (const char *(*)(void))symbol(handle, "ov_get_last_err_msg");
        fail("OpenVINO: %s: %s", what, message());
    }
}

static void library(const char *path) {
    handle = open_library(path);
    check(((int (*)(void **))symbol(handle, "ov_core_create"))(&core), "ov_core_create");
    infer = (int (*)(void *))symbol(handle, "ov_infer_request_infer");
}

static void open(const char *model, int threads, tensor *inputs, int input_count) {
    void *network, *compiled, *input;
    char count[16];
    snprintf(count, sizeof count, "%d", threads);
    check(((int (*)(void *, const char *, const char *, void **))symbol(handle, "ov_core_read_model"))(core, model, NULL, &network),
          "ov_core_read_model");
    check(((int (*)(void *, void *, const char *, size_t, void **, ...))symbol(handle, "ov_core_compile_model"))(
              core, network, "CPU", 8, &compiled, "PERFORMANCE_HINT", "LATENCY", "INFERENCE_NUM_THREADS", count,
              "INFERENCE_PRECISION_HINT", "f32", "NUM_STREAMS", "1"),
          "ov_core_compile_model");
    check(((int (*)(void *, void **))symbol(handle, "ov_compiled_model_create_infer_request"))(compiled, &request),
          "ov_compiled_model_create_infer_request");
    check(((int (*)(void *, size_t *))symbol(handle, "ov_compiled_model_outputs_size"))(compiled, &outputs_made),
          "ov_compiled_model_outputs_size");
    if (outputs_made > MAX_PORTS) fail("the model has %zu outputs", outputs_made);
    for (int i = 0; i < input_count; i++) {
        size_t bytes;
        void *data;
        check(((int (*)(void *, size_t, void **))symbol(handle, "ov_infer_request_get_input_tensor_by_index"))(request, (size_t)i,
                                                                                                              &input),
              "ov_infer_request_get_input_tensor_by_index");
        check(((int (*)(void *, size_t *))symbol(handle, "ov_tensor_get_byte_size"))(input, &bytes), "ov_tensor_get_byte_size");
        if (bytes != inputs[i].bytes) fail("input %d has %zu bytes, %zu are given", i, bytes, inputs[i].bytes);
        check(((int (*)(void *, void **))symbol(handle, "ov_tensor_data"))(input, &data), "ov_tensor_data");
        memcpy(data, inputs[i].data, bytes);
    }
}

static void run(void) {
    int status = infer(request);
    if (status != 0) check(status, "ov_infer_request_infer");
}

/* The type of an element follows from the size of one, as the numbers of types change with the version: 4 bytes are float32. */
static int outputs(tensor *found) {
    for (size_t i = 0; i < outputs_made; i++) {
        void *output;
        shape dims;
        size_t count, bytes;
        check(((int (*)(void *, size_t, void **))symbol(handle, "ov_infer_request_get_output_tensor_by_index"))(request, i, &output),
              "ov_infer_request_get_output_tensor_by_index");
        check(((int (*)(void *, shape *))symbol(handle, "ov_tensor_get_shape"))(output, &dims), "ov_tensor_get_shape");
        if (dims.rank > MAX_RANK) fail("an output has rank %lld", (long long)dims.rank);
        found[i].rank = (int32_t)dims.rank;
        memcpy(found[i].dims, dims.dims, (size_t)dims.rank * sizeof(int64_t));
        check(((int (*)(void *, size_t *))symbol(handle, "ov_tensor_get_size"))(output, &count), "ov_tensor_get_size");
        check(((int (*)(void *, size_t *))symbol(handle, "ov_tensor_get_byte_size"))(output, &bytes), "ov_tensor_get_byte_size");
        found[i].type = count && bytes / count == 8 ? 7 : count && bytes / count == 1 ? 9 : 1;
        check(((int (*)(void *, void **))symbol(handle, "ov_tensor_data"))(output, &found[i].data), "ov_tensor_data");
    }
    return (int)outputs_made;
}

const engine openvino_engine = {"openvino", open, run, outputs, library};
