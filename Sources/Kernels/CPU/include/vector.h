#pragma once
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Vector operations as single instructions. Swift's SIMD operators are loops over lanes that only sometimes become vectors;
   these always do. Every function gives the same bits on every instruction set. */

typedef float septum_f16 __attribute__((vector_size(64)));
typedef int32_t septum_i16 __attribute__((vector_size(64)));
typedef double septum_d8 __attribute__((vector_size(64)));
typedef int64_t septum_l8 __attribute__((vector_size(64)));
typedef float septum_f8 __attribute__((vector_size(32)));

/* Every function here is inlined, so no vector crosses a call; and no product is fused with a sum unless it says so. */
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang fp contract(off)
#define SEPTUM_INLINE static inline __attribute__((always_inline))

/* Arithmetic, comparisons (all ones or zero), choice, memory: for a type V of scalars S with masks M. */
#define SEPTUM_ARITHMETIC(suffix, V, S, M) \
    SEPTUM_INLINE V septum_all_##suffix(S x) { return x - (V){0}; } \
    SEPTUM_INLINE V septum_add_##suffix(V a, V b) { return a + b; } \
    SEPTUM_INLINE V septum_subtract_##suffix(V a, V b) { return a - b; } \
    SEPTUM_INLINE V septum_multiply_##suffix(V a, V b) { return a * b; } \
    SEPTUM_INLINE V septum_divide_##suffix(V a, V b) { return a / b; } \
    SEPTUM_INLINE V septum_negate_##suffix(V a) { return -a; } \
    SEPTUM_INLINE V septum_fma_##suffix(V a, V b, V c) { return __builtin_elementwise_fma(a, b, c); } \
    SEPTUM_INLINE M septum_less_##suffix(V a, V b) { return a < b; } \
    SEPTUM_INLINE M septum_equal_##suffix(V a, V b) { return a == b; } \
    SEPTUM_INLINE V septum_pick_##suffix(M mask, V yes, V no) { return (V)((mask & (M)yes) | (~mask & (M)no)); } \
    SEPTUM_INLINE V septum_load_##suffix(const S *_Nonnull p) { V v; __builtin_memcpy(&v, p, sizeof v); return v; } \
    SEPTUM_INLINE void septum_store_##suffix(S *_Nonnull p, V v) { __builtin_memcpy(p, &v, sizeof v); }

SEPTUM_ARITHMETIC(f16, septum_f16, float, septum_i16)
SEPTUM_ARITHMETIC(d8, septum_d8, double, septum_l8)

#define SEPTUM_INTEGERS(suffix, V, S) \
    SEPTUM_INLINE V septum_plus_##suffix(V a, V b) { return a + b; } \
    SEPTUM_INLINE V septum_minus_##suffix(V a, V b) { return a - b; } \
    SEPTUM_INLINE V septum_and_##suffix(V a, V b) { return a & b; } \
    SEPTUM_INLINE V septum_or_##suffix(V a, V b) { return a | b; } \
    SEPTUM_INLINE V septum_xor_##suffix(V a, V b) { return a ^ b; } \
    SEPTUM_INLINE V septum_up_##suffix(V a, S n) { return a << n; } \
    SEPTUM_INLINE V septum_down_##suffix(V a, S n) { return a >> n; } \
    SEPTUM_INLINE V septum_every_##suffix(S x) { return x - (V){0}; } \
    SEPTUM_INLINE V septum_over_##suffix(V a, V b) { return a > b; } \
    SEPTUM_INLINE V septum_at_least_##suffix(V a, V b) { return a >= b; } \
    SEPTUM_INLINE V septum_same_##suffix(V a, V b) { return a == b; }

SEPTUM_INLINE septum_i16 septum_load_i16(const void *_Nonnull p) { septum_i16 v; __builtin_memcpy(&v, p, sizeof v); return v; }

SEPTUM_INTEGERS(i16, septum_i16, int32_t)
SEPTUM_INTEGERS(l8, septum_l8, int64_t)

