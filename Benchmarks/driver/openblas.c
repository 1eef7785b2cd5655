/* A matrix product by OpenBLAS, as numpy's package carries it: inputs A (m, k) and B (k, n), no model. */
#include <stdlib.h>

#include "engine.h"

typedef void (*sgemm_function)(int, int, int, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t,
                               float, float *, int64_t);
static sgemm_function sgemm;
static tensor a, b, c;

static void library(const char *path) { sgemm = (sgemm_function)symbol(open_library(path), "scipy_cblas_sgemm64_"); }

static void open(const char *model, int threads, tensor *inputs, int input_count) {
    (void)model, (void)threads;
    if (input_count != 2) fail("OpenBLAS takes two matrices");
    a = inputs[0], b = inputs[1];
    c = (tensor){1, 2, {a.dims[0], b.dims[1]}, NULL, 0};
    c.bytes = element_count(&c) * sizeof(float);
    c.data = aligned_alloc(64, (c.bytes + 63) & ~(size_t)63);
    if (!c.data) fail("no memory");
}

static void run(void) {
    enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111 };
    sgemm(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, a.dims[0], b.dims[1], a.dims[1], 1, a.data, a.dims[1], b.data, b.dims[1], 0,
          c.data, b.dims[1]);
}

static int outputs(tensor *found) {
    found[0] = c;
    return 1;
}

const engine openblas_engine = {"openblas", open, run, outputs, library};
