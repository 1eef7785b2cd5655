/* Runs one engine in a process of its own and measures it when asked.
 *
 *   driver ENGINE LIBRARY MODEL THREADS [TYPE:DIMxDIM...:FILE ...]
 *
 * reads the inputs, opens the model, runs it once and prints how long both took. Then each line on the standard input is a
 * command, and each answer one line of JSON:
 *
 *   turn FILE          makes runs take the events in FILE, as large as the first input each, one after another
 *   time SECONDS       nanoseconds of a run: median and minimum; several runs between two readings of the clock
 *   latency SECONDS    nanoseconds of single runs: p50, p99, p99.9, max
 *   reopen             opens the model anew and runs it once: nanoseconds of both, without what the library does once
 *   allocations RUNS   calls of the allocator in this thread, per run
 *   memory             bytes beyond what the process held before the model was opened: the most, and those now that no file backs
 *   outputs PREFIX     writes the outputs of the last run to PREFIX0, PREFIX1, ..., and describes them
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "engine.h"

enum { LATENCY_LIMIT = 1 << 20 };

static const engine *const engines[] = {&onnxruntime_engine, &openvino_engine, &septum_engine, &openblas_engine,
                                        &onednn_engine,      &fma_engine,      &stream_engine};

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "driver: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

void *open_library(const char *path) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) fail("%s", dlerror());
    return handle;
}

void *symbol(void *library, const char *name) {
    void *address = dlsym(library, name);
    if (!address) fail("%s", dlerror());
    return address;
}

size_t element_bytes(int32_t type) {
    switch (type) {
        case 2: case 3: case 9: return 1;
        case 4: case 5: case 10: case 16: return 2;
        case 1: case 6: case 12: return 4;
        case 7: case 11: case 13: return 8;
        default: fail("element type %d has no fixed size", type);
    }
}

size_t element_count(const tensor *t) {
    size_t count = 1;
    for (int axis = 0; axis < t->rank; axis++) count *= (size_t)t->dims[axis];
    return count;
}

static tensor read_input(char *text) {
    tensor t = {0};
    char *dims = strchr(text, ':'), *path = dims ? strchr(dims + 1, ':') : NULL;
    if (!path) fail("'%s' is not TYPE:DIMxDIM:FILE", text);
    *dims++ = *path++ = 0;
    t.type = atoi(text);
    for (char *word = strtok(dims, "x"); word; word = strtok(NULL, "x")) {
        if (t.rank == MAX_RANK) fail("more than %d axes", MAX_RANK);
        t.dims[t.rank++] = atoll(word);
    }
    t.bytes = element_count(&t) * element_bytes(t.type);
    t.data = aligned_alloc(64, (t.bytes + 127) & ~(size_t)63);
    FILE *file = fopen(path, "rb");
    if (!t.data || !file || fread(t.data, 1, t.bytes, file) != t.bytes) fail("'%s' does not hold %zu bytes", path, t.bytes);
    fclose(file);
    return t;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t count, double fraction) {
    size_t index = (size_t)(fraction * (double)count);
    return sorted[index < count ? index : count - 1];
}

/* The median time between two readings of the clock. */
static double reading(void) {
    double times[1001];
    for (size_t i = 0; i < 1001; i++) {
        double start = now();
        times[i] = now() - start;
    }
    qsort(times, 1001, sizeof(double), ascending);
    return times[500];
}

static double samples[LATENCY_LIMIT], disturbed[LATENCY_LIMIT];

/* The events that runs take in turn, if any. */
static char *events;
static size_t event_count, next_event;
static tensor *event_input;

static void read_events(const char *path, tensor *input) {
    FILE *file = fopen(path, "rb");
    if (!file || input->bytes == 0 || fseek(file, 0, SEEK_END) != 0) fail("cannot read '%s'", path);
    const long bytes = ftell(file);
    rewind(file);
    event_count = bytes > 0 ? (size_t)bytes / input->bytes : 0;
    free(events);
    events = malloc(event_count * input->bytes + 1);
    if (!events || event_count == 0 || fread(events, input->bytes, event_count, file) != event_count) fail("no events in '%s'", path);
    fclose(file);
    event_input = input;
    next_event = 0;
    printf("{\"events\": %zu}\n", event_count);
}

static inline void run_once(const engine *e) {
    if (event_count) {
        memcpy(event_input->data, events + next_event * event_input->bytes, event_input->bytes);
        if (++next_event == event_count) next_event = 0;
    }
    e->run();
}

/* How often this process had to make room for another one. */
static long interruptions(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nivcsw;
}

static double processor_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Samples in which another process took the processor say nothing about the engine. They are left out; where fewer than
 * three are left, as on a busy machine when a run is longer than the scheduler's slices, the processor's time stands for the
 * clock's, which with one thread is the same on an idle core. */
static void measure_time(const engine *e, int threads, double seconds) {
    double start = now();
    run_once(e);
    double once = now() - start, end = start + seconds * 1e9;
    size_t inner = once < 50000 ? (size_t)(50000 / (once + 1)) + 1 : 1, count = 0, quiet = 0;
    do {
        long before = interruptions();
        double used = processor_time();
        start = now();
        for (size_t i = 0; i < inner; i++) run_once(e);
        double wall = (now() - start) / (double)inner;
        used = (processor_time() - used) / (double)inner;
        if (interruptions() == before) samples[quiet++] = wall;
        disturbed[count++] = threads == 1 && used < wall ? used : wall;
    } while (count < LATENCY_LIMIT && now() < end);
    double *kept = quiet < 3 ? disturbed : samples;
    size_t number = quiet < 3 ? count : quiet;
    qsort(kept, number, sizeof(double), ascending);
    printf("{\"median\": %.2f, \"minimum\": %.2f, \"samples\": %zu, \"quiet\": %zu}\n", kept[number / 2], kept[0], count, quiet);
}

