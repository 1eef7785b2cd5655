#pragma once
#include "bytes.h"

/* One row through thirty-two trees, a byte for each. All is 256 bits wide: beside wider instructions some processors add slower. */

/// What the bytes of a row are turned by, since bytes are compared as signed ones.
SEPTUM_INLINE uint8_t septum_row_bias(void) {
#if defined(__AVX2__)
    return 128;
#else
    return 0;
#endif
}

#if defined(__AVX2__)
/// A table of 16 * parts bytes; parts are 1, 2, 4, 8 or 16. `permutes`: with VBMI, which septum_cpu_has_byte_permutes tells.
typedef struct { __m256i part[16]; } septum_table;

SEPTUM_INLINE __m256i septum_load_bytes(const void *_Nonnull p) { return _mm256_loadu_si256((const __m256i *)p); }

SEPTUM_INLINE septum_table septum_table_at(const uint8_t *_Nonnull p, long parts, _Bool permutes) {
    septum_table t;
    if (permutes) {
        for (long i = 0; 2 * i < parts; i++) t.part[i] = septum_load_bytes(p + 32 * i);
    } else {
        for (long i = 0; i < parts; i++)
            t.part[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)));
    }
    return t;
}

/* One of two where bit BIT of a place tells. */
#define SEPTUM_EITHER(BIT, LOW, HIGH) _mm256_blendv_epi8(LOW, HIGH, _mm256_slli_epi16(at, 7 - (BIT)))
SEPTUM_INLINE __m256i septum_of_32(const septum_table *_Nonnull t, long i, __m256i at) {
    return SEPTUM_EITHER(4, _mm256_shuffle_epi8(t->part[i], at), _mm256_shuffle_epi8(t->part[i + 1], at));
}
SEPTUM_INLINE __m256i septum_of_64(const septum_table *_Nonnull t, long i, __m256i at) {
    return SEPTUM_EITHER(5, septum_of_32(t, i, at), septum_of_32(t, i + 2, at));
}
SEPTUM_INLINE __m256i septum_of_128(const septum_table *_Nonnull t, long i, __m256i at) {
    return SEPTUM_EITHER(6, septum_of_64(t, i, at), septum_of_64(t, i + 4, at));
}
#if defined(__AVX512VL__)
/* The level v4 does not contain VBMI, hence the assembler. */
SEPTUM_INLINE __m256i septum_permute_32(const septum_table *_Nonnull t, __m256i at) {
    __m256i x;
    __asm__("vpermb %2, %1, %0" : "=v"(x) : "v"(at), "v"(t->part[0]));
    return x;
}
SEPTUM_INLINE __m256i septum_permute_64(const septum_table *_Nonnull t, long i, __m256i at) {
    __m256i x = at;
    __asm__("vpermi2b %2, %1, %0" : "+v"(x) : "v"(t->part[i]), "v"(t->part[i + 1]));
    return x;
}
SEPTUM_INLINE __m256i septum_permute_128(const septum_table *_Nonnull t, long i, __m256i at) {
    return SEPTUM_EITHER(6, septum_permute_64(t, i, at), septum_permute_64(t, i + 2, at));
}
#endif

/// The bytes of a table at places within it; what stands at others means nothing.
SEPTUM_INLINE __m256i septum_bytes_at(const septum_table *_Nonnull t, long parts, _Bool permutes, __m256i at) {
#if defined(__AVX512VL__)
    if (permutes) {
        if (parts <= 2) return septum_permute_32(t, at);
        if (parts == 4) return septum_permute_64(t, 0, at);
        if (parts == 8) return septum_permute_128(t, 0, at);
        return SEPTUM_EITHER(7, septum_permute_128(t, 0, at), septum_permute_128(t, 4, at));
    }
#endif
    (void)permutes;
    if (parts == 1) return _mm256_shuffle_epi8(t->part[0], at);
    if (parts == 2) return septum_of_32(t, 0, at);
    if (parts == 4) return septum_of_64(t, 0, at);
    if (parts == 8) return septum_of_128(t, 0, at);
    const __m256i low = _mm256_and_si256(at, _mm256_set1_epi8(127));
    return SEPTUM_EITHER(7, septum_of_128(t, 0, low), septum_of_128(t, 8, low));
}
#undef SEPTUM_EITHER

/// All bits where the byte at a node's slot is over its threshold; thirty-two slots stand before their thresholds.
SEPTUM_INLINE __m256i septum_over(const septum_table *_Nonnull t, long parts, _Bool permutes, const uint8_t *_Nonnull node) {
    return _mm256_cmpgt_epi8(septum_bytes_at(t, parts, permutes, septum_load_bytes(node)), septum_load_bytes(node + 32));
}

SEPTUM_INLINE __m256i septum_right_or_left(__m256i over, __m256i right, __m256i left) {
#if defined(__AVX512VL__)
    return _mm256_ternarylogic_epi32(over, right, left, 0xca);
#else
    return _mm256_blendv_epi8(left, right, over);
#endif
}

