/* Septum: load a trained model and run it.
 *
 * Status. Every function that can fail returns a status; septum_last_error() tells what happened in this thread.
 *
 * Threads. A model may be used by all threads at once, a context by one at a time: a call that meets another is refused with
 * SEPTUM_INVALID_INPUT. No function starts a thread, but for septum_context_create_threaded.
 *
 * Ownership. Who makes a model or a context frees it. What a function hands over otherwise belongs to the model or the
 * context that it came from and holds as long as its comment says. Arguments are only read during the call, but for those of
 * septum_bind.
 *
 * Handles. A septum_model or septum_context pointer is a number, not an address: one that was freed, or never made, is
 * refused with SEPTUM_INVALID_INPUT instead of being followed. A context that is freed during a call is released after it.
 *
 * Strings are UTF-8 and end with a zero.
 */
#ifndef SEPTUM_H
#define SEPTUM_H

#include <stddef.h>
#include <stdint.h>

/* The number of the binary interface that this header describes. It grows when functions or constants are added. */
#define SEPTUM_ABI 3

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

/* A tensor. The data is aligned for its elements. */
typedef struct septum_tensor {
    const void *data;
    septum_type type;
    int32_t rank;
    const int64_t *dims; /* rank of them; may be NULL when rank is 0 */
    /* Bytes from an element to the next along each dimension, multiples of the alignment; NULL when the tensor is dense and
     * row-major, as outputs always are. Dense inputs are read where they lie, others are gathered first. */
    const int64_t *strides;
} septum_tensor;

/* A tensor whose rows have lengths of their own, such as the particles of each jet. */
typedef struct septum_jagged {
    /* All rows one after another: dims are [items, ...], or [rows, ...] when there are no offsets. */
    septum_tensor values;
    /* Row i holds the items from offsets[i] up to offsets[i + 1]; rows + 1 numbers that start at 0 and never fall. NULL when
     * each row is one item. */
    const int64_t *offsets;
} septum_jagged;

/* A column of events by its name, such as a branch of a tree. */
typedef struct septum_column {
    const char *name;
    /* Numbers [events], or [items] of all events one after another when there are offsets. */
    septum_tensor values;
    /* Event i holds the items from offsets[i] up to offsets[i + 1]; events + 1 numbers that start at 0 and never fall. NULL when
     * each event has one number. */
    const int64_t *offsets;
} septum_column;

/* An input or an output of a model. Everything belongs to the model. */
typedef struct septum_port {
    const char *name;
    septum_type type; /* SEPTUM_NO_TENSOR for a sequence, a map or an optional value */
    int32_t rank;     /* -1 when it is not known */
    const int64_t *dims;        /* -1 where a dimension depends on the inputs */
    const char *const *symbols; /* what it is called there, such as "batch"; NULL where it is a number */
} septum_port;

/* How a model is read. Set struct_size to sizeof(septum_load_options) and what is not wanted to zero. */
typedef struct septum_load_options {
    size_t struct_size;
    const char *format;  /* the format's short name, such as "onnx"; NULL: the content and the name decide */
    const char *python;  /* the Python interpreter for formats that need their own library; NULL: python3 or SEPTUM_PYTHON */
    int32_t trust_pickle; /* whether a pickle may be read, which runs the code in it */
    const char *contract; /* the text of an input contract in JSON, in place of the model's own; NULL: that one (since SEPTUM_ABI 3) */
} septum_load_options;

/* The version of the library, such as "1.2.3". Holds for ever. */
const char *septum_version(void);

/* The binary interface of the library, to compare with the SEPTUM_ABI a program was compiled with: it must not be smaller. */
int32_t septum_abi(void);

/* What the last failing call in this thread has to say; "" before the first. It holds until the next one fails. */
const char *septum_last_error(void);

/* How much a message matters. */
enum {
    SEPTUM_LOG_INFO = 0,
    SEPTUM_LOG_WARNING = 1 /* the model was read, but its source library or file gave a reason for doubt */
};

/* Takes what the library reports, from the thread that called it; the message holds during the call. It must not call the
 * library. Nothing is reported while a context runs shapes that it has seen. */
typedef void (*septum_log_function)(int32_t level, const char *message, void *user_data);

/* Sets the function that takes reports of all threads; NULL for none, as at the start. */
void septum_set_log(septum_log_function function, void *user_data);

/* Reads a model of any known format and prepares it; the caller frees it. */
septum_status septum_model_load(const char *path, septum_model **model);

