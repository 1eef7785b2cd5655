/* Stands in front of the C library's allocator and counts the calls of each thread. Linked into the driver, and preloaded
 * into the septum program. */
#include <stdint.h>

int64_t bench_allocation_count(void);
