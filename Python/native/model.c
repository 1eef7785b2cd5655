/* The type septum._core.Model: what a model is; run.c says how it runs. */
#include "core.h"
#include <stdlib.h>
#include <string.h>

static PyObject *shape_of(const septum_port *port) {
    if (port->rank < 0) return Py_BuildValue("");
    PyObject *shape = PyTuple_New(port->rank);
    for (int32_t axis = 0; shape && axis < port->rank; axis++) {
        const char *symbol = port->symbols[axis];
        PyObject *size = symbol ? PyUnicode_FromString(symbol) : PyLong_FromLongLong(port->dims[axis]);
        if (!size || PyTuple_SetItem(shape, axis, size)) {
            Py_DECREF(shape);
            return NULL;
        }
    }
    return shape;
}

/* A list of (name, type, shape), and the same as arrays. */
static PyObject *ports(Model *model, bool are_inputs, PyObject ***names, septum_type **types, int32_t *count) {
    *count = are_inputs ? library.septum_model_input_count(model->handle) : library.septum_model_output_count(model->handle);
    if (*count < 0) return raise_last(SEPTUM_INVALID_INPUT);
    *names = calloc((size_t)*count + 1, sizeof **names);
    *types = calloc((size_t)*count + 1, sizeof **types);
    if (!*names || !*types) return PyErr_NoMemory();
    PyObject *list = PyList_New(*count);
    for (int32_t index = 0; list && index < *count; index++) {
        septum_port port;
        septum_status status = are_inputs ? library.septum_model_input(model->handle, index, &port)
                                          : library.septum_model_output(model->handle, index, &port);
        PyObject *shape = status == SEPTUM_OK ? shape_of(&port) : raise_last(status);
        if (shape && ((*names)[index] = PyUnicode_FromString(port.name))) PyUnicode_InternInPlace(&(*names)[index]);
        (*types)[index] = port.type;
        PyObject *entry = shape ? Py_BuildValue("OiN", (*names)[index], (int)port.type, shape) : NULL;
        if (!entry || PyList_SetItem(list, index, entry)) {
            Py_DECREF(list);
            list = NULL;
        }
    }
    return list;
}

static int model_init(PyObject *self, PyObject *arguments, PyObject *named) {
    Model *model = (Model *)self;
    static char *keywords[] = {"path", "data", "name", "format", "python", "trust", "threads", "contract", NULL};
    char *path = NULL;
    char *contract = NULL;
    const char *name, *format, *interpreter;
    PyObject *location, *data, *rules;
    int trust, threads;
    if (!PyArg_ParseTupleAndKeywords(
            arguments, named, "OOyzzpiO", keywords, &location, &data, &name, &format, &interpreter, &trust, &threads,
            &rules))
        return -1;
    if (rules != Py_None && PyBytes_AsStringAndSize(rules, &contract, NULL)) return -1;
    if (location != Py_None && PyBytes_AsStringAndSize(location, &path, NULL)) return -1;
    if (!library.septum_run || !python.error) {
        PyErr_SetString(PyExc_RuntimeError, "septum._core is used before open() and setup()");
        return -1;
    }
    if (model->handle) return raise_text("the model was read before"), -1;
    Buffer bytes = {0};
    if (!path && septum_get_buffer(data, &bytes, BUFFER_SIMPLE)) return -1;
    septum_load_options options = {
        .struct_size = sizeof options, .format = format, .python = interpreter, .trust_pickle = trust,
        .contract = contract};
    septum_status status;
    Py_BEGIN_ALLOW_THREADS
    if (path) {
        status = library.septum_model_load_with(path, &options, &model->handle);
    } else {
        const void *start = bytes.start ? bytes.start : "";
        status = library.septum_model_load_bytes(start, (size_t)bytes.count, name, &options, &model->handle);
    }
    Py_END_ALLOW_THREADS
    if (!path) septum_release_buffer(&bytes);
    if (status != SEPTUM_OK) return raise_last(status), -1;
    model->threads = threads;
    PyObject *inputs = ports(model, true, &model->input_names, &model->input_types, &model->input_count);
    PyObject *outputs = inputs ? ports(model, false, &model->output_names, &model->output_types, &model->output_count) : NULL;
    model->is_plain = true;
    for (int32_t index = 0; outputs && index < model->input_count; index++)
        model->is_plain = model->is_plain && is_named(model->input_types[index]);
    for (int32_t index = 0; outputs && index < model->output_count; index++)
        model->is_plain = model->is_plain && is_named(model->output_types[index]);
    PyObject *described = outputs ? PyObject_CallMethod(self, "_describe", "OO", inputs, outputs) : NULL;
    Py_XDECREF(inputs);
    Py_XDECREF(outputs);
    Py_XDECREF(described);
    return described ? 0 : -1;
}

