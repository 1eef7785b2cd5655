#define _GNU_SOURCE
#include "CSeptumPython.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Object Object;

// Py_buffer, part of the stable ABI since 3.11 and laid out so since 3.0.
// Source: https://docs.python.org/3.13/c-api/buffer.html#c.Py_buffer
typedef struct {
    void *start;
    Object *owner;
    ptrdiff_t count, item_size;
    int is_read_only, dimensions;
    char *format;
    ptrdiff_t *shape, *strides, *suboffsets;
    void *internal;
} Buffer;

enum { SIMPLE_BUFFER = 0, FILE_INPUT = 257 };

static struct {
    int (*Py_IsInitialized)(void);
    void (*Py_SetProgramName)(const wchar_t *);
    wchar_t *(*Py_DecodeLocale)(const char *, size_t *);
    void (*Py_InitializeEx)(int);
    void *(*PyEval_SaveThread)(void);
    int (*PyGILState_Ensure)(void);
    void (*PyGILState_Release)(int);
    Object *(*Py_CompileString)(const char *, const char *, int);
    Object *(*PyImport_ExecCodeModule)(const char *, Object *);
    Object *(*PyObject_GetAttrString)(Object *, const char *);
    Object *(*PyObject_CallFunctionObjArgs)(Object *, ...);
    Object *(*PyBytes_FromStringAndSize)(const char *, ptrdiff_t);
    Object *(*PyByteArray_FromStringAndSize)(const char *, ptrdiff_t);
    Object *(*PyList_New)(ptrdiff_t);
    int (*PyList_SetItem)(Object *, ptrdiff_t, Object *);
    ptrdiff_t (*PyList_Size)(Object *);
    Object *(*PyList_GetItem)(Object *, ptrdiff_t);
    int (*PyObject_GetBuffer)(Object *, Buffer *, int);
    void (*PyBuffer_Release)(Buffer *);
    void (*PyErr_Print)(void);
    void (*PyErr_Clear)(void);
    void (*Py_DecRef)(Object *);
} api;

static Object *call;

struct SeptumPythonReply {
    Object *list;
    size_t count;
    Buffer parts[];
};

bool septum_python_is_running(void) {
    int (*is_initialized)(void);
    *(void **)&is_initialized = dlsym(RTLD_DEFAULT, "Py_IsInitialized");
    return is_initialized && is_initialized();
}

void *septum_python_let_go(void) {
    int (*is_held)(void);
    void *(*save)(void);
    *(void **)&is_held = dlsym(RTLD_DEFAULT, "PyGILState_Check");
    *(void **)&save = dlsym(RTLD_DEFAULT, "PyEval_SaveThread");
    return septum_python_is_running() && is_held && save && is_held() ? save() : NULL;
}

void septum_python_take_back(void *held) {
    void (*restore)(void *);
    *(void **)&restore = dlsym(RTLD_DEFAULT, "PyEval_RestoreThread");
    if (held && restore) restore(held);
}

