/* The module septum._core: opening the library, errors. */
#include "core.h"
#include <dlfcn.h>

Library library;
Python python;

PyObject *raise_last(septum_status status) {
    PyObject *error = PyObject_CallFunction(python.error, "is", (int)status, library.septum_last_error());
    if (error) PyErr_SetObject(python.error, error);
    Py_XDECREF(error);
    return NULL;
}

PyObject *raise_text(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    PyObject *text = PyUnicode_FromFormatV(format, arguments);
    va_end(arguments);
    PyObject *error = text ? PyObject_CallFunction(python.error, "iO", (int)SEPTUM_INVALID_INPUT, text) : NULL;
    if (error) PyErr_SetObject(python.error, error);
    Py_XDECREF(text);
    Py_XDECREF(error);
    return NULL;
}

PyObject *library_open(PyObject *module, PyObject *path) {
    (void)module;
    char *name;
    if (PyBytes_AsStringAndSize(path, &name, NULL)) return NULL;
    Library found;
    void *opened = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!opened) return PyErr_Format(PyExc_OSError, "%s", dlerror());
#define FIND(function)                                                                                                       \
    if (!(*(void **)&found.function = dlsym(opened, #function)))                                                             \
        return PyErr_Format(PyExc_OSError, "%s lacks the function %s: it is older than this package", name, #function);
    SEPTUM_FUNCTIONS(FIND)
#undef FIND
    if (found.septum_abi() < SEPTUM_ABI)
        return PyErr_Format(
            PyExc_OSError, "%s has the binary interface %d, this package needs %d", name, (int)found.septum_abi(), SEPTUM_ABI);
    library = found;
    Py_RETURN_NONE;
}

static PyObject *setup(PyObject *module, PyObject *arguments) {
    (void)module;
    Python given;
    if (!PyArg_ParseTuple(arguments, "OOOO", &given.empty, &given.dtypes, &given.error, &given.array)) return NULL;
    Py_INCREF(given.empty);
    Py_INCREF(given.dtypes);
    Py_INCREF(given.error);
    Py_INCREF(given.array);
    python = given;
    Py_RETURN_NONE;
}

static PyObject *version(PyObject *module, PyObject *nothing) {
    (void)module, (void)nothing;
    return PyUnicode_FromString(library.septum_version());
}

static PyObject *convert(PyObject *module, PyObject *arguments) {
    (void)module;
    const char *source, *target;
    if (!PyArg_ParseTuple(arguments, "yy", &source, &target)) return NULL;
    septum_status status;
    Py_BEGIN_ALLOW_THREADS
    status = library.septum_convert(source, target);
    Py_END_ALLOW_THREADS
    if (status != SEPTUM_OK) return raise_last(status);
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"open", library_open, METH_O, "Opens the shared library at a path of bytes."},
    {"setup", setup, METH_VARARGS, "Takes numpy.empty, the numpy types by number, the class of errors, and numpy.ndarray."},
    {"version", version, METH_NOARGS, "The version of the shared library."},
    {"convert", convert, METH_VARARGS, "Reads a model from a path of bytes and writes it to another."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "septum._core", "The C interface of Septum.", -1, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__core(void) {
    PyObject *module = slots_start() ? NULL : PyModule_Create(&definition);
    PyObject *type = module ? PyType_FromSpec(&model_type) : NULL;
    if (!type || PyModule_AddObject(module, "Model", type)) {
        Py_XDECREF(type);
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
