/* Arrays as tensors and back, by the buffer protocol. */
#include "core.h"
#include <string.h>

/* The characters by which buffers name an element type, and its width. */
typedef struct {
    septum_type type;
    const char *characters;
    Py_ssize_t width;
} Format;

static const Format formats[] = {
    {SEPTUM_FLOAT32, "f", 4}, {SEPTUM_FLOAT64, "d", 8}, {SEPTUM_FLOAT16, "e", 2}, {SEPTUM_INT64, "lq", 8},
    {SEPTUM_INT32, "il", 4},  {SEPTUM_INT16, "h", 2},   {SEPTUM_INT8, "b", 1},    {SEPTUM_UINT64, "LQ", 8},
    {SEPTUM_UINT32, "IL", 4}, {SEPTUM_UINT16, "H", 2},  {SEPTUM_UINT8, "B", 1},   {SEPTUM_BOOL, "?", 1},
};

bool is_named(septum_type type) {
    for (size_t index = 0; index < sizeof formats / sizeof *formats; index++)
        if (formats[index].type == type) return true;
    return false;
}

bool has_type(const Buffer *buffer, septum_type type) {
    const char *format = buffer->format ? buffer->format : "B";
    if (*format == '@' || *format == '=' || *format == '<') format++;
    if (!format[0] || format[1]) return false;
    for (size_t index = 0; index < sizeof formats / sizeof *formats; index++) {
        const Format *known = &formats[index];
        if (known->type == type) return known->width == buffer->item_size && strchr(known->characters, format[0]);
    }
    return false;
}

static bool is_aligned(const Buffer *buffer) {
    Py_ssize_t alignment = buffer->item_size < 8 ? buffer->item_size : 8;
    if (alignment < 1 || (uintptr_t)buffer->start % (uintptr_t)alignment) return false;
    for (int axis = 0; axis < buffer->rank; axis++)
        if (buffer->strides && buffer->strides[axis] % alignment) return false;
    return true;
}

static bool is_dense(const Buffer *buffer) {
    Py_ssize_t expected = buffer->item_size;
    for (int axis = buffer->rank - 1; buffer->strides && axis >= 0; axis--) {
        if (buffer->shape[axis] != 1 && buffer->strides[axis] != expected) return false;
        expected *= buffer->shape[axis];
    }
    return true;
}

static void describe(Slot *slot, int32_t index, const Buffer *buffer, septum_type type) {
    slot->inputs[index] = (septum_tensor){
        buffer->start, type, buffer->rank, (const int64_t *)buffer->shape,
        is_dense(buffer) ? NULL : (const int64_t *)buffer->strides,
    };
}

int tensor_take(Slot *slot, int32_t index, PyObject *array, septum_type type) {
    Buffer *buffer = &slot->buffers[slot->buffer_count];
    /* Of derived classes, such as masked arrays, the elements alone do not tell all. */
    if ((PyObject *)Py_TYPE(array) != python.array) return 0;
    if (septum_get_buffer(array, buffer, BUFFER_STRIDES | BUFFER_FORMAT)) {
        PyErr_Clear();
        return 0;
    }
    slot->buffer_count++;
    if (!has_type(buffer, type) || !is_aligned(buffer)) return 0;
    describe(slot, index, buffer, type);
    return 1;
}

int tensor_take_as(Slot *slot, int32_t index, PyObject *array, septum_type type) {
    Buffer *buffer = &slot->buffers[slot->buffer_count];
    if (septum_get_buffer(array, buffer, BUFFER_STRIDES)) return -1;
    slot->buffer_count++;
    describe(slot, index, buffer, type);
    return 0;
}

void tensors_release(Slot *slot) {
    while (slot->buffer_count > 0) septum_release_buffer(&slot->buffers[--slot->buffer_count]);
}

static PyObject *shape_of(const septum_tensor *tensor) {
    PyObject *shape = PyTuple_New(tensor->rank);
    for (int32_t axis = 0; shape && axis < tensor->rank; axis++) {
        PyObject *number = PyLong_FromLongLong(tensor->dims[axis]);
        if (!number || PyTuple_SetItem(shape, axis, number)) {
            Py_DECREF(shape);
            return NULL;
        }
    }
    return shape;
}

static PyObject *strings_of(const septum_tensor *tensor, PyObject *shape) {
    int64_t count = 1;
    for (int32_t axis = 0; axis < tensor->rank; axis++) count *= tensor->dims[axis];
    const char *const *texts = tensor->data;
    PyObject *list = PyList_New(count);
    for (int64_t index = 0; list && index < count; index++) {
        PyObject *text = PyUnicode_FromString(texts[index]);
        if (!text || PyList_SetItem(list, index, text)) {
            Py_DECREF(list);
            return NULL;
        }
    }
    PyObject *pair = list ? PyTuple_Pack(2, shape, list) : NULL;
    Py_XDECREF(list);
    return pair;
}

PyObject *array_from(const septum_tensor *tensor) {
    PyObject *shape = shape_of(tensor);
    if (!shape || tensor->type == SEPTUM_STRING) {
        PyObject *pair = shape ? strings_of(tensor, shape) : NULL;
        Py_XDECREF(shape);
        return pair;
    }
    PyObject *code = PyLong_FromLong(tensor->type);
    PyObject *dtype = code ? PyDict_GetItemWithError(python.dtypes, code) : NULL;
    Py_XDECREF(code);
    if (!dtype && !PyErr_Occurred()) raise_text("an output of element type %d has no numpy type", (int)tensor->type);
    PyObject *array = dtype ? PyObject_CallFunctionObjArgs(python.empty, shape, dtype, NULL) : NULL;
    Py_DECREF(shape);
    Buffer buffer;
    if (array && septum_get_buffer(array, &buffer, BUFFER_WRITABLE)) {
        Py_DECREF(array);
        return NULL;
    }
    if (!array) return NULL;
    if (buffer.count > 0) memcpy(buffer.start, tensor->data, (size_t)buffer.count);
    septum_release_buffer(&buffer);
    return array;
}

int output_take(Buffer *buffer, septum_tensor *output, PyObject *array, septum_type type) {
    if (septum_get_buffer(array, buffer, BUFFER_WRITABLE | BUFFER_STRIDES | BUFFER_FORMAT)) return buffer->owner = NULL, -1;
    if (has_type(buffer, type) && is_aligned(buffer) && is_dense(buffer)) {
        *output = (septum_tensor){buffer->start, type, buffer->rank, (const int64_t *)buffer->shape, NULL};
        return 1;
    }
    septum_release_buffer(buffer);
    buffer->owner = NULL;
    return 0;
}

int array_fill(PyObject *array, const septum_tensor *tensor, PyObject *name) {
    Buffer buffer;
    if (septum_get_buffer(array, &buffer, BUFFER_WRITABLE | BUFFER_STRIDES | BUFFER_FORMAT)) return -1;
    bool fits = has_type(&buffer, tensor->type) && buffer.rank == tensor->rank && is_dense(&buffer);
    for (int axis = 0; fits && axis < tensor->rank; axis++) fits = buffer.shape[axis] == tensor->dims[axis];
    if (fits && buffer.count > 0) memcpy(buffer.start, tensor->data, (size_t)buffer.count);
    septum_release_buffer(&buffer);
    if (fits) return 0;
    PyObject *shape = shape_of(tensor);
    if (shape)
        raise_text("the array for output '%U' must be contiguous, of the output's type and of shape %R", name, shape);
    Py_XDECREF(shape);
    return -1;
}
