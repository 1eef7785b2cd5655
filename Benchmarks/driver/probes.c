/* What the machine can do: fused multiply-adds out of registers, and reading from memory. */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

/* As wide as the registers: twelve sums of wider vectors would not stay in them. */
#if defined(__AVX512F__)
typedef float lanes __attribute__((vector_size(64)));
#elif defined(__AVX__)
typedef float lanes __attribute__((vector_size(32)));
#else
typedef float lanes __attribute__((vector_size(16)));
#endif

static volatile float sink;

static void no_library(const char *path) { (void)path; }

static int no_outputs(tensor *found) {
    (void)found;
    return 0;
}

/* MARK: Rounds of 12 vectors that make 384,000 operations, as often as the model's place says */

enum { ROUNDS = 384000 / (12 * 2 * (sizeof(lanes) / sizeof(float))) };

static int repetitions;

static void open_fma(const char *model, int threads, tensor *inputs, int input_count) {
    (void)threads, (void)inputs, (void)input_count;
    repetitions = atoi(model);
}

static void run_fma(void) {
    lanes zero = {0}, factor = zero + 0.999f, term = zero + sink;
    lanes a = term, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6, h = a + 7, i = a + 8, j = a + 9, k = a + 10,
          l = a + 11;
    for (int round = 0; round < ROUNDS * repetitions; round++) {
        a = a * factor + term, b = b * factor + term, c = c * factor + term, d = d * factor + term;
        e = e * factor + term, f = f * factor + term, g = g * factor + term, h = h * factor + term;
        i = i * factor + term, j = j * factor + term, k = k * factor + term, l = l * factor + term;
    }
    a += b + c + d + e + f + g + h + i + j + k + l;
    sink = a[0] > 1e9f;
}

const engine fma_engine = {"fma", open_fma, run_fma, no_outputs, no_library};

/* MARK: 256 MiB read a run */

enum { STREAM_BYTES = 256 << 20 };
static lanes *memory;

static void open_stream(const char *model, int threads, tensor *inputs, int input_count) {
    (void)model, (void)threads, (void)inputs, (void)input_count;
    memory = aligned_alloc(64, STREAM_BYTES);
    if (!memory) fail("no memory");
    memset(memory, 1, STREAM_BYTES);
}

static void run_stream(void) {
    lanes sums[8] = {{0}};
    for (size_t i = 0; i < STREAM_BYTES / sizeof(lanes); i += 8) {
#pragma GCC unroll 8
        for (int j = 0; j < 8; j++) sums[j] += memory[i + j];
    }
    lanes total = sums[0];
    for (int j = 1; j < 8; j++) total += sums[j];
    sink = total[0];
}

const engine stream_engine = {"stream", open_stream, run_stream, no_outputs, no_library};