static const char *find(void *library) {
    static char message[128];
#define FIND(name)                                                                          \
    if (!(*(void **)&api.name = dlsym(library, #name))) {                                   \
        snprintf(message, sizeof message, "it does not have the function %s", #name);       \
        return message;                                                                     \
    }
    FIND(Py_IsInitialized) FIND(Py_SetProgramName) FIND(Py_DecodeLocale) FIND(Py_InitializeEx)
    FIND(PyEval_SaveThread) FIND(PyGILState_Ensure) FIND(PyGILState_Release)
    FIND(Py_CompileString) FIND(PyImport_ExecCodeModule)
    FIND(PyObject_GetAttrString) FIND(PyObject_CallFunctionObjArgs)
    FIND(PyBytes_FromStringAndSize) FIND(PyByteArray_FromStringAndSize)
    FIND(PyList_New) FIND(PyList_SetItem) FIND(PyList_Size) FIND(PyList_GetItem)
    FIND(PyObject_GetBuffer) FIND(PyBuffer_Release) FIND(PyErr_Print) FIND(PyErr_Clear)
    FIND(Py_DecRef)
    return NULL;
}

static const char *start(const char *source) {
    Object *code = api.Py_CompileString(source, "<septum bridge.py>", FILE_INPUT);
    Object *module = code ? api.PyImport_ExecCodeModule("_septum_bridge", code) : NULL;
    call = module ? api.PyObject_GetAttrString(module, "call") : NULL;
    if (code) api.Py_DecRef(code);
    if (module) api.Py_DecRef(module);
    if (call) return NULL;
    api.PyErr_Print();
    return "its standard library cannot be imported";
}

const char *septum_python_open(const char *libpython, const char *executable, const char *source) {
    static char message[512];
    // Extension modules such as numpy's look Python's symbols up in the global scope.
    void *library = libpython ? dlopen(libpython, RTLD_NOW | RTLD_GLOBAL) : RTLD_DEFAULT;
    if (libpython && !library) {
        snprintf(message, sizeof message, "%s", dlerror());
        return message;
    }
    const char *missing = find(library);
    if (missing) return missing;
    // The library may be one that the process opened for itself, out of the sight of others.
    if (api.Py_IsInitialized()) {
        int state = api.PyGILState_Ensure();
        const char *failure = start(source);
        api.PyGILState_Release(state);
        return failure;
    }
    wchar_t *name = api.Py_DecodeLocale(executable, NULL);
    if (!name) return "its path cannot be decoded in this locale";
    api.Py_SetProgramName(name);
    api.Py_InitializeEx(0);
    const char *failure = start(source);
    api.PyEval_SaveThread();
    return failure;
}

static Object *request(const SeptumBytes *parts, size_t count) {
    Object *head = api.PyBytes_FromStringAndSize(parts[0].start, (ptrdiff_t)parts[0].count);
    Object *arrays = head ? api.PyList_New((ptrdiff_t)count - 1) : NULL;
    for (size_t i = 1; arrays && i < count; i++) {
        Object *copy = api.PyByteArray_FromStringAndSize(parts[i].start, (ptrdiff_t)parts[i].count);
        if (!copy) {
            api.Py_DecRef(arrays);
            arrays = NULL;
        } else {
            api.PyList_SetItem(arrays, (ptrdiff_t)i - 1, copy);
        }
    }
    Object *result = arrays ? api.PyObject_CallFunctionObjArgs(call, head, arrays, NULL) : NULL;
    if (arrays) api.Py_DecRef(arrays);
    if (head) api.Py_DecRef(head);
    return result;
}

SeptumPythonReply *septum_python_call(const SeptumBytes *parts, size_t count) {
    int state = api.PyGILState_Ensure();
    SeptumPythonReply *reply = NULL;
    Object *list = request(parts, count);
    ptrdiff_t found = list ? api.PyList_Size(list) : -1;
    if (found >= 1) reply = calloc(1, sizeof *reply + (size_t)found * sizeof(Buffer));
    if (reply) {
        reply->list = list;
        while (reply->count < (size_t)found) {
            Object *item = api.PyList_GetItem(list, (ptrdiff_t)reply->count);
            if (api.PyObject_GetBuffer(item, &reply->parts[reply->count], SIMPLE_BUFFER)) break;
            reply->count++;
        }
    }
    bool failed = !reply || reply->count != (size_t)found;
    if (failed) api.PyErr_Clear();
    if (failed && list && !reply) api.Py_DecRef(list);
    api.PyGILState_Release(state);
    if (failed && reply) {
        septum_python_reply_release(reply);
        reply = NULL;
    }
    return reply;
}

size_t septum_python_reply_count(const SeptumPythonReply *reply) { return reply->count; }

SeptumBytes septum_python_reply_part(const SeptumPythonReply *reply, size_t index) {
    return (SeptumBytes){reply->parts[index].start, (size_t)reply->parts[index].count};
}

void septum_python_reply_release(SeptumPythonReply *reply) {
    int state = api.PyGILState_Ensure();
    while (reply->count > 0) api.PyBuffer_Release(&reply->parts[--reply->count]);
    api.Py_DecRef(reply->list);
    api.PyGILState_Release(state);
    free(reply);
}