SEPTUM_INLINE septum_i16 septum_bits(septum_f16 x) { return (septum_i16)x; }
SEPTUM_INLINE septum_f16 septum_float(septum_i16 x) { return (septum_f16)x; }
SEPTUM_INLINE septum_l8 septum_bits_d8(septum_d8 x) { return (septum_l8)x; }
SEPTUM_INLINE septum_d8 septum_double(septum_l8 x) { return (septum_d8)x; }

SEPTUM_INLINE septum_f16 septum_floor(septum_f16 x) { return __builtin_elementwise_floor(x); }
SEPTUM_INLINE septum_f16 septum_ceil(septum_f16 x) { return __builtin_elementwise_ceil(x); }
SEPTUM_INLINE septum_f16 septum_sqrt(septum_f16 x) { return __builtin_elementwise_sqrt(x); }

/// Double from the low or high eight floats, exactly.
SEPTUM_INLINE septum_d8 septum_widen_low(septum_f16 x) {
    return __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7), septum_d8);
}
SEPTUM_INLINE septum_d8 septum_widen_high(septum_f16 x) {
    return __builtin_convertvector(__builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15), septum_d8);
}
/// Float from double, to nearest even.
SEPTUM_INLINE septum_f16 septum_narrow(septum_d8 low, septum_d8 high) {
    return __builtin_shufflevector(
        __builtin_convertvector(low, septum_f8), __builtin_convertvector(high, septum_f8), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
        12, 13, 14, 15);
}

/// The larger of two; NaN where either is.
SEPTUM_INLINE septum_f16 septum_maximum(septum_f16 a, septum_f16 b) { return septum_pick_f16((a > b) | (a != a), a, b); }

/// a > b ? a : b, in one instruction where there is one: `b` where either is NaN.
SEPTUM_INLINE septum_f16 septum_larger(septum_f16 a, septum_f16 b) {
#if defined(__AVX512F__)
    return (septum_f16)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
    union { septum_f16 v; __m256 h[2]; } x = {a}, y = {b};
    y.h[0] = _mm256_max_ps(x.h[0], y.h[0]);
    y.h[1] = _mm256_max_ps(x.h[1], y.h[1]);
    return y.v;
#else
    return septum_pick_f16(a > b, a, b);
#endif
}

/// a < b ? a : b, in one instruction where there is one: `b` where either is NaN.
SEPTUM_INLINE septum_f16 septum_smaller(septum_f16 a, septum_f16 b) {
#if defined(__AVX512F__)
    return (septum_f16)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
    union { septum_f16 v; __m256 h[2]; } x = {a}, y = {b};
    y.h[0] = _mm256_min_ps(x.h[0], y.h[0]);
    y.h[1] = _mm256_min_ps(x.h[1], y.h[1]);
    return y.v;
#else
    return septum_pick_f16(a < b, a, b);
#endif
}

/// Asks for the line of memory that an address lies in, for the second-level cache.
SEPTUM_INLINE void septum_fetch(const float *_Nonnull p) { __builtin_prefetch(p, 0, 2); }

/// table[i % 16] for each of sixteen places.
SEPTUM_INLINE septum_f16 septum_choose(septum_f16 table, septum_i16 i) {
#if defined(__AVX512F__)
    return (septum_f16)_mm512_permutexvar_ps((__m512i)i, (__m512)table);
#elif defined(__AVX2__)
    union { septum_f16 v; __m256 h[2]; } t = {table}, r;
    union { septum_i16 v; __m256i h[2]; } at = {i};
    for (int k = 0; k < 2; k++) {
        const __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(at.h[k], 28));
        r.h[k] = _mm256_blendv_ps(_mm256_permutevar8x32_ps(t.h[0], at.h[k]), _mm256_permutevar8x32_ps(t.h[1], at.h[k]), upper);
    }
    return r.v;
#else
    septum_f16 r;
    for (int k = 0; k < 16; k++) r[k] = table[i[k] & 15];
    return r;
#endif
}

