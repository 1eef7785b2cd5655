/* Running a model: arrays that can be taken as they are go straight to the library, others by way of the Python side. */
#include "core.h"
#include <stdlib.h>
#include <string.h>

/* Inputs up to this many need no list. */
enum { SHORT = 32 };

/* The array that the caller wants an output written to; NULL when there is none, or with an exception. */
static PyObject *wanted(Model *model, PyObject *out, int32_t index) {
    if (!out) return NULL;
    PyObject *array = NULL;
    if (PyDict_Check(out)) {
        array = PyDict_GetItemWithError(out, model->output_names[index]);
    } else if (PyTuple_Check(out) || PyList_Check(out)) {
        if (PySequence_Size(out) != model->output_count)
            return raise_text("%zd arrays given for %d outputs", PySequence_Size(out), (int)model->output_count);
        return PySequence_GetItem(out, index);
    } else if (model->output_count == 1) {
        array = out;
    } else {
        return raise_text("the model has %d outputs: give 'out' a dictionary or a list of arrays", (int)model->output_count);
    }
    Py_XINCREF(array);
    return array;
}

/* Where the outputs lie that were written to the caller's arrays have an owner among the places, which may be NULL. */
static PyObject *results(Model *model, const septum_tensor *tensors, PyObject *out, const Buffer *places) {
    PyObject *dictionary = PyDict_New();
    for (int32_t index = 0; dictionary && index < model->output_count; index++) {
        PyObject *array = wanted(model, out, index);
        if (!array && !PyErr_Occurred()) {
            array = array_from(&tensors[index]);
        } else if (array && !(places && places[index].owner) && array_fill(array, &tensors[index], model->output_names[index])) {
            Py_DECREF(array);
            array = NULL;
        }
        if (!array || PyDict_SetItem(dictionary, model->output_names[index], array)) {
            Py_DECREF(dictionary);
            dictionary = NULL;
        }
        Py_XDECREF(array);
    }
    return dictionary;
}

static void places_release(Model *model, Buffer *places) {
    for (int32_t index = 0; places && index < model->output_count; index++)
        if (places[index].owner) septum_release_buffer(&places[index]);
    free(places);
}

/* Tells the slot's outputs the caller's arrays that they can be written to; NULL with an exception. */
static Buffer *places_take(Model *model, Slot *slot, PyObject *out) {
    Buffer *places = calloc((size_t)model->output_count + 1, sizeof *places);
    if (!places) return (Buffer *)PyErr_NoMemory();
    bool failed = false;
    for (int32_t index = 0; index < model->output_count && !failed; index++) {
        slot->outputs[index] = (septum_tensor){0};
        PyObject *array = wanted(model, out, index);
        failed = array ? output_take(&places[index], &slot->outputs[index], array, model->output_types[index]) < 0
                       : PyErr_Occurred() != NULL;
        Py_XDECREF(array);
    }
    if (!failed) return places;
    places_release(model, places);
    return NULL;
}

/* Runs on what the slot has taken, which is released. */
static PyObject *run_taken(Model *model, Slot *slot, PyObject *out) {
    septum_status status = SEPTUM_OK;
    PyObject *result = NULL;
    Buffer *places = out ? places_take(model, slot, out) : NULL;
    if (!out || places) {
        Py_BEGIN_ALLOW_THREADS
        status = (places ? library.septum_run_into : library.septum_run)(
            slot->context, slot->inputs, model->input_count, slot->outputs, model->output_count);
        Py_END_ALLOW_THREADS
        result = status == SEPTUM_OK ? results(model, slot->outputs, out, places) : raise_last(status);
    }
    places_release(model, places);
    tensors_release(slot);
    slot_give_back(slot);
    return result;
}

