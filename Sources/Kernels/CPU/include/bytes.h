#pragma once
#include "vector.h"

/* What forests need: sixty-four bytes at once, carried as sixteen integers, and lanes read from anywhere. */

typedef uint8_t septum_bytes __attribute__((vector_size(64)));

/* Numbers of leaves below a node, byte by byte. With AVX2 they count from the tree's first leaf, whose nodes say where theirs
   start, else from the node's own, and `step` is added on the right. `threshold` holds one byte four times. */

#if defined(__AVX2__) && !defined(__AVX512BW__)
/* There, the highest bit of the bytes of blocks is the other way round, since AVX2 compares signed bytes only. */
#define SEPTUM_BLOCK_BIAS 128
typedef union { septum_i16 v; __m256i h[2]; } septum_halves;

/// What is over the bytes at or below the threshold; nothing is when that is 255, of which no child's leaves differ.
SEPTUM_INLINE __m256i septum_limit(int32_t threshold) {
    return _mm256_add_epi8(_mm256_set1_epi32(threshold), _mm256_set1_epi8((char)(SEPTUM_BLOCK_BIAS + 1)));
}
/// All bits where the byte at x is below the limit.
SEPTUM_INLINE __m256i septum_not_over(const uint8_t *_Nonnull x, __m256i limit) {
    return _mm256_cmpgt_epi8(limit, _mm256_loadu_si256((const __m256i *)(const void *)x));
}
#else
#define SEPTUM_BLOCK_BIAS 0
#endif

/// The right one where x is over the threshold, else the left one.
SEPTUM_INLINE septum_i16 septum_branch(
    const uint8_t *_Nonnull x, int32_t threshold, septum_i16 left, septum_i16 right, uint8_t step) {
#if defined(__AVX512BW__)
    const __mmask64 over = _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(x), _mm512_set1_epi32(threshold));
    return (septum_i16)_mm512_mask_add_epi8((__m512i)left, over, (__m512i)right, _mm512_set1_epi8((char)step));
#elif defined(__AVX2__)
    (void)step;
    const __m256i limit = septum_limit(threshold);
    septum_halves l = {left}, r = {right};
    for (int i = 0; i < 2; i++) r.h[i] = _mm256_blendv_epi8(r.h[i], l.h[i], septum_not_over(x + 32 * i, limit));
    return r.v;
#else
    septum_bytes v;
    __builtin_memcpy(&v, x, sizeof v);
    const septum_bytes over = (septum_bytes)(v > (septum_bytes)septum_every_i16(threshold));
    return (septum_i16)((over & ((septum_bytes)right + step)) | (~over & (septum_bytes)left));
#endif
}

/// A node above two leaves, of which the left one is number `first`.
SEPTUM_INLINE septum_i16 septum_above_leaves(const uint8_t *_Nonnull x, int32_t threshold, uint8_t first) {
#if defined(__AVX2__) && !defined(__AVX512BW__)
    const __m256i limit = septum_limit(threshold), right = _mm256_set1_epi8((char)(first + 1));
    septum_halves r;
    for (int i = 0; i < 2; i++) r.h[i] = _mm256_add_epi8(right, septum_not_over(x + 32 * i, limit));
    return r.v;
#else
    (void)first;
    return septum_branch(x, threshold, septum_every_i16(0), septum_every_i16(0), 1);
#endif
}

/// A level of an oblivious tree: the index so far, plus `step` where x is over the threshold.
SEPTUM_INLINE septum_i16 septum_level(const uint8_t *_Nonnull x, int32_t threshold, septum_i16 index, uint8_t step) {
#if defined(__AVX2__) && !defined(__AVX512BW__)
    const __m256i limit = _mm256_xor_si256(_mm256_set1_epi32(threshold), _mm256_set1_epi8((char)SEPTUM_BLOCK_BIAS));
    septum_halves r = {index};
    for (int i = 0; i < 2; i++) {
        const __m256i over = _mm256_cmpgt_epi8(_mm256_loadu_si256((const __m256i *)(const void *)(x + 32 * i)), limit);
        r.h[i] = _mm256_add_epi8(r.h[i], _mm256_and_si256(over, _mm256_set1_epi8((char)step)));
    }
    return r.v;
#else
    return septum_branch(x, threshold, index, index, step);
#endif
}

