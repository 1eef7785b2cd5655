/* Septum: load a trained model and run it.
 *
 * Every function that can fail returns a status; septum_last_error() tells what happened. A model may be used by all
 * threads at once, a context by one at a time. Strings are UTF-8.
 */
#ifndef SEPTUM_H
#define SEPTUM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call returned. Values that this list lacks may be added. */
typedef int32_t septum_status;
enum {
    SEPTUM_OK = 0,
    SEPTUM_FILE = 1,          /* the file cannot be opened, read or written */
    SEPTUM_MALFORMED = 2,     /* the bytes are not what their format demands */
    SEPTUM_UNSUPPORTED = 3,   /* the model asks for something that Septum does not support */
    SEPTUM_INVALID_MODEL = 4, /* the graph breaks a rule */
    SEPTUM_INVALID_INPUT = 5, /* the caller's arguments do not fit */
    SEPTUM_LIMIT = 6,         /* a size is beyond what may be allocated */
    SEPTUM_ENVIRONMENT = 7,   /* an interpreter, a package or a library is missing */
    SEPTUM_UNTRUSTED = 8,     /* reading would execute code */
    SEPTUM_MISMATCH = 9,      /* results differ from the expected ones */
    SEPTUM_PLUGIN = 10        /* a plugin broke its contract */
};

/* The type of an element; the numbers are those of ONNX. Types below eight bits take one byte. */
typedef int32_t septum_type;
enum {
    SEPTUM_NO_TENSOR = 0,
    SEPTUM_FLOAT32 = 1,
    SEPTUM_UINT8 = 2,
    SEPTUM_INT8 = 3,
    SEPTUM_UINT16 = 4,
    SEPTUM_INT16 = 5,
    SEPTUM_INT32 = 6,
    SEPTUM_INT64 = 7,
    SEPTUM_STRING = 8, /* data is an array of char pointers */
    SEPTUM_BOOL = 9,   /* one byte, 0 or 1 */
    SEPTUM_FLOAT16 = 10,
    SEPTUM_FLOAT64 = 11,
    SEPTUM_UINT32 = 12,
    SEPTUM_UINT64 = 13,
    SEPTUM_BFLOAT16 = 16
};

typedef struct septum_model septum_model;
typedef struct septum_context septum_context;

/* A dense row-major tensor. The data is aligned for its elements. */
typedef struct septum_tensor {
    const void *data;
    septum_type type;
    int32_t rank;
    const int64_t *dims; /* rank of them; may be NULL when rank is 0 */
} septum_tensor;

/* An input or an output of a model. Everything belongs to the model. */
typedef struct septum_port {
    const char *name;
    septum_type type; /* SEPTUM_NO_TENSOR for a sequence, a map or an optional value */
    int32_t rank;     /* -1 when it is not known */
    const int64_t *dims;        /* -1 where a dimension depends on the inputs */
    const char *const *symbols; /* what it is called there, such as "batch"; NULL where it is a number */
} septum_port;

/* The version of the library, such as "1.2.3". */
const char *septum_version(void);

/* What the last failing call in this thread has to say; "" before the first. It holds until the next one fails. */
const char *septum_last_error(void);

/* Reads a model of any known format and prepares it; the caller frees it. */
septum_status septum_model_load(const char *path, septum_model **model);

/* Frees a model. Contexts made from it stay usable. NULL is ignored. */
void septum_model_free(septum_model *model);

int32_t septum_model_input_count(const septum_model *model);
int32_t septum_model_output_count(const septum_model *model);

/* Describes an input or an output; the strings and arrays hold as long as the model. */
septum_status septum_model_input(const septum_model *model, int32_t index, septum_port *port);
septum_status septum_model_output(const septum_model *model, int32_t index, septum_port *port);

/* Makes the working memory of one thread; the caller frees it. */
septum_status septum_context_create(const septum_model *model, septum_context **context);

/* As septum_context_create, with threads - 1 threads of its own that share the large steps of a run, such as a matrix product,
 * with the caller's. The bits of the outputs stay the same. The threads sleep between runs and end with the context. */
septum_status septum_context_create_threaded(const septum_model *model, int32_t threads, septum_context **context);

/* Frees a context and the outputs of its last run. NULL is ignored. */
void septum_context_free(septum_context *context);

/* Runs the model on tensors in the order of its inputs, and describes its outputs.
 *
 * Inputs are read where they lie and may change or go away once the call has returned. Outputs belong to the context and
 * hold until its next run. After a failed run the outputs are not to be used.
 */
septum_status septum_run(septum_context *context, const septum_tensor *inputs, int32_t input_count,
                         septum_tensor *outputs, int32_t output_count);

/* Reads a model of any known format and writes it in the format that the suffix of the destination names. */
septum_status septum_convert(const char *source, const char *destination);

#ifdef __cplusplus
}
#endif

#endif