/* Single runs, in groups of 20 microseconds or one run; a group in which another process took the processor is left out. */
static void measure_latency(const engine *e, double seconds) {
    double end = now() + seconds * 1e9, time, start;
    size_t count = 0, groups = 0, quiet = 0;
    do {
        size_t first = count;
        long before = interruptions();
        double begin = time = now();
        do {
            start = time;
            run_once(e);
            time = now();
            samples[count++] = time - start;
        } while (count < LATENCY_LIMIT && time < begin + 20000);
        groups++;
        if (interruptions() == before) quiet++;
        else count = first;
    } while (count < LATENCY_LIMIT && time < end);
    if (count == 0) {
        printf("{\"runs\": 0}\n");
        return;
    }
    qsort(samples, count, sizeof(double), ascending);
    double clock = reading();
    printf("{\"p50\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, \"max\": %.1f, \"runs\": %zu, \"quiet\": %.4f}\n",
           quantile(samples, count, 0.5) - clock, quantile(samples, count, 0.99) - clock,
           quantile(samples, count, 0.999) - clock, samples[count - 1] - clock, count, (double)quiet / (double)groups);
}

static void count_allocations(const engine *e, int runs) {
    e->run();
    int64_t before = bench_allocation_count();
    for (int i = 0; i < runs; i++) e->run();
    printf("{\"allocations\": %.2f}\n", (double)(bench_allocation_count() - before) / runs);
}

static int64_t resident(const char *key) {
    char line[256];
    int64_t kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0) kilobytes = atoll(line + strlen(key));
    if (file) fclose(file);
    return kilobytes * 1024;
}

static void write_outputs(const engine *e, const char *prefix) {
    tensor found[MAX_PORTS];
    int count = e->outputs(found);
    printf("[");
    for (int i = 0; i < count; i++) {
        char path[4200];
        size_t bytes = element_count(&found[i]) * element_bytes(found[i].type);
        snprintf(path, sizeof path, "%s%d", prefix, i);
        FILE *file = fopen(path, "wb");
        if (!file || fwrite(found[i].data, 1, bytes, file) != bytes || fclose(file) != 0) fail("cannot write '%s'", path);
        printf("%s{\"type\": %d, \"shape\": [", i ? ", " : "", found[i].type);
        for (int axis = 0; axis < found[i].rank; axis++) printf("%s%" PRId64, axis ? ", " : "", found[i].dims[axis]);
        printf("]}");
    }
    printf("]\n");
}

/* Opens the model and runs it once; prints how long both took. */
static void open_model(const engine *e, const char *model, int threads, tensor *inputs, int input_count) {
    double times[3], used[3];
    for (int step = 0; step < 3; step++) {
        times[step] = now(), used[step] = processor_time();
        if (step == 0) e->open(model, threads, inputs, input_count);
        if (step == 1) e->run();
    }
    double open = times[1] - times[0], first = times[2] - times[1];
    /* With files that lie in memory already, waiting is for the processor alone. */
    if (threads == 1 && used[1] - used[0] < open) open = used[1] - used[0];
    if (threads == 1 && used[2] - used[1] < first) first = used[2] - used[1];
    printf("{\"open\": %.0f, \"first\": %.0f}\n", open, first);
}

int main(int count, char **words) {
    const engine *e = NULL;
    if (count < 5) fail("usage: driver ENGINE LIBRARY MODEL THREADS [TYPE:DIMxDIM...:FILE ...]");
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        if (strcmp(words[1], engines[i]->name) == 0) e = engines[i];
    if (!e || count - 5 > MAX_PORTS) fail("there is no engine '%s', or there are more than %d inputs", words[1], MAX_PORTS);
    int threads = atoi(words[4]);
    tensor inputs[MAX_PORTS];
    for (int i = 5; i < count; i++) inputs[i - 5] = read_input(words[i]);
    memset(samples, 0, sizeof samples);
    memset(disturbed, 0, sizeof disturbed);
    e->library(words[2]);
    int64_t base = resident("VmRSS:"), own_base = resident("RssAnon:");
    open_model(e, words[3], threads, inputs, count - 5);
    fflush(stdout);
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        char path[4096];
        double seconds;
        int runs;
        if (sscanf(line, "turn %4095s", path) == 1) {
            if (count < 6) fail("the model has no input");
            read_events(path, inputs);
        } else if (sscanf(line, "time %lf", &seconds) == 1) {
            measure_time(e, threads, seconds);
            /* Threads of the engine that wait for work at full speed would disturb the next one's turn. */
            if (threads > 1) usleep(30000);
        } else if (sscanf(line, "latency %lf", &seconds) == 1) {
            measure_latency(e, seconds);
        } else if (sscanf(line, "allocations %d", &runs) == 1 && runs > 0) {
            count_allocations(e, runs);
        } else if (strcmp(line, "reopen\n") == 0) {
            open_model(e, words[3], threads, inputs, count - 5);
        } else if (strcmp(line, "memory\n") == 0) {
            int64_t peak = resident("VmHWM:") - base, own = resident("RssAnon:") - own_base;
            printf("{\"peak\": %" PRId64 ", \"own\": %" PRId64 "}\n", peak > 0 ? peak : 0, own > 0 ? own : 0);
        } else if (sscanf(line, "outputs %4095s", path) == 1) {
            write_outputs(e, path);
        } else {
            fail("no command: %s", line);
        }
        fflush(stdout);
    }
    /* Leaves without the engines' destructors. */
    _exit(0);
}
