#pragma once
#include "vector.h"

/* Products of bytes by tiles (AMX), for processors where septum_cpu_has_tiles says so: no level contains them, hence the
   assembler. A tile is sixteen rows of sixty-four bytes. Tiles 0 to 3 are sums, two of rows by two of columns, 4 and 5 rows of x,
   6 and 7 weights. */

#if defined(__AVX512F__)
/// Begins work on `rows` (1...32) rows; ends with septum_tiles_end.
SEPTUM_INLINE void septum_tiles_begin(long rows) {
    struct { uint8_t palette, start, none[14]; uint16_t bytes[16]; uint8_t rows[16]; } shape = {.palette = 1};
    const uint8_t upper = (uint8_t)(rows < 16 ? rows : 16), lower = (uint8_t)(rows < 16 ? 0 : rows - 16);
    const uint8_t each[8] = {upper, upper, lower, lower, upper, lower, 16, 16};
    for (int i = 0; i < 8; i++) {
        shape.rows[i] = each[i];
        shape.bytes[i] = each[i] ? 64 : 0;
    }
    __asm__ volatile("ldtilecfg %0" : : "m"(shape) : "memory");
}
SEPTUM_INLINE void septum_tiles_end(void) { __asm__ volatile("tilerelease" : : : "memory"); }

#define SEPTUM_TILE_LOAD(TILE, FROM, STEP) \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #TILE : : "r"(FROM), "r"((long)(STEP)) : "memory")
#define SEPTUM_TILE_STORE(TILE, TO, STEP) \
    __asm__ volatile("tilestored %%tmm" #TILE ", (%0,%1,1)" : : "r"(TO), "r"((long)(STEP)) : "memory")
#define SEPTUM_TILE_DOT(SUMS, X, W) __asm__ volatile("tdpbusd %%tmm" #W ", %%tmm" #X ", %%tmm" #SUMS : : : )

/// sums[row][32] of `chunks` times sixty-four unsigned bytes of x's rows and signed ones of two panels of weights, or one when the
/// second is null; `hasLower` says that there are more than sixteen rows.
SEPTUM_INLINE void septum_tiles_multiply(
    const uint8_t *_Nonnull x, long ldx, const uint8_t *_Nonnull w, const uint8_t *_Nullable second, long chunks, int hasLower,
    uint8_t *_Nonnull sums) {
    __asm__ volatile("tilezero %%tmm0\n\ttilezero %%tmm1" : : : );
    if (hasLower) __asm__ volatile("tilezero %%tmm2\n\ttilezero %%tmm3" : : : );
    const uint8_t *_Nonnull const lower = x + 16 * ldx;
    for (long i = 0; i < chunks; i++) {
        SEPTUM_TILE_LOAD(6, w + 1024 * i, 64);
        SEPTUM_TILE_LOAD(4, x + 64 * i, ldx);
        SEPTUM_TILE_DOT(0, 4, 6);
        if (second) {
            SEPTUM_TILE_LOAD(7, second + 1024 * i, 64);
            SEPTUM_TILE_DOT(1, 4, 7);
        }
        if (hasLower) {
            SEPTUM_TILE_LOAD(5, lower + 64 * i, ldx);
            SEPTUM_TILE_DOT(2, 5, 6);
            if (second) SEPTUM_TILE_DOT(3, 5, 7);
        }
    }
    SEPTUM_TILE_STORE(0, sums, 128);
    if (second) SEPTUM_TILE_STORE(1, sums + 64, 128);
    if (hasLower) SEPTUM_TILE_STORE(2, sums + 16 * 128, 128);
    if (hasLower && second) SEPTUM_TILE_STORE(3, sums + 16 * 128 + 64, 128);
}
#undef SEPTUM_TILE_LOAD
#undef SEPTUM_TILE_STORE
#undef SEPTUM_TILE_DOT
#endif