/* The fixed halving tree: lane i with lane i + 8, then 4, 2, 1. */
#define SEPTUM_TREE(name, JOIN) \
    SEPTUM_INLINE float septum_tree_##name(septum_f16 v) { \
        v = JOIN(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)); \
        v = JOIN(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7)); \
        v = JOIN(v, __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3)); \
        v = JOIN(v, __builtin_shufflevector(v, v, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)); \
        return v[0]; \
    }

SEPTUM_TREE(sum, septum_add_f16)
SEPTUM_TREE(product, septum_multiply_f16)
SEPTUM_TREE(maximum, septum_maximum)
SEPTUM_TREE(larger, septum_larger)

/// Lanes [0, n) of `v`, `other` elsewhere.
SEPTUM_INLINE septum_f16 septum_keep(long n, septum_f16 v, septum_f16 other) {
    const septum_i16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return septum_pick_f16(lane < (int32_t)n, v, other);
}

/// `septum_choose` where every place is one of 12...15 and 0...3, for half of what that takes where registers hold eight.
SEPTUM_INLINE septum_f16 septum_choose_near(septum_f16 table, septum_i16 i) {
#if defined(__AVX2__) && !defined(__AVX512F__)
    union { septum_f16 v; __m256 h[2]; } t = {table}, r;
    union { septum_i16 v; __m256i h[2]; } at = {i};
    const __m256 near = _mm256_blend_ps(t.h[0], t.h[1], 0xf0);
    for (int k = 0; k < 2; k++) r.h[k] = _mm256_permutevar8x32_ps(near, at.h[k]);
    return r.v;
#else
    return septum_choose(table, i);
#endif
}

/// Whether any lane of a mask is set.
SEPTUM_INLINE int septum_any(septum_i16 m) {
#if defined(__AVX2__) && !defined(__AVX512F__)
    union { septum_i16 v; __m256i h[2]; } x = {m};
    const __m256i either = _mm256_or_si256(x.h[0], x.h[1]);
    return !_mm256_testz_si256(either, either);
#else
    int32_t r = 0;
    for (int i = 0; i < 16; i++) r |= m[i];
    return r != 0;
#endif
}

/// r * 2^n, rounded once, for integral n in [-162, 140] and r in [0.125, 2), or n = 0 and any r.
SEPTUM_INLINE septum_f16 septum_scale(septum_f16 r, septum_f16 n) {
#if defined(__AVX512F__)
    return (septum_f16)_mm512_scalef_ps((__m512)r, (__m512)n);
#else
    const septum_i16 i = __builtin_convertvector(n, septum_i16), h = i >> 1;
    return (r * (septum_f16)((h + 127) << 23)) * (septum_f16)((i - h + 127) << 23);
#endif
}

/// The first `count` (1...15) of 16 lanes from memory, the others zero; reads nothing beyond.
SEPTUM_INLINE septum_f16 septum_load_first(const float *_Nonnull p, long count) {
#if defined(__AVX512F__)
    return (septum_f16)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#elif defined(__AVX2__)
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i n = _mm256_set1_epi32((int)count);
    union { __m256 h[2]; septum_f16 v; } r;
    r.h[0] = _mm256_maskload_ps(p, _mm256_cmpgt_epi32(n, lane));
    r.h[1] = _mm256_maskload_ps(p + 8, _mm256_cmpgt_epi32(n, _mm256_add_epi32(lane, _mm256_set1_epi32(8))));
    return r.v;
#else
    septum_f16 r = {0};
    for (long i = 0; i < count; i++) r[i] = p[i];
    return r;
#endif
}

/// Writes the first `count` (1...15) of 16 lanes and nothing beyond.
SEPTUM_INLINE void septum_store_first(float *_Nonnull p, long count, septum_f16 v) {
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
#elif defined(__AVX2__)
    // In pieces: before AVX-512, a masked store takes AMD's processors a dozen cycles.
    union { septum_f16 v; __m256 h[2]; } r = {v};
    if (count & 8) {
        _mm256_storeu_ps(p, r.h[0]);
        r.h[0] = r.h[1];
        p += 8;
    }
    __m128 q = _mm256_castps256_ps128(r.h[0]);
    if (count & 4) {
        _mm_storeu_ps(p, q);
        q = _mm256_extractf128_ps(r.h[0], 1);
        p += 4;
    }
    if (count & 2) {
        _mm_storel_pi((__m64 *)(void *)p, q);
        q = _mm_movehl_ps(q, q);
        p += 2;
    }
    if (count & 1) _mm_store_ss(p, q);
#else
    for (long i = 0; i < count; i++) p[i] = v[i];
#endif
}

