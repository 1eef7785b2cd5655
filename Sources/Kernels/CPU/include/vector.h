#pragma once
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* What Swift's SIMD types cannot say in one instruction. Every function gives the same bits on every instruction set. */

typedef float septum_f16 __attribute__((vector_size(64)));
typedef int32_t septum_i16 __attribute__((vector_size(64)));
typedef float septum_f8 __attribute__((vector_size(32)));
typedef double septum_d8 __attribute__((vector_size(64)));

#define SEPTUM_INLINE static inline __attribute__((always_inline))

SEPTUM_INLINE septum_f16 septum_floor(septum_f16 x) { return __builtin_elementwise_floor(x); }
SEPTUM_INLINE septum_f16 septum_ceil(septum_f16 x) { return __builtin_elementwise_ceil(x); }
SEPTUM_INLINE septum_f16 septum_sqrt(septum_f16 x) { return __builtin_elementwise_sqrt(x); }

/// Double from float, exactly.
SEPTUM_INLINE septum_d8 septum_widen(septum_f8 x) { return __builtin_convertvector(x, septum_d8); }
/// Float from double, to nearest even.
SEPTUM_INLINE septum_f8 septum_narrow(septum_d8 x) { return __builtin_convertvector(x, septum_f8); }

/// r * 2^n, rounded once, for integral n in [-160, 140] and r in [0.5, 2).
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
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i n = _mm256_set1_epi32((int)count);
    union { septum_f16 v; __m256 h[2]; } r = {v};
    _mm256_maskstore_ps(p, _mm256_cmpgt_epi32(n, lane), r.h[0]);
    _mm256_maskstore_ps(p + 8, _mm256_cmpgt_epi32(n, _mm256_add_epi32(lane, _mm256_set1_epi32(8))), r.h[1]);
#else
    for (long i = 0; i < count; i++) p[i] = v[i];
#endif
}
