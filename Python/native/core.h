/* What the files of the extension module share. Only the limited API of Python 3.9 is used, so that one build serves all later
 * versions, and the buffer protocol, whose functions and struct have been the same since Python 3.0. */
#ifndef SEPTUM_PYTHON_CORE_H
#define SEPTUM_PYTHON_CORE_H

#define Py_LIMITED_API 0x03090000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <septum.h>
#include <stdbool.h>

_Static_assert(sizeof(Py_ssize_t) == sizeof(int64_t), "shapes of buffers are taken as they are");

/* Py_buffer, which the limited API names since 3.11 only.
 * Source: https://docs.python.org/3.13/c-api/buffer.html#c.Py_buffer */
typedef struct {
    void *start;
    PyObject *owner;
    Py_ssize_t count, item_size;
    int is_read_only, rank;
    char *format;
    Py_ssize_t *shape, *strides, *suboffsets;
    void *internal;
} Buffer;

enum { BUFFER_SIMPLE = 0, BUFFER_WRITABLE = 1, BUFFER_FORMAT = 4, BUFFER_STRIDES = 0x18 };

int septum_get_buffer(PyObject *, Buffer *, int) __asm__("PyObject_GetBuffer");
void septum_release_buffer(Buffer *) __asm__("PyBuffer_Release");

/* Calls with arguments in an array, in the limited API since 3.10 and the same since 3.7. */
#ifndef METH_FASTCALL
#define METH_FASTCALL 0x0080
#endif

/* The functions of the shared library, found when it is opened. */
#define SEPTUM_FUNCTIONS(USE)                                                                                       \
    USE(septum_abi) USE(septum_version) USE(septum_last_error) USE(septum_model_load_with)                          \
    USE(septum_model_load_bytes) USE(septum_model_json) USE(septum_model_free) USE(septum_model_save)               \
    USE(septum_model_input_count) USE(septum_model_output_count) USE(septum_model_input) USE(septum_model_output)   \
    USE(septum_context_create_threaded) USE(septum_context_free) USE(septum_run) USE(septum_run_into)          \
    USE(septum_run_jagged)                                                                                          \
    USE(septum_convert) USE(septum_model_self_test) USE(septum_score)
typedef struct {
#define DECLARE(name) __typeof__(name) *name;
    SEPTUM_FUNCTIONS(DECLARE)
#undef DECLARE
} Library;
extern Library library;

/* open(path): opens the shared library; OSError says why it cannot be. */
PyObject *library_open(PyObject *module, PyObject *path);

/* Objects of the Python side, given once by setup(empty, dtypes, error, array). */
typedef struct {
    PyObject *empty;  /* numpy.empty */
    PyObject *dtypes; /* a dict from the number of an element type to the numpy type that carries its bytes */
    PyObject *error;  /* ModelError(code, message) */
    PyObject *array;  /* numpy.ndarray */
} Python;
extern Python python;

/* Raises ModelError; the message is the library's, or the given one in its style. Returns NULL. */
PyObject *raise_last(septum_status status);
PyObject *raise_text(const char *format, ...);

/* What one run works with: the context of one thread and the memory of its arguments. */
typedef struct {
    septum_context *context;
    struct Thread *thread;
    bool is_busy;
    unsigned generation;
    septum_tensor *inputs, *outputs;
    Buffer *buffers;
    int32_t buffer_count;
} Slot;

typedef struct {
    PyObject_HEAD
    septum_model *handle;
    int32_t input_count, output_count, threads;
    /* Whether all inputs and outputs are of types that buffers name. */
    bool is_plain;
    PyObject **input_names, **output_names;
    septum_type *input_types, *output_types;
    /* Pointers, as a run must not see its slot move when another thread adds one. */
    Slot **slots;
    int32_t slot_count;
} Model;

/* A context for the calling thread that no run uses at this time; NULL with an exception set. */
Slot *slot_take(Model *model);
void slot_give_back(Slot *slot);
void slots_free(Model *model);
int slots_start(void);

/* Whether buffers have a name for an element type, and whether the elements of a buffer are of it. */
bool is_named(septum_type type);
bool has_type(const Buffer *buffer, septum_type type);
/* Takes an array as it lies; 1 when taken, 0 when it has to be made ready first, with no exception. */
int tensor_take(Slot *slot, int32_t index, PyObject *array, septum_type type);
/* The same for an array of any type whose elements have the width of the given one; -1 with an exception. */
int tensor_take_as(Slot *slot, int32_t index, PyObject *array, septum_type type);
void tensors_release(Slot *slot);

/* A new numpy array with what a tensor holds; a (shape, list) pair for strings. */
PyObject *array_from(const septum_tensor *tensor);
/* Takes a dense writable array of an element type as the place of an output; 1 when taken, 0 when it has to be filled afterwards,
 * -1 with an exception. */
int output_take(Buffer *buffer, septum_tensor *output, PyObject *array, septum_type type);
/* Copies a tensor into a writable array of its type and shape; -1 with an exception. */
int array_fill(PyObject *array, const septum_tensor *tensor, PyObject *name);

PyObject *model_run(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names);
PyObject *model_run_list(PyObject *self, PyObject *arguments);
PyObject *model_run_jagged(PyObject *self, PyObject *arguments);
PyObject *model_score(PyObject *self, PyObject *arguments);
extern PyType_Spec model_type;

#endif
