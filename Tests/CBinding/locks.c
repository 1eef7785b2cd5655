/* The slow paths of Swift's Mutex, which wait in the kernel, where ThreadSanitizer sees nothing, so that it would call what a
 * contended lock guards a race. These take the place of those in Swift's library, and wait where it sees them.
 *
 * The word is 0, or the number of the thread that holds the lock (Swift's stdlib/public/Synchronization/Mutex/LinuxImpl.swift).
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

SWIFT void lock_slow(uint32_t thread, SELF _Atomic(uint32_t) *word) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT void unlock_slow(SELF _Atomic(uint32_t) *word) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

SWIFT void lock_slow(uint32_t thread, SELF _Atomic(uint32_t) *word) {
    for (;;) {
        uint32_t free = 0;
        if (atomic_compare_exchange_weak_explicit(word, &free, thread, memory_order_acquire, memory_order_relaxed)) return;
        sched_yield();
    }
}

/* Nobody waits in the kernel, so that the lock is free for whoever comes. */
SWIFT void unlock_slow(SELF _Atomic(uint32_t) *word) { atomic_store_explicit(word, 0, memory_order_release); }