/* Finds each input among arguments by place and by name; false when they are not exactly the model's inputs. */
static bool find_inputs(
    Model *model, PyObject *const *arguments, Py_ssize_t count, PyObject *names, PyObject **given, PyObject **out) {
    Py_ssize_t named = names ? PyTuple_Size(names) : 0;
    if (model->input_count > SHORT || count > model->input_count) return false;
    memset(given, 0, (size_t)model->input_count * sizeof *given);
    memcpy(given, arguments, (size_t)count * sizeof *given);
    for (Py_ssize_t place = 0; place < named; place++) {
        PyObject *name = PyTuple_GetItem(names, place);
        int32_t index = 0;
        while (index < model->input_count && name != model->input_names[index]) index++;
        if (index == model->input_count)
            for (index = 0; index < model->input_count && PyUnicode_Compare(name, model->input_names[index]); index++) {}
        if (index < model->input_count) {
            if (given[index]) return false;
            given[index] = arguments[count + place];
        } else if (PyUnicode_CompareWithASCIIString(name, "out") == 0) {
            *out = arguments[count + place] == Py_None ? NULL : arguments[count + place];
        } else {
            return false;
        }
    }
    for (int32_t index = 0; index < model->input_count; index++)
        if (!given[index]) return false;
    return true;
}

/* self._run(arguments, named): the way of all that has to be made ready first. */
static PyObject *run_prepared(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
    PyObject *tuple = PyTuple_New(count), *dictionary = PyDict_New();
    bool failed = !tuple || !dictionary;
    for (Py_ssize_t index = 0; !failed && index < count; index++) {
        Py_INCREF(arguments[index]);
        failed = PyTuple_SetItem(tuple, index, arguments[index]);
    }
    for (Py_ssize_t index = 0; !failed && names && index < PyTuple_Size(names); index++)
        failed = PyDict_SetItem(dictionary, PyTuple_GetItem(names, index), arguments[count + index]);
    PyObject *result = failed ? NULL : PyObject_CallMethod(self, "_run", "OO", tuple, dictionary);
    Py_XDECREF(tuple);
    Py_XDECREF(dictionary);
    return result;
}

PyObject *model_run(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
    Model *model = (Model *)self;
    PyObject *given[SHORT], *out = NULL;
    if (!model->is_plain || !find_inputs(model, arguments, count, names, given, &out))
        return run_prepared(self, arguments, count, names);
    Slot *slot = slot_take(model);
    if (!slot) return NULL;
    for (int32_t index = 0; index < model->input_count; index++) {
        if (tensor_take(slot, index, given[index], model->input_types[index])) continue;
        tensors_release(slot);
        slot_give_back(slot);
        return run_prepared(self, arguments, count, names);
    }
    return run_taken(model, slot, out);
}

/* Strings are given as (shape, list of bytes); the pointers last until the words are freed. */
static int strings_take(Slot *slot, int32_t index, PyObject *pair, void **kept) {
    PyObject *shape, *list;
    if (!PyArg_ParseTuple(pair, "O!O!", &PyTuple_Type, &shape, &PyList_Type, &list)) return -1;
    Py_ssize_t rank = PyTuple_Size(shape), count = PyList_Size(list);
    int64_t *dims = malloc((size_t)(rank + count + 1) * sizeof *dims);
    if (!dims) return PyErr_NoMemory(), -1;
    *kept = dims;
    const char **words = (const char **)(dims + rank);
    for (Py_ssize_t axis = 0; axis < rank; axis++) dims[axis] = PyLong_AsLongLong(PyTuple_GetItem(shape, axis));
    for (Py_ssize_t word = 0; word < count; word++)
        if (!(words[word] = PyBytes_AsString(PyList_GetItem(list, word)))) return -1;
    slot->inputs[index] = (septum_tensor){words, SEPTUM_STRING, (int32_t)rank, dims, NULL};
    return PyErr_Occurred() ? -1 : 0;
}