#if defined(__AVX2__) && !defined(__AVX512F__)
/// Eight lanes from `first` on of a mask of lanes [from, to).
SEPTUM_INLINE __m256i septum_lanes(int first, long from, long to) {
    const __m256i lane = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(first));
    return _mm256_andnot_si256(
        _mm256_cmpgt_epi32(_mm256_set1_epi32((int)from), lane), _mm256_cmpgt_epi32(_mm256_set1_epi32((int)to), lane));
}
#endif

/// Writes lanes [from, to) of 16, fewer than all, to their places and nothing else.
SEPTUM_INLINE void septum_store_range(float *_Nonnull p, long from, long to, septum_f16 v) {
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << to) - (1u << from)), (__m512)v);
#elif defined(__AVX2__)
    if (from > 0) v = septum_choose(v, (septum_i16){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} + (int32_t)from);
    septum_store_first(p + from, to - from, v);
#else
    for (long i = from; i < to; i++) p[i] = v[i];
#endif
}

/// Lanes [from, to) of 16 from their places, the others zero; reads nothing else.
SEPTUM_INLINE septum_f16 septum_load_range(const float *_Nonnull p, long from, long to) {
#if defined(__AVX512F__)
    return (septum_f16)_mm512_maskz_loadu_ps((__mmask16)((1u << to) - (1u << from)), p);
#elif defined(__AVX2__)
    union { __m256 h[2]; septum_f16 v; } r;
    r.h[0] = _mm256_maskload_ps(p, septum_lanes(0, from, to));
    r.h[1] = _mm256_maskload_ps(p + 8, septum_lanes(8, from, to));
    return r.v;
#else
    septum_f16 r = {0};
    for (long i = from; i < to; i++) r[i] = p[i];
    return r;
#endif
}

/// Lanes [from, to) of `v`, `other` elsewhere.
SEPTUM_INLINE septum_f16 septum_keep_range(long from, long to, septum_f16 v, septum_f16 other) {
    const septum_i16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return septum_pick_f16((lane >= (int32_t)from) & (lane < (int32_t)to), v, other);
}

