#pragma once

/// Tells the processor that this thread waits in a loop.
static inline void septum_pause(void) {
#if defined(__x86_64__)
    __asm__ volatile("pause");
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// How many processors this process may use.
int septum_processor_count(void);