SEPTUM_INLINE void septum_store_i16(void *_Nonnull p, septum_i16 v) { __builtin_memcpy(p, &v, sizeof v); }

/// Sixteen integers at places of a table; lanes whose `where` is negative keep it and read nothing.
SEPTUM_INLINE septum_i16 septum_gather_where(const int32_t *_Nonnull table, septum_i16 places, septum_i16 where) {
#if defined(__AVX512F__)
    const __mmask16 reads = _mm512_cmpge_epi32_mask((__m512i)where, _mm512_setzero_si512());
    return (septum_i16)_mm512_mask_i32gather_epi32((__m512i)where, reads, (__m512i)places, table, 4);
#elif defined(__AVX2__)
    union { septum_i16 v; __m256i h[2]; } p = {places}, w = {where};
    for (int i = 0; i < 2; i++) {
        const __m256i reads = _mm256_cmpgt_epi32(w.h[i], _mm256_set1_epi32(-1));
        w.h[i] = _mm256_mask_i32gather_epi32(w.h[i], table, p.h[i], reads, 4);
    }
    return w.v;
#else
    for (int i = 0; i < 16; i++) if (where[i] >= 0) where[i] = table[places[i]];
    return where;
#endif
}

/// Sixteen bytes at places of a table, which goes on for three bytes more; zero where `where` is negative.
SEPTUM_INLINE septum_i16 septum_gather_bytes(const uint8_t *_Nonnull table, septum_i16 places, septum_i16 where) {
#if defined(__AVX512F__)
    const __mmask16 reads = _mm512_cmpge_epi32_mask((__m512i)where, _mm512_setzero_si512());
    const __m512i found = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), reads, (__m512i)places, table, 1);
    return (septum_i16)_mm512_and_si512(found, _mm512_set1_epi32(255));
#elif defined(__AVX2__)
    union { septum_i16 v; __m256i h[2]; } p = {places}, w = {where};
    for (int i = 0; i < 2; i++) {
        const __m256i reads = _mm256_cmpgt_epi32(w.h[i], _mm256_set1_epi32(-1));
        const __m256i found = _mm256_mask_i32gather_epi32(
            _mm256_setzero_si256(), (const int *)(const void *)table, p.h[i], reads, 1);
        w.h[i] = _mm256_and_si256(found, _mm256_set1_epi32(255));
    }
    return w.v;
#else
    septum_i16 r = {0};
    for (int i = 0; i < 16; i++) if (where[i] >= 0) r[i] = table[places[i]];
    return r;
#endif
}

SEPTUM_INLINE uint8_t septum_block_bias(void) { return SEPTUM_BLOCK_BIAS; }

/// One step down for sixteen nodes as words: a negative one is a leaf and stays; else 15 bits of its left child, counted from
/// `base`, 8 of its slot and 8 of its threshold. The byte compared stands at slot << shift, plus `lane`, with `bias` upon it.
SEPTUM_INLINE septum_i16 septum_descend(
    septum_i16 word, septum_i16 base, const int32_t *_Nonnull words, const uint8_t *_Nonnull bytes, septum_i16 lane, int shift,
    int32_t bias) {
    const septum_i16 x = septum_gather_bytes(bytes, (((word >> 8) & 255) << shift) + lane, word) ^ bias;
    // A comparison's lanes are 0 or -1.
    return septum_gather_where(words, base + (word >> 16) - (septum_i16)(x > (word & 255)), word);
}