/// The even lanes of 32.
SEPTUM_INLINE septum_f16 septum_even(septum_f16 a, septum_f16 b) {
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

/// The odd lanes of 32.
SEPTUM_INLINE septum_f16 septum_odd(septum_f16 a, septum_f16 b) {
    return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

/* Of quarters of two vectors: the lower and the upper pairs, elements by turns; whole pairs; and the even and odd quarters. */
#define SEPTUM_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define SEPTUM_HIGH(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define SEPTUM_LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define SEPTUM_HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define SEPTUM_EVEN_QUARTERS(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define SEPTUM_ODD_QUARTERS(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)

/// Writes `count` (1...12) elements of one row, with an addend and a Relu after it on request.
SEPTUM_INLINE void septum_put_row(
    float *_Nonnull y, const float *_Nullable addend, long count, int relu, septum_f16 v) {
    if (addend) v += septum_load_first(addend, count);
    if (relu) v = septum_pick_f16(v < 0, (septum_f16){0}, v);
    septum_store_first(y, count, v);
}

/// Lane by lane of twelve vectors: rows `size` apart, `rows` (sixteen or less) of them, `count` elements of each.
SEPTUM_INLINE void septum_put_columns(
    float *_Nonnull y, const float *_Nullable addend, long size, long rows, long count, int relu, septum_f16 a, septum_f16 b,
    septum_f16 c, septum_f16 d, septum_f16 e, septum_f16 f, septum_f16 g, septum_f16 h, septum_f16 i, septum_f16 j, septum_f16 k,
    septum_f16 l) {
    const septum_f16 ab = SEPTUM_LOW(a, b), cd = SEPTUM_LOW(c, d), ef = SEPTUM_LOW(e, f), gh = SEPTUM_LOW(g, h);
    const septum_f16 ij = SEPTUM_LOW(i, j), kl = SEPTUM_LOW(k, l);
    const septum_f16 ab2 = SEPTUM_HIGH(a, b), cd2 = SEPTUM_HIGH(c, d), ef2 = SEPTUM_HIGH(e, f), gh2 = SEPTUM_HIGH(g, h);
    const septum_f16 ij2 = SEPTUM_HIGH(i, j), kl2 = SEPTUM_HIGH(k, l);
    /* Four rows from lane `n` on, a quarter each. */
#define SEPTUM_ROWS(n, A, B, C) { \
        const septum_f16 p = A, q = B, r = C, zero = {0}; \
        const septum_f16 even = SEPTUM_EVEN_QUARTERS(p, q), odd = SEPTUM_ODD_QUARTERS(p, q); \
        const septum_f16 even2 = SEPTUM_EVEN_QUARTERS(r, zero), odd2 = SEPTUM_ODD_QUARTERS(r, zero); \
        const septum_f16 row[4] = { \
            SEPTUM_EVEN_QUARTERS(even, even2), SEPTUM_EVEN_QUARTERS(odd, odd2), SEPTUM_ODD_QUARTERS(even, even2), \
            SEPTUM_ODD_QUARTERS(odd, odd2)}; \
        for (int m = 0; m < 4; m++) { \
            const long at = n + 4 * m; \
            if (at < rows) septum_put_row(y + at * size, addend ? addend + at * size : 0, count, relu, row[m]); \
        } \
    }
    SEPTUM_ROWS(0, SEPTUM_LOW_PAIRS(ab, cd), SEPTUM_LOW_PAIRS(ef, gh), SEPTUM_LOW_PAIRS(ij, kl))
    SEPTUM_ROWS(1, SEPTUM_HIGH_PAIRS(ab, cd), SEPTUM_HIGH_PAIRS(ef, gh), SEPTUM_HIGH_PAIRS(ij, kl))
    SEPTUM_ROWS(2, SEPTUM_LOW_PAIRS(ab2, cd2), SEPTUM_LOW_PAIRS(ef2, gh2), SEPTUM_LOW_PAIRS(ij2, kl2))
    SEPTUM_ROWS(3, SEPTUM_HIGH_PAIRS(ab2, cd2), SEPTUM_HIGH_PAIRS(ef2, gh2), SEPTUM_HIGH_PAIRS(ij2, kl2))
#undef SEPTUM_ROWS
}

#if defined(__AVX2__) && !defined(__AVX512F__)
/// Lane by lane of six vectors: sixteen rows of six elements, `size` apart.
SEPTUM_INLINE void septum_put_six(
    float *_Nonnull y, long size, septum_f16 a, septum_f16 b, septum_f16 c, septum_f16 d, septum_f16 e, septum_f16 f) {
    union { septum_f16 v; __m256 h[2]; } A = {a}, B = {b}, C = {c}, D = {d}, E = {e}, F = {f};
    for (int h = 0; h < 2; h++) {
        const __m256 ab = _mm256_unpacklo_ps(A.h[h], B.h[h]), ab2 = _mm256_unpackhi_ps(A.h[h], B.h[h]);
        const __m256 cd = _mm256_unpacklo_ps(C.h[h], D.h[h]), cd2 = _mm256_unpackhi_ps(C.h[h], D.h[h]);
        /* The first four of rows r and r + 4, and the last two of rows r, r + 1, r + 4 and r + 5. */
        const __m256 four[4] = {
            _mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee), _mm256_shuffle_ps(ab2, cd2, 0x44),
            _mm256_shuffle_ps(ab2, cd2, 0xee)};
        const __m256 two[2] = {_mm256_unpacklo_ps(E.h[h], F.h[h]), _mm256_unpackhi_ps(E.h[h], F.h[h])};
        for (int r = 0; r < 4; r++) {
            float *_Nonnull const low = y + (8 * h + r) * size, *_Nonnull const high = low + 4 * size;
            _mm_storeu_ps(low, _mm256_castps256_ps128(four[r]));
            _mm_storeu_ps(high, _mm256_extractf128_ps(four[r], 1));
            const __m128 p = _mm256_castps256_ps128(two[r / 2]), q = _mm256_extractf128_ps(two[r / 2], 1);
            if (r % 2 == 0) {
                _mm_storel_pi((__m64 *)(void *)(low + 4), p);
                _mm_storel_pi((__m64 *)(void *)(high + 4), q);
            } else {
                _mm_storeh_pi((__m64 *)(void *)(low + 4), p);
                _mm_storeh_pi((__m64 *)(void *)(high + 4), q);
            }
        }
    }
}
#endif