PyObject *model_run_list(PyObject *self, PyObject *arguments) {
    Model *model = (Model *)self;
    PyObject *arrays, *out;
    if (!PyArg_ParseTuple(arguments, "O!O", &PyList_Type, &arrays, &out)) return NULL;
    if (PyList_Size(arrays) != model->input_count)
        return raise_text("%zd arrays given for %d inputs", PyList_Size(arrays), (int)model->input_count);
    Slot *slot = slot_take(model);
    void **kept = calloc((size_t)model->input_count + 1, sizeof *kept);
    if (!slot || !kept) {
        if (slot) slot_give_back(slot);
        free(kept);
        return slot ? PyErr_NoMemory() : NULL;
    }
    int failed = 0;
    for (int32_t index = 0; index < model->input_count && !failed; index++) {
        PyObject *array = PyList_GetItem(arrays, index);
        septum_type type = model->input_types[index];
        failed = type == SEPTUM_STRING ? strings_take(slot, index, array, &kept[index]) : tensor_take_as(slot, index, array, type);
    }
    PyObject *result = NULL;
    if (failed) {
        tensors_release(slot);
        slot_give_back(slot);
    } else {
        result = run_taken(model, slot, out == Py_None ? NULL : out);
    }
    for (int32_t index = 0; index < model->input_count; index++) free(kept[index]);
    free(kept);
    return result;
}

static PyObject *jagged_results(Model *model, const septum_jagged *outputs, int64_t rows) {
    PyObject *dictionary = PyDict_New();
    for (int32_t index = 0; dictionary && index < model->output_count; index++) {
        int64_t count = rows + 1;
        septum_tensor starts = {outputs[index].offsets, SEPTUM_INT64, 1, &count, NULL};
        PyObject *values = array_from(&outputs[index].values);
        PyObject *offsets = !values ? NULL : outputs[index].offsets ? array_from(&starts) : Py_BuildValue("");
        PyObject *pair = offsets ? PyTuple_Pack(2, values, offsets) : NULL;
        if (!pair || PyDict_SetItem(dictionary, model->output_names[index], pair)) {
            Py_DECREF(dictionary);
            dictionary = NULL;
        }
        Py_XDECREF(values);
        Py_XDECREF(offsets);
        Py_XDECREF(pair);
    }
    return dictionary;
}

PyObject *model_run_jagged(PyObject *self, PyObject *arguments) {
    Model *model = (Model *)self;
    long long rows;
    PyObject *values, *offsets;
    if (!PyArg_ParseTuple(arguments, "LO!O!", &rows, &PyList_Type, &values, &PyList_Type, &offsets)) return NULL;
    if (PyList_Size(values) != model->input_count || PyList_Size(offsets) != model->input_count)
        return raise_text("%zd arrays given for %d inputs", PyList_Size(values), (int)model->input_count);
    Slot *slot = slot_take(model);
    if (!slot) return NULL;
    septum_jagged *jagged = calloc((size_t)(model->input_count + model->output_count) + 1, sizeof *jagged);
    bool failed = !jagged;
    if (failed) PyErr_NoMemory();
    for (int32_t index = 0; index < model->input_count && !failed; index++) {
        PyObject *starts = PyList_GetItem(offsets, index);
        if (starts != Py_None) {
            failed = tensor_take_as(slot, index, starts, SEPTUM_INT64) != 0;
            if (failed) break;
            const septum_tensor *taken = &slot->inputs[index];
            if (taken->rank != 1 || taken->dims[0] != rows + 1 || slot->buffers[slot->buffer_count - 1].item_size != 8) {
                raise_text("the offsets of input '%U' must be %lld int64 numbers", model->input_names[index], rows + 1);
                failed = true;
                break;
            }
            jagged[index].offsets = taken->data;
        }
        failed = tensor_take_as(slot, index, PyList_GetItem(values, index), model->input_types[index]) != 0;
        jagged[index].values = slot->inputs[index];
    }
    PyObject *result = NULL;
    if (!failed) {
        septum_jagged *outputs = jagged + model->input_count;
        septum_status status;
        Py_BEGIN_ALLOW_THREADS
        status = library.septum_run_jagged(slot->context, rows, jagged, model->input_count, outputs, model->output_count);
        Py_END_ALLOW_THREADS
        result = status == SEPTUM_OK ? jagged_results(model, outputs, rows) : raise_last(status);
    }
    tensors_release(slot);
    slot_give_back(slot);
    free(jagged);
    return result;
}
