/* A matrix product by a library of such: inputs A (m, k) and B (k, n), no model. OpenBLAS as numpy's package carries it, and
 * oneDNN by its sgemm, which like the other packs B anew in each call. */
#include <stdlib.h>

#include "engine.h"

static tensor a, b, c;

static void open(const char *model, int threads, tensor *inputs, int input_count) {
    (void)model, (void)threads;
    if (input_count != 2) fail("a product has two matrices");
    a = inputs[0], b = inputs[1];
    c = (tensor){1, 2, {a.dims[0], b.dims[1]}, NULL, 0};
    c.bytes = element_count(&c) * sizeof(float);
    c.data = aligned_alloc(64, (c.bytes + 63) & ~(size_t)63);
    if (!c.data) fail("no memory");
}

static int outputs(tensor *found) {
    found[0] = c;
    return 1;
}

static void (*cblas)(int, int, int, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t, float, float *,
                     int64_t);

static void openblas_library(const char *path) {
    cblas = (__typeof__(cblas))symbol(open_library(path), "scipy_cblas_sgemm64_");
}

static void openblas_run(void) {
    enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111 };
    int64_t m = a.dims[0], k = a.dims[1], n = b.dims[1];
    cblas(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, m, n, k, 1, a.data, k, b.data, n, 0, c.data, n);
}

static int (*dnnl)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t, float, float *,
                   int64_t);

static void onednn_library(const char *path) { dnnl = (__typeof__(dnnl))symbol(open_library(path), "dnnl_sgemm"); }

static void onednn_run(void) {
    int64_t m = a.dims[0], k = a.dims[1], n = b.dims[1];
    if (dnnl('N', 'N', m, n, k, 1, a.data, k, b.data, n, 0, c.data, n) != 0) fail("dnnl_sgemm failed");
}

const engine openblas_engine = {"openblas", open, openblas_run, outputs, openblas_library};
const engine onednn_engine = {"onednn", open, onednn_run, outputs, onednn_library};