/// table[index[i]] for sixteen bytes; the table has 1 << levels entries, at least sixteen.
SEPTUM_INLINE septum_i16 septum_look_up(const int32_t *_Nonnull table, long levels, const uint8_t *_Nonnull index) {
#if defined(__AVX512F__)
    const __m512i i = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)index));
    if (levels <= 4) return (septum_i16)_mm512_permutexvar_epi32(i, _mm512_loadu_si512(table));
    if (levels > 6) return (septum_i16)_mm512_i32gather_epi32(i, table, 4);
    const __m512i low = _mm512_permutex2var_epi32(_mm512_loadu_si512(table), i, _mm512_loadu_si512(table + 16));
    if (levels == 5) return (septum_i16)low;
    const __m512i high = _mm512_permutex2var_epi32(_mm512_loadu_si512(table + 32), i, _mm512_loadu_si512(table + 48));
    return (septum_i16)_mm512_mask_mov_epi32(low, _mm512_test_epi32_mask(i, _mm512_set1_epi32(32)), high);
#elif defined(__AVX2__)
    union { septum_i16 v; __m256i h[2]; } r;
    for (int i = 0; i < 2; i++) {
        if (levels <= 4) {
            const __m256i at = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(index + 8 * i)));
            r.h[i] = _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)(const void *)table), at);
            if (levels < 4) continue;
            const __m256i high = _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)(const void *)(table + 8)), at);
            r.h[i] = _mm256_castps_si256(_mm256_blendv_ps(
                _mm256_castsi256_ps(r.h[i]), _mm256_castsi256_ps(high), _mm256_castsi256_ps(_mm256_slli_epi32(at, 28))));
        } else {
            // Loads of their own are faster than a gather on many processors.
            uint64_t at;
            __builtin_memcpy(&at, index + 8 * i, sizeof at);
#define SEPTUM_AT(I) table[(uint8_t)(at >> (8 * I))]
            r.h[i] = _mm256_setr_epi32(
                SEPTUM_AT(0), SEPTUM_AT(1), SEPTUM_AT(2), SEPTUM_AT(3), SEPTUM_AT(4), SEPTUM_AT(5), SEPTUM_AT(6), SEPTUM_AT(7));
#undef SEPTUM_AT
        }
    }
    return r.v;
#else
    (void)levels;
    septum_i16 r;
    for (int i = 0; i < 16; i++) r[i] = table[index[i]];
    return r;
#endif
}

/// table[index[i]] for eight bytes.
SEPTUM_INLINE septum_d8 septum_look_up_d8(const double *_Nonnull table, const uint8_t *_Nonnull index) {
#if defined(__AVX512F__)
    return (septum_d8)_mm512_i32gather_pd(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)index)), table, 8);
#else
    uint64_t all;
    __builtin_memcpy(&all, index, sizeof all);
    septum_d8 r;
    for (int i = 0; i < 8; i++) r[i] = table[(uint8_t)(all >> (8 * i))];
    return r;
#endif
}

/// How many of sixteen ascending numbers are at most x; NaN is never.
SEPTUM_INLINE long septum_count_f16(const float *_Nonnull p, float x) {
#if defined(__AVX512F__)
    return __builtin_popcount(_mm512_cmp_ps_mask(_mm512_set1_ps(x), _mm512_loadu_ps(p), _CMP_GE_OQ));
#elif defined(__AVX2__)
    const __m256 v = _mm256_set1_ps(x);
    const __m256i a = _mm256_castps_si256(_mm256_cmp_ps(v, _mm256_loadu_ps(p), _CMP_GE_OQ));
    const __m256i b = _mm256_castps_si256(_mm256_cmp_ps(v, _mm256_loadu_ps(p + 8), _CMP_GE_OQ));
    return (long)((unsigned)__builtin_popcount((unsigned)_mm256_movemask_epi8(_mm256_packs_epi32(a, b))) >> 1);
#else
    long n = 0;
    for (long step = 8; step > 0; step >>= 1) n += p[n + step - 1] <= x ? step : 0;
    return n + (p[n] <= x);
#endif
}
SEPTUM_INLINE long septum_count_d16(const double *_Nonnull p, double x) {
#if defined(__AVX512F__)
    const __m512d v = _mm512_set1_pd(x);
    return __builtin_popcount(
        _mm512_cmp_pd_mask(v, _mm512_loadu_pd(p), _CMP_GE_OQ) | _mm512_cmp_pd_mask(v, _mm512_loadu_pd(p + 8), _CMP_GE_OQ) << 8);
#elif defined(__AVX2__)
    const __m256d v = _mm256_set1_pd(x);
    __m256i over[4];
    for (int i = 0; i < 4; i++) over[i] = _mm256_castpd_si256(_mm256_cmp_pd(v, _mm256_loadu_pd(p + 4 * i), _CMP_GE_OQ));
    const __m256i all = _mm256_packs_epi16(_mm256_packs_epi32(over[0], over[1]), _mm256_packs_epi32(over[2], over[3]));
    return (long)((unsigned)__builtin_popcount((unsigned)_mm256_movemask_epi8(all)) >> 1);
#else
    long n = 0;
    for (long step = 8; step > 0; step >>= 1) n += p[n + step - 1] <= x ? step : 0;
    return n + (p[n] <= x);
#endif
}

