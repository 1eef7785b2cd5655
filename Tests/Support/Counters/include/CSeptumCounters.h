#include <stdint.h>

/// What this thread has asked of the system so far. Zeros where the C library cannot be watched.
typedef struct {
    int64_t allocations;
    int64_t frees;
    /// All that was asked for, also what is free again.
    int64_t bytes;
    int64_t locks;
    int64_t threads;
} septum_counts;

/// Whether calls are counted here: with glibc, in an executable that links this.
int septum_counts_are_kept(void);
septum_counts septum_counts_now(void);

/// Does a piece of work on a thread of its own, on which system calls fail; returns how many were tried, -1 where that is unknown.
int64_t septum_count_system_calls(void (*work)(void *), void *argument);
