#pragma once
#include "vector.h"

/// Four columns of sixteen rows, each on to sixteen elements side by side.
SEPTUM_INLINE void septum_turn_16x4(const float *_Nonnull x, long step, float *_Nonnull y, long ystep) {
    typedef float four __attribute__((vector_size(16)));
    /* Vector i holds rows i, i + 4, i + 8 and i + 12. */
    union { septum_f16 v; four q[4]; } a[4];
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++) __builtin_memcpy(&a[i].q[k], x + (4 * k + i) * step, sizeof(four));
#define SEPTUM_TURN_LOW(p, q) __builtin_shufflevector(p, q, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define SEPTUM_TURN_HIGH(p, q) __builtin_shufflevector(p, q, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define SEPTUM_TURN_FIRST(p, q) __builtin_shufflevector(p, q, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define SEPTUM_TURN_SECOND(p, q) __builtin_shufflevector(p, q, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
    const septum_f16 low = SEPTUM_TURN_LOW(a[0].v, a[1].v), low2 = SEPTUM_TURN_LOW(a[2].v, a[3].v);
    const septum_f16 high = SEPTUM_TURN_HIGH(a[0].v, a[1].v), high2 = SEPTUM_TURN_HIGH(a[2].v, a[3].v);
    const septum_f16 columns[4] = {
        SEPTUM_TURN_FIRST(low, low2), SEPTUM_TURN_SECOND(low, low2),
        SEPTUM_TURN_FIRST(high, high2), SEPTUM_TURN_SECOND(high, high2)};
    for (int c = 0; c < 4; c++) __builtin_memcpy(y + c * ystep, &columns[c], sizeof columns[c]);
#undef SEPTUM_TURN_LOW
#undef SEPTUM_TURN_HIGH
#undef SEPTUM_TURN_FIRST
#undef SEPTUM_TURN_SECOND
}
