#pragma once
#include "vector.h"

/* Sixteen walks through trees of eight-byte nodes; see `DeepForest`. */

#if defined(__AVX512F__)
/// Sixteen nodes at once, of which only those of lanes that walk are read.
typedef struct { __m512 threshold; septum_i16 link; __mmask16 walks; } septum_nodes;

SEPTUM_INLINE septum_nodes septum_fetch_nodes(septum_i16 k, const uint64_t *_Nonnull nodes, septum_i16 base) {
    const __m512i none = _mm512_setzero_si512(), place = (__m512i)(k + base);
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __mmask16 walks = _mm512_cmpge_epi32_mask((__m512i)k, none);
    const __m512i low = _mm512_mask_i32gather_epi64(none, (__mmask8)walks, _mm512_castsi512_si256(place), nodes, 8);
    const __m512i high = _mm512_mask_i32gather_epi64(none, (__mmask8)(walks >> 8), _mm512_extracti64x4_epi64(place, 1), nodes, 8);
    return (septum_nodes){
        _mm512_castsi512_ps(_mm512_permutex2var_epi32(low, even, high)),
        (septum_i16)_mm512_permutex2var_epi32(low, _mm512_add_epi32(even, _mm512_set1_epi32(1)), high), walks};
}
SEPTUM_INLINE septum_i16 septum_follow(septum_i16 k, septum_nodes node, __m512 x) {
    const __m512i one = _mm512_set1_epi32(1);
    const __mmask16 right = _mm512_cmp_ps_mask(x, node.threshold, _CMP_NLT_UQ);
    const __mmask16 leftEnds = _mm512_movepi32_mask((__m512i)node.link);
    const __mmask16 rightEnds = _mm512_movepi32_mask((__m512i)(node.link << 1));
    const __m512i first = (__m512i)((node.link >> 10) & 0xfffff);
    const __m512i inner = _mm512_mask_add_epi32(first, (__mmask16)(right & ~leftEnds), first, one);
    const __m512i left = (__m512i)((septum_i16)inner - (k << 1) - 2);
    const __m512i leaf = _mm512_mask_sub_epi32(left, right, left, one);
    const __mmask16 ends = (__mmask16)((right & rightEnds) | (~right & leftEnds));
    return (septum_i16)_mm512_mask_mov_epi32((__m512i)k, node.walks, _mm512_mask_mov_epi32(inner, ends, leaf));
}
#elif defined(__AVX2__)
typedef struct { septum_f16 threshold; septum_i16 link; } septum_nodes;

SEPTUM_INLINE septum_nodes septum_fetch_nodes(septum_i16 k, const uint64_t *_Nonnull nodes, septum_i16 base) {
    union { septum_i16 v; __m256i h[2]; } walks = {~k}, place = {k + base}, link;
    union { septum_f16 v; __m256 h[2]; } threshold;
    const int *_Nonnull const words = (const int *)(const void *)nodes;
    for (int i = 0; i < 2; i++) {
        link.h[i] = _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), words + 1, place.h[i], walks.h[i], 8);
        threshold.h[i] = _mm256_mask_i32gather_ps(
            _mm256_setzero_ps(), (const float *)(const void *)words, place.h[i], _mm256_castsi256_ps(walks.h[i]), 8);
    }
    return (septum_nodes){threshold.v, link.v};
}
SEPTUM_INLINE septum_i16 septum_follow(septum_i16 k, septum_nodes node, septum_f16 x) {
    // A comparison's lanes are 0 or -1.
    const septum_i16 right = ~(septum_i16)(x < node.threshold), link = node.link;
    const septum_i16 inner = ((link >> 10) & 0xfffff) - (right & ~(link >> 31));
    const septum_i16 leaf = inner - (k << 1) - 2 + right;
    const septum_i16 ends = ((right & (link << 1)) | (~right & link)) >> 31, stays = k >> 31;
    return (stays & k) | (~stays & ((ends & leaf) | (~ends & inner)));
}
#endif

#if defined(__AVX2__)
/// One step down for sixteen nodes k; a negative one is a leaf, ~number within its tree, and stays. Nodes stand at `base` + k,
/// what they compare at (slot << shift) + lane.
SEPTUM_INLINE septum_i16 septum_deepen(
    septum_i16 k, const uint64_t *_Nonnull nodes, septum_i16 base, const float *_Nonnull slots, int shift, septum_i16 lane) {
    const septum_nodes node = septum_fetch_nodes(k, nodes, base);
    const septum_i16 at = ((node.link & 1023) << shift) + lane;
#if defined(__AVX512F__)
    return septum_follow(k, node, _mm512_mask_i32gather_ps(_mm512_setzero_ps(), node.walks, (__m512i)at, slots, 4));
#else
    union { septum_i16 v; __m256i h[2]; } walks = {~k}, place = {at};
    union { septum_f16 v; __m256 h[2]; } x;
    for (int i = 0; i < 2; i++)
        x.h[i] = _mm256_mask_i32gather_ps(_mm256_setzero_ps(), slots, place.h[i], _mm256_castsi256_ps(walks.h[i]), 4);
    return septum_follow(k, node, x.v);
#endif
}
#endif

#if defined(__AVX512F__)
/// The same where one row has at most thirty-two slots.
SEPTUM_INLINE septum_i16 septum_deepen_few(
    septum_i16 k, const uint64_t *_Nonnull nodes, septum_i16 base, septum_f16 low, septum_f16 high) {
    const septum_nodes node = septum_fetch_nodes(k, nodes, base);
    return septum_follow(k, node, _mm512_permutex2var_ps((__m512)low, (__m512i)node.link, (__m512)high));
}
#endif

/// Whether all lanes are negative.
SEPTUM_INLINE int septum_all_negative(septum_i16 k) {
#if defined(__AVX512F__)
    return _mm512_movepi32_mask((__m512i)k) == 0xffff;
#elif defined(__AVX2__)
    union { septum_i16 v; __m256 h[2]; } x = {k};
    return (_mm256_movemask_ps(x.h[0]) & _mm256_movemask_ps(x.h[1])) == 255;
#else
    int32_t all = -1;
    for (int i = 0; i < 16; i++) all &= k[i];
    return all < 0;
#endif
}