/* Small integers, sixteen at a time as int32; the first `count` (1...16), the others zero. */
#define SEPTUM_SMALL(suffix, S) \
    typedef S septum_small_##suffix __attribute__((vector_size(16 * sizeof(S)))); \
    SEPTUM_INLINE septum_i16 septum_load_##suffix(const void *_Nonnull p, long count) { \
        septum_small_##suffix v = {0}; \
        if (count >= 16) __builtin_memcpy(&v, p, sizeof v); \
        else for (long i = 0; i < count; i++) { S s; __builtin_memcpy(&s, (const char *)p + i * sizeof s, sizeof s); v[i] = s; } \
        return __builtin_convertvector(v, septum_i16); \
    } \
    SEPTUM_INLINE void septum_store_##suffix(void *_Nonnull p, long count, septum_i16 x) { \
        const septum_small_##suffix v = __builtin_convertvector(x, septum_small_##suffix); \
        if (count >= 16) __builtin_memcpy(p, &v, sizeof v); \
        else for (long i = 0; i < count; i++) { const S s = v[i]; __builtin_memcpy((char *)p + i * sizeof s, &s, sizeof s); } \
    }

SEPTUM_SMALL(int8, int8_t)
SEPTUM_SMALL(uint8, uint8_t)
SEPTUM_SMALL(int16, int16_t)
SEPTUM_SMALL(uint16, uint16_t)

/// The nearest floats, half to even.
SEPTUM_INLINE septum_f16 septum_from_integers(septum_i16 x) { return __builtin_convertvector(x, septum_f16); }
/// The integers that whole floats below 2^31 are.
SEPTUM_INLINE septum_i16 septum_to_integers(septum_f16 x) { return __builtin_convertvector(x, septum_i16); }

/// Writes the first `count` (1...16) of 16 lanes and nothing beyond.
SEPTUM_INLINE void septum_store_first_i16(void *_Nonnull p, long count, septum_i16 v) {
    if (count >= 16) __builtin_memcpy(p, &v, sizeof v);
    else septum_store_first((float *)p, count, (septum_f16)v);
}

/// Adds to each lane the products of its two int16 of `a` and `b`.
SEPTUM_INLINE septum_i16 septum_dot_pairs(septum_i16 sums, septum_i16 a, septum_i16 b) {
#if defined(__AVX512BW__)
    return sums + (septum_i16)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    union { septum_i16 v; __m256i h[2]; } x = {a}, y = {b};
    y.h[0] = _mm256_madd_epi16(x.h[0], y.h[0]);
    y.h[1] = _mm256_madd_epi16(x.h[1], y.h[1]);
    return sums + y.v;
#elif defined(__SSE2__)
    union { septum_i16 v; __m128i q[4]; } x = {a}, y = {b};
    for (int i = 0; i < 4; i++) y.q[i] = _mm_madd_epi16(x.q[i], y.q[i]);
    return sums + y.v;
#else
    return sums + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

#if defined(__AVX512F__)
/// Adds to each lane the products of its four unsigned bytes of `a` and signed ones of `b`; for processors with AVX512-VNNI, and
/// as an instruction by its name because the rest of the code is compiled for all with AVX-512.
SEPTUM_INLINE septum_i16 septum_dot_bytes(septum_i16 sums, septum_i16 a, septum_i16 b) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b));
    return sums;
}
#endif
