// Stands in front of the C library's allocator, mutexes and threads and counts the calls of each thread.
#define _GNU_SOURCE
#include "CSeptumCounters.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

static __thread septum_counts counts __attribute__((tls_model("initial-exec")));

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

void *malloc(size_t size) {
    counts.allocations++;
    counts.bytes += (int64_t)size;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    counts.allocations++;
    counts.bytes += (int64_t)(count * size);
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    counts.allocations++;
    counts.bytes += (int64_t)size;
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    counts.allocations++;
    counts.bytes += (int64_t)size;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    void *found = memalign(alignment, size);
    if (!found) return ENOMEM;
    *block = found;
    return 0;
}

void free(void *block) {
    if (block) counts.frees++;
    __libc_free(block);
}

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    static int (*original)(pthread_mutex_t *);
    if (!original) original = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
    counts.locks++;
    return original(mutex);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    static int (*original)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (!original)
        original = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
    counts.threads++;
    return original(thread, attributes, start, argument);
}

int septum_counts_are_kept(void) { return 1; }
septum_counts septum_counts_now(void) { return counts; }
#else
int septum_counts_are_kept(void) { return 0; }
septum_counts septum_counts_now(void) { return (septum_counts){0}; }
#endif