#if defined(__AVX512F__)
/// Numbers of a table of 16 * parts, of which `t` has four.
SEPTUM_INLINE __m512 septum_of_numbers(const __m512 *_Nonnull t, long parts, __m512i at) {
    if (parts == 1) return _mm512_permutexvar_ps(at, t[0]);
    const __m512 low = _mm512_permutex2var_ps(t[0], at, t[1]);
    if (parts == 2) return low;
    return _mm512_mask_mov_ps(low, _mm512_test_epi32_mask(at, _mm512_set1_epi32(32)), _mm512_permutex2var_ps(t[2], at, t[3]));
}

/// How many of 16 * parts (1, 2 or 4; `there` of them are in memory) ascending numbers are at most each of `rows` that stand
/// `step` apart, a multiple of sixteen, as bytes; in `high` those of NaN are 255.
SEPTUM_INLINE void septum_count_rows_of(
    const float *_Nonnull p, long parts, long there, const float *_Nonnull x, long step, long rows, uint8_t *_Nullable low,
    uint8_t *_Nullable high) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i apart = _mm512_mullo_epi32(lanes, _mm512_set1_epi32((int32_t)step));
    __m512 t[4];
    for (long i = 0; i < 4; i++) t[i] = i < there ? _mm512_loadu_ps(p + 16 * i) : _mm512_set1_ps(__builtin_nanf(""));
    for (long r = 0; r < rows; r += 16) {
        const __m512 v = _mm512_i32gather_ps(apart, x + r * step, 4);
        __m512i n = _mm512_setzero_si512();
#define SEPTUM_HALVE(HALF) \
    n = _mm512_mask_add_epi32( \
        n, \
        _mm512_cmp_ps_mask( \
            v, septum_of_numbers(t, parts, _mm512_add_epi32(n, _mm512_set1_epi32((HALF) - 1))), _CMP_GE_OQ), \
        n, _mm512_set1_epi32(HALF));
        if (parts > 2) { SEPTUM_HALVE(32) }
        if (parts > 1) { SEPTUM_HALVE(16) }
        SEPTUM_HALVE(8)
        SEPTUM_HALVE(4)
        SEPTUM_HALVE(2)
        SEPTUM_HALVE(1)
        SEPTUM_HALVE(1)
#undef SEPTUM_HALVE
        if (low) _mm_storeu_si128((__m128i *)(void *)(low + r), _mm512_cvtepi32_epi8(n));
        n = _mm512_mask_mov_epi32(n, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), _mm512_set1_epi32(255));
        if (high) _mm_storeu_si128((__m128i *)(void *)(high + r), _mm512_cvtepi32_epi8(n));
    }
}
SEPTUM_INLINE void septum_count_rows(
    const float *_Nonnull p, long sixteens, const float *_Nonnull x, long step, long rows, uint8_t *_Nullable low,
    uint8_t *_Nullable high) {
    if (sixteens == 1) {
        septum_count_rows_of(p, 1, 1, x, step, rows, low, high);
    } else if (sixteens == 2) {
        septum_count_rows_of(p, 2, 2, x, step, rows, low, high);
    } else {
        septum_count_rows_of(p, 4, sixteens, x, step, rows, low, high);
    }
}
#endif
