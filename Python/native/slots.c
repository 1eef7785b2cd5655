/* One context for each thread that runs a model, without a lock: the list is changed and read under Python's. */
#include "core.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A thread, known to its slots; it is no longer alive when the system has ended it. */
typedef struct Thread {
    atomic_bool is_alive;
    atomic_int owners;
} Thread;

static pthread_key_t thread_key;
/* Counts forks: contexts made before one may have lost their threads. */
static unsigned generation;

static void forget(Thread *thread) {
    if (thread && atomic_fetch_sub(&thread->owners, 1) == 1) free(thread);
}

static void thread_ended(void *thread) {
    atomic_store(&((Thread *)thread)->is_alive, false);
    forget(thread);
}

static void forked(void) { generation++; }

int slots_start(void) {
    if (pthread_key_create(&thread_key, thread_ended) || pthread_atfork(NULL, NULL, forked)) {
        PyErr_SetString(PyExc_OSError, "no key is left for the contexts of threads");
        return -1;
    }
    return 0;
}

static Thread *this_thread(void) {
    Thread *thread = pthread_getspecific(thread_key);
    if (thread) return thread;
    thread = malloc(sizeof *thread);
    if (!thread) return NULL;
    atomic_init(&thread->is_alive, true);
    atomic_init(&thread->owners, 1);
    if (pthread_setspecific(thread_key, thread) == 0) return thread;
    free(thread);
    return NULL;
}

static void slot_free(Slot *slot) {
    if (!slot) return;
    /* The threads of a context from before a fork cannot be ended: they do not exist. */
    if (slot->context && slot->generation == generation) library.septum_context_free(slot->context);
    forget(slot->thread);
    free(slot->inputs);
    free(slot->outputs);
    free(slot->buffers);
    free(slot);
}

static Slot *slot_make(Model *model, Thread *thread) {
    Slot *slot = calloc(1, sizeof *slot);
    Slot **slots = realloc(model->slots, (size_t)(model->slot_count + 1) * sizeof *slots);
    if (slots) model->slots = slots;
    if (slot) {
        slot->generation = generation;
        slot->inputs = calloc((size_t)model->input_count + 1, sizeof *slot->inputs);
        slot->outputs = calloc((size_t)model->output_count + 1, sizeof *slot->outputs);
        slot->buffers = calloc(2 * (size_t)model->input_count + 1, sizeof *slot->buffers);
    }
    if (!slots || !slot || !slot->inputs || !slot->outputs || !slot->buffers) {
        slot_free(slot);
        PyErr_NoMemory();
        return NULL;
    }
    septum_status status = library.septum_context_create_threaded(model->handle, model->threads, &slot->context);
    if (status != SEPTUM_OK) {
        slot_free(slot);
        raise_last(status);
        return NULL;
    }
    slot->thread = thread;
    atomic_fetch_add(&thread->owners, 1);
    model->slots[model->slot_count++] = slot;
    return slot;
}

Slot *slot_take(Model *model) {
    Thread *thread = this_thread();
    if (!thread) return (Slot *)PyErr_NoMemory();
    Slot *found = NULL, *orphan = NULL;
    for (int32_t index = 0; index < model->slot_count && !found; index++) {
        Slot *slot = model->slots[index];
        if (slot->is_busy || slot->generation != generation) continue;
        if (slot->thread == thread) found = slot;
        if (!orphan && !atomic_load(&slot->thread->is_alive)) orphan = slot;
    }
    if (!found && orphan) {
        forget(orphan->thread);
        orphan->thread = thread;
        atomic_fetch_add(&thread->owners, 1);
        found = orphan;
    }
    if (!found) found = slot_make(model, thread);
    if (found) found->is_busy = true;
    return found;
}

void slot_give_back(Slot *slot) { slot->is_busy = false; }

void slots_free(Model *model) {
    for (int32_t index = 0; index < model->slot_count; index++) slot_free(model->slots[index]);
    free(model->slots);
    model->slots = NULL;
    model->slot_count = 0;
}
