// The CPython C API that Septum needs, opened at run time from the user's own libpython.
// No Python header is needed to build: every function used has kept its signature since Python 3.0.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const void *start;
    size_t count;
} SeptumBytes;

typedef struct SeptumPythonReply SeptumPythonReply;

/// Runs `executable -c script` and stores what it prints; stderr is discarded.
/// Returns the exit status, or a negative errno when it cannot be started, prints too much or takes longer than the limit.
int septum_python_probe(
    const char *executable, const char *script, char *output, size_t capacity, int limit_seconds, size_t *count);

/// Runs `executable -c script`, gives it `request` on standard input and stores what it prints; stderr is discarded.
/// `*reply` is allocated and to be freed by the caller, whatever is returned.
/// Returns the exit status, 128 more than the signal that ended it, or a negative errno when it cannot be started or prints
/// more than about `limit` bytes. There is no limit in time.
int septum_python_process(
    const char *executable, const char *script, const void *request, size_t size, size_t limit, void **reply, size_t *count);

/// Whether this process already holds a running interpreter (Septum was loaded by Python).
bool septum_python_is_running(void);

/// Lets go of the GIL when this thread holds it, which another thread of Python may need before it frees what this one waits for.
/// Gives what `septum_python_take_back` needs, NULL when the GIL was not held.
void *septum_python_let_go(void);
void septum_python_take_back(void *held);

/// Opens `libpython`, starts the interpreter as `executable`, or joins the one that runs when `libpython` is NULL.
/// `source` must define `call(request, arrays)`. Returns NULL, or a message that lives as long as the process.
/// To be called once at most after success; the interpreter is never finalised, as numpy cannot be imported twice.
const char *septum_python_open(const char *libpython, const char *executable, const char *source);

/// Calls `call(parts[0], [parts[1], ...])` under the GIL; parts are copied. NULL when Python is out of memory.
SeptumPythonReply *septum_python_call(const SeptumBytes *parts, size_t count);

/// The number of byte blocks in a reply, and each of them; they live until the reply is released.
size_t septum_python_reply_count(const SeptumPythonReply *reply);
SeptumBytes septum_python_reply_part(const SeptumPythonReply *reply, size_t index);
void septum_python_reply_release(SeptumPythonReply *reply);