/* The same with options, which may be NULL. */
septum_status septum_model_load_with(const char *path, const septum_load_options *options, septum_model **model);

/* Reads a model from memory, which is copied. The name stands for the file's: its suffix helps to find the format, and
 * messages mention it. Files beside it, such as external data, do not exist for it. Options may be NULL. */
septum_status septum_model_load_bytes(const void *bytes, size_t size, const char *name, const septum_load_options *options,
                                      septum_model **model);

/* Describes a model as one JSON object: format, inputs, outputs with symbolic dimensions as strings, nodes, parameters,
 * operators, input contract, metadata. Holds as long as the model; NULL when the model is refused. */
const char *septum_model_json(const septum_model *model);

/* Writes a model in the format that the suffix of the path names, such as ".septum" or ".onnx". */
septum_status septum_model_save(const septum_model *model, const char *path);

/* Runs the probes that a certified model carries and compares the results with the stored ones bit for bit, and the weights with
 * their hash: SEPTUM_OK when all is as it was certified, SEPTUM_MISMATCH when something differs, which septum_last_error() names,
 * and SEPTUM_INVALID_INPUT when the model carries no certificate. 'septum certify' writes one into a .septum file. */
septum_status septum_model_self_test(const septum_model *model);

/* Frees a model. Contexts made from it stay usable. NULL and what was freed before are ignored. */
void septum_model_free(septum_model *model);

/* The number of inputs or outputs; -1 when the model is refused. */
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

/* Frees a context and the outputs of its last run. NULL and what was freed before are ignored. */
void septum_context_free(septum_context *context);

/* Runs the model on tensors in the order of its inputs, and describes its outputs.
 *
 * Inputs are read where they lie and may change or go away once the call has returned. Outputs belong to the context and
 * hold until its next run. After a failed run the outputs are not to be used.
 */
septum_status septum_run(septum_context *context, const septum_tensor *inputs, int32_t input_count,
                         septum_tensor *outputs, int32_t output_count);

/* As septum_run, with the results in memory of the caller's: each output says its type, its dims and where it goes, in memory for as
 * many elements, dense and apart from the inputs; of one whose data is NULL the context keeps the result, as septum_run does. Results
 * are computed there where the model allows it, and copied there otherwise; after a failed run what lies there is not to be used. */
septum_status septum_run_into(septum_context *context, const septum_tensor *inputs, int32_t input_count,
                              septum_tensor *outputs, int32_t output_count);

/* Gives an input its place: septum_run_bound reads the tensor's elements anew each time. The data must stay there until the
 * input is bound again or the context is freed; dims and strides are copied. */
septum_status septum_bind(septum_context *context, const char *input, const septum_tensor *tensor);

/* Runs the model on what was bound to each of its inputs; outputs are those of septum_run. */
septum_status septum_run_bound(septum_context *context, septum_tensor *outputs, int32_t output_count);

/* Runs the model on rows of different lengths and gives the results in the order of the rows.
 *
 * A model input [batch, items, ...] takes jagged values [items, ...]: rows of equal lengths run together. A model input
 * [items, ...] without a dimension for the batch takes the same: each row then runs by itself. A regular input without
 * offsets gives each row its entry. The bits of a row's results do not depend on the other rows.
 *
 * An output whose rows have a number as their first dimension (or none at all) is regular, without offsets; where the model
 * declares a symbol there, it has offsets. Outputs belong to the context and hold until its next jagged run. */
septum_status septum_run_jagged(septum_context *context, int64_t row_count, const septum_jagged *inputs, int32_t input_count,
                                septum_jagged *outputs, int32_t output_count);

/* Takes columns of events through the model's input contract and the model, as 'septum run' does, to the same bits: missing values,
 * transforms, offsets, scales and clips, rows of an event, sorting, cutting and padding. Columns that the contract does not name are
 * left aside; events may have any number type. The results are a column for each column of an output, in the model's order; they
 * belong to the context and hold until its next score. A model whose contract is missing is refused with SEPTUM_INVALID_INPUT. */
septum_status septum_score(septum_context *context, int64_t event_count, const septum_column *columns, int32_t column_count,
                           const septum_column **results, int32_t *result_count);

/* Reads a model of any known format and writes it in the format that the suffix of the destination names. */
septum_status septum_convert(const char *source, const char *destination);

#ifdef __cplusplus
}
#endif

#endif
