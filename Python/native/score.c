/* Scoring columns of events through the contract of a model. */
#include "core.h"
#include <stdlib.h>

/* Takes (name, element type, values, offsets or None) as it lies; the buffers that it holds are counted. */
static int column_take(septum_column *column, PyObject *given, long long events, Buffer *buffers, Py_ssize_t *held) {
    PyObject *values, *offsets;
    int type;
    if (!PyArg_ParseTuple(given, "yiOO", &column->name, &type, &values, &offsets)) return -1;
    Buffer *buffer = &buffers[*held];
    if (septum_get_buffer(values, buffer, BUFFER_STRIDES)) return -1;
    ++*held;
    column->values = (septum_tensor){
        buffer->start, type, buffer->rank, (const int64_t *)buffer->shape, (const int64_t *)buffer->strides};
    if (offsets == Py_None) return 0;
    buffer = &buffers[*held];
    if (septum_get_buffer(offsets, buffer, BUFFER_SIMPLE)) return -1;
    ++*held;
    if (buffer->count != (events + 1) * (Py_ssize_t)sizeof(int64_t))
        return raise_text("the offsets of column '%s' must be %lld int64 numbers", column->name, events + 1), -1;
    column->offsets = buffer->start;
    return 0;
}

static PyObject *column_result(const septum_column *column, int64_t events) {
    int64_t count = events + 1;
    septum_tensor starts = {column->offsets, SEPTUM_INT64, 1, &count, NULL};
    PyObject *values = array_from(&column->values);
    PyObject *offsets = !values ? NULL : column->offsets ? array_from(&starts) : Py_BuildValue("");
    PyObject *result = offsets ? Py_BuildValue("siOO", column->name, (int)column->values.type, values, offsets) : NULL;
    Py_XDECREF(values);
    Py_XDECREF(offsets);
    return result;
}

PyObject *model_score(PyObject *self, PyObject *arguments) {
    Model *model = (Model *)self;
    long long events;
    PyObject *given;
    if (!PyArg_ParseTuple(arguments, "LO!", &events, &PyList_Type, &given)) return NULL;
    Slot *slot = slot_take(model);
    if (!slot) return NULL;
    Py_ssize_t count = PyList_Size(given), held = 0;
    septum_column *columns = calloc((size_t)count + 1, sizeof *columns);
    Buffer *buffers = calloc(2 * (size_t)count + 1, sizeof *buffers);
    bool failed = !columns || !buffers;
    if (failed) PyErr_NoMemory();
    for (Py_ssize_t index = 0; index < count && !failed; index++)
        failed = column_take(&columns[index], PyList_GetItem(given, index), events, buffers, &held) != 0;
    PyObject *result = NULL;
    if (!failed) {
        const septum_column *made;
        int32_t made_count;
        septum_status status;
        Py_BEGIN_ALLOW_THREADS
        status = library.septum_score(slot->context, events, columns, (int32_t)count, &made, &made_count);
        Py_END_ALLOW_THREADS
        result = status == SEPTUM_OK ? PyList_New(made_count) : raise_last(status);
        for (int32_t index = 0; result && index < made_count; index++) {
            PyObject *column = column_result(&made[index], events);
            if (!column || PyList_SetItem(result, index, column)) {
                Py_DECREF(result);
                result = NULL;
            }
        }
    }
    while (held > 0) septum_release_buffer(&buffers[--held]);
    slot_give_back(slot);
    free(columns);
    free(buffers);
    return result;
}