/// Where trees `first` to `first` + 31 are left, of which `last` is the last there is: (tree << own | exit) << shift.
///
/// `nodes` are those of complete trees with three levels at least: of each three-level tree at the bottom the first child of
/// the first child, the second one, their parent, ..., then the levels above, upwards. Oblivious trees have one a level, the
/// first comparison first.
SEPTUM_INLINE void septum_leave(
    const uint8_t *_Nonnull table, long parts, _Bool permutes, const uint8_t *_Nonnull nodes, long levels, _Bool isOblivious,
    int32_t first, int32_t last, long own, long shift, int32_t *_Nonnull places) {
    const septum_table t = septum_table_at(table, parts, permutes);
#define SEPTUM_OVER(NODE) septum_over(&t, parts, permutes, nodes + 64 * (NODE))
    __m256i exit = _mm256_setzero_si256();
    if (isOblivious) {
        for (long level = 0; level < levels; level++, nodes += 64)
            exit = _mm256_sub_epi8(_mm256_add_epi8(exit, exit), SEPTUM_OVER(0));
    } else {
        __m256i below[8];
        long count = 1L << (levels - 3);
        for (long i = 0; i < count; i++, nodes += 7 * 64) {
            __m256i a = _mm256_sub_epi8(_mm256_setzero_si256(), SEPTUM_OVER(0));
            a = septum_right_or_left(SEPTUM_OVER(2), _mm256_sub_epi8(_mm256_set1_epi8(2), SEPTUM_OVER(1)), a);
            __m256i b = _mm256_sub_epi8(_mm256_set1_epi8(4), SEPTUM_OVER(3));
            b = septum_right_or_left(SEPTUM_OVER(5), _mm256_sub_epi8(_mm256_set1_epi8(6), SEPTUM_OVER(4)), b);
            below[i] = _mm256_or_si256(septum_right_or_left(SEPTUM_OVER(6), b, a), _mm256_set1_epi8((char)(8 * i)));
        }
        while ((count >>= 1) > 0)
            for (long i = 0; i < count; i++, nodes += 64) below[i] = septum_right_or_left(SEPTUM_OVER(0), below[2 * i + 1], below[2 * i]);
        exit = below[0];
    }
#undef SEPTUM_OVER
    const __m256i up = _mm256_set1_epi32((int32_t)shift), treeUp = _mm256_set1_epi32((int32_t)(own + shift));
    __m256i tree = _mm256_add_epi32(_mm256_set1_epi32(first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    __m128i bytes = _mm256_castsi256_si128(exit);
    for (long i = 0; i < 32; i += 8) {
        const __m256i start = _mm256_sllv_epi32(_mm256_min_epi32(tree, _mm256_set1_epi32(last)), treeUp);
        const __m256i place = _mm256_add_epi32(start, _mm256_sllv_epi32(_mm256_cvtepu8_epi32(bytes), up));
        _mm256_storeu_si256((__m256i *)(void *)(places + i), place);
        tree = _mm256_add_epi32(tree, _mm256_set1_epi32(8));
        bytes = i == 8 ? _mm256_extracti128_si256(exit, 1) : _mm_srli_si128(bytes, 8);
    }
}

/// Leaves of thirty-two records, of which four follow on each: three slots (a node, its left child, its right one), a byte, and
/// three thresholds. Places are in units of `size`, 4 or 8; the leaf's number is added to them.
SEPTUM_INLINE void septum_finish(
    const uint8_t *_Nonnull table, long parts, _Bool permutes, const void *_Nonnull records, long size,
    const int32_t *_Nonnull places, int32_t *_Nonnull found) {
    const septum_table t = septum_table_at(table, parts, permutes);
    const __m256i weights = _mm256_set1_epi64x(0x040201), zero = _mm256_setzero_si256();
    const __m256i leaves = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 2, 1, 2, 0, 3, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0));
    for (long i = 0; i < 32; i += 8) {
        const __m256i at = septum_load_bytes(places + i);
#if defined(__AVX512VL__)
        const __m256i even = _mm256_and_si256(at, _mm256_set1_epi64x(0xffffffff)), odd = _mm256_srli_epi64(at, 32);
        const long long *const p = (const long long *)records;
        const __m256i a = size == 4 ? _mm256_i64gather_epi64(p, even, 4) : _mm256_i64gather_epi64(p, even, 8);
        const __m256i b = size == 4 ? _mm256_i64gather_epi64(p, odd, 4) : _mm256_i64gather_epi64(p, odd, 8);
#else
        // Loads of their own are faster than a gather on many processors.
        int64_t head[8];
        for (long j = 0; j < 8; j++)
            __builtin_memcpy(head + j, (const char *)records + (int64_t)places[i + j] * size, sizeof *head);
        const __m256i a = _mm256_setr_epi64x(head[0], head[2], head[4], head[6]);
        const __m256i b = _mm256_setr_epi64x(head[1], head[3], head[5], head[7]);
#endif
#define SEPTUM_RIGHT(X) \
    _mm256_sad_epu8( \
        _mm256_and_si256(_mm256_cmpgt_epi8(septum_bytes_at(&t, parts, permutes, X), _mm256_srli_epi64(X, 32)), weights), zero)
        const __m256i right = _mm256_or_si256(SEPTUM_RIGHT(a), _mm256_slli_epi64(SEPTUM_RIGHT(b), 32));
#undef SEPTUM_RIGHT
        _mm256_storeu_si256((__m256i *)(void *)(found + i), _mm256_add_epi32(at, _mm256_shuffle_epi8(leaves, right)));
    }
}
#endif