static void model_free(PyObject *self) {
    Model *model = (Model *)self;
    PyTypeObject *type = Py_TYPE(self);
    slots_free(model);
    if (model->handle) library.septum_model_free(model->handle);
    for (int32_t index = 0; model->input_names && index < model->input_count; index++) Py_XDECREF(model->input_names[index]);
    for (int32_t index = 0; model->output_names && index < model->output_count; index++) Py_XDECREF(model->output_names[index]);
    free(model->input_names);
    free(model->output_names);
    free(model->input_types);
    free(model->output_types);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *model_json(PyObject *self, PyObject *nothing) {
    (void)nothing;
    const char *text = library.septum_model_json(((Model *)self)->handle);
    return text ? PyUnicode_FromString(text) : raise_last(SEPTUM_INVALID_INPUT);
}

static PyObject *model_save(PyObject *self, PyObject *path) {
    char *name;
    if (PyBytes_AsStringAndSize(path, &name, NULL)) return NULL;
    septum_status status;
    Py_BEGIN_ALLOW_THREADS
    status = library.septum_model_save(((Model *)self)->handle, name);
    Py_END_ALLOW_THREADS
    if (status != SEPTUM_OK) return raise_last(status);
    return Py_BuildValue("");
}

static PyObject *model_self_test(PyObject *self, PyObject *nothing) {
    (void)nothing;
    septum_status status;
    Py_BEGIN_ALLOW_THREADS
    status = library.septum_model_self_test(((Model *)self)->handle);
    Py_END_ALLOW_THREADS
    if (status != SEPTUM_OK) return raise_last(status);
    return Py_BuildValue("");
}

#define FUNCTION(name) (PyCFunction)(void (*)(void)) name

static PyMethodDef methods[] = {
    {"run", FUNCTION(model_run), METH_FASTCALL | METH_KEYWORDS,
     "run(*inputs, out=None, **named)\n--\n\nRuns the model; gives a dictionary of its outputs."},
    {"_run_list", model_run_list, METH_VARARGS, "_run_list(arrays, out): runs on arrays of the widths of the inputs."},
    {"_run_jagged", model_run_jagged, METH_VARARGS, "_run_jagged(rows, values, offsets): gives pairs of values and offsets."},
    {"_score", model_score, METH_VARARGS, "_score(events, columns): gives tuples of name, element type, values and offsets."},
    {"self_test", model_self_test, METH_NOARGS,
     "self_test()\n--\n\nRuns the probes of a certified model; raises ModelError when its weights or a single bit of a result\n"
     "differ (Code.MISMATCH), or when it carries no certificate."},
    {"_json", model_json, METH_NOARGS, "The library's description."},
    {"_save", model_save, METH_O, "Writes the model to a path of bytes."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_init, model_init}, {Py_tp_dealloc, model_free}, {Py_tp_methods, methods}, {Py_tp_new, PyType_GenericNew}, {0, NULL},
};

PyType_Spec model_type = {
    "septum._core.Model", sizeof(Model), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots,
};
