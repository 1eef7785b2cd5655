/* Calls of the libraries of trees from C, so that Python's own call is no part of a time. Each function calls again and again for
   `seconds` and gives the median of the nanoseconds of a call. The libraries' functions come as addresses from Python. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#ifndef SAMPLES
#define SAMPLES 4096
#endif

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Samples of at least 20 us; those during which another process took the processor are left out where enough remain. */
#define MEASURE(CALL) \
    double quiet[SAMPLES], all[SAMPLES]; \
    long calls = 1, kept = 0, taken = 0; \
    CALL; \
    const double end = now(CLOCK_MONOTONIC) + seconds * 1e9; \
    while (taken < 3 || (now(CLOCK_MONOTONIC) < end && taken < SAMPLES)) { \
        struct rusage before, after; \
        getrusage(RUSAGE_THREAD, &before); \
        const double used = now(CLOCK_THREAD_CPUTIME_ID), start = now(CLOCK_MONOTONIC); \
        for (long i = 0; i < calls; i++) { CALL; } \
        const double wall = now(CLOCK_MONOTONIC) - start, processor = now(CLOCK_THREAD_CPUTIME_ID) - used; \
        getrusage(RUSAGE_THREAD, &after); \
        if (wall < 20000) { calls *= 2; continue; } \
        all[taken++] = (processor < wall ? processor : wall) / (double)calls; \
        if (after.ru_nivcsw == before.ru_nivcsw) quiet[kept++] = wall / (double)calls; \
    } \
    double *const times = kept >= 3 ? quiet : all; \
    const long count = kept >= 3 ? kept : taken; \
    qsort(times, (size_t)count, sizeof *times, ascending); \
    return times[count / 2];

/* lleaves: forest_root(data, results, first row, row after the last). */
double time_lleaves(void (*predict)(const double *, double *, int, int), const double *x, double *y, int rows, double seconds) {
    MEASURE(predict(x, y, 0, rows))
}

/* The same, row by row. */
double time_lleaves_rows(void (*predict)(const double *, double *, int, int), const double *x, double *y, int rows, double seconds) {
    MEASURE(for (int r = 0; r < rows; r++) predict(x, y, r, r + 1))
}

/* LightGBM: row by row, its fast form. */
double time_lightgbm_rows(
    int (*predict)(void *, const double *, int64_t *, double *), void *fast, const double *x, int rows, int features, double *y,
    double seconds) {
    int64_t length = 0;
    MEASURE(for (int r = 0; r < rows; r++) predict(fast, x + (long)r * features, &length, y + r))
}

double time_lightgbm(
    int (*predict)(void *, const void *, int, int32_t, int32_t, int, int, int, int, const char *, int64_t *, double *),
    void *booster, const float *x, int rows, int features, double *y, double seconds) {
    int64_t length = 0;
    MEASURE(predict(booster, x, 0, rows, features, 1, 1, 0, -1, "num_threads=1", &length, y))
}

/* XGBoost: XGBoosterPredictFromDense on an array interface. */
double time_xgboost(
    int (*predict)(void *, const char *, const char *, void *, const uint64_t **, uint64_t *, const float **), void *booster,
    const char *array, const char *config, void *meta, double seconds) {
    const uint64_t *shape;
    const float *y;
    uint64_t dimension;
    MEASURE(predict(booster, array, config, meta, &shape, &dimension, &y))
}

/* The same, row by row; the array is that of `row`. */
double time_xgboost_rows(
    int (*predict)(void *, const char *, const char *, void *, const uint64_t **, uint64_t *, const float **), void *booster,
    const char *array, const char *config, void *meta, float *row, const float *x, int rows, int features, double seconds) {
    const uint64_t *shape;
    const float *y;
    uint64_t dimension;
    MEASURE(for (int r = 0; r < rows; r++) {
        memcpy(row, x + (long)r * features, sizeof *row * (size_t)features);
        predict(booster, array, config, meta, &shape, &dimension, &y);
    })
}

/* tl2cgen's C, which wants a union of a missing mark and a value, and takes one row. */
union entry { int missing; float fvalue; int qvalue; };
double time_generated(
    void (*predict)(union entry *, int, float *), const float *x, int rows, int features, union entry *row, float *y, int outputs,
    double seconds) {
    MEASURE(for (int r = 0; r < rows; r++) {
        for (int f = 0; f < features; f++) row[f].fvalue = x[(long)r * features + f];
        predict(row, 1, y + (long)r * outputs);
    })
}
