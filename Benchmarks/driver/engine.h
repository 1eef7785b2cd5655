/* What the driver asks of an engine. */
#ifndef ENGINE_H
#define ENGINE_H

#include <stddef.h>
#include <stdint.h>

enum { MAX_RANK = 8, MAX_PORTS = 16 };

/* A dense row-major tensor; the numbers of element types are those of ONNX. */
typedef struct {
    int32_t type;
    int32_t rank;
    int64_t dims[MAX_RANK];
    void *data;
    size_t bytes;
} tensor;

typedef struct {
    const char *name;
    /* Reads the model and prepares it; the library has been opened before. */
    void (*open)(const char *model, int threads, tensor *inputs, int input_count);
    /* Runs it on the inputs given to open. */
    void (*run)(void);
    /* Describes the outputs of the last run; returns their number. */
    int (*outputs)(tensor *outputs);
    /* Opens the library, with nothing of the model. */
    void (*library)(const char *path);
} engine;

extern const engine onnxruntime_engine, openvino_engine, septum_engine, openblas_engine, onednn_engine, fma_engine, stream_engine;

/* Ends the program with a message. */
_Noreturn void fail(const char *format, ...);

/* The address of a function in a library; fails without it. */
void *symbol(void *library, const char *name);

/* Opens a shared library with its own symbols first; fails without it. */
void *open_library(const char *path);

size_t element_bytes(int32_t type);
size_t element_count(const tensor *t);

#endif
