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

/// Exits `first` to `first` + 3 of two levels: the left child, the right one, then their parent.
SEPTUM_INLINE __m256i septum_of_four(
    const septum_table *_Nonnull t, long parts, _Bool permutes, const uint8_t *_Nonnull nodes, int first) {
    const __m256i start = _mm256_set1_epi8((char)first), middle = _mm256_set1_epi8((char)(first + 2));
    return septum_right_or_left(
        septum_over(t, parts, permutes, nodes + 128), _mm256_sub_epi8(middle, septum_over(t, parts, permutes, nodes + 64)),
        _mm256_sub_epi8(start, septum_over(t, parts, permutes, nodes)));
}

/// Places of thirty-two trees from `first` on: (tree << own | exit) << shift.
SEPTUM_INLINE void septum_store_places(__m256i exit, int32_t first, long own, long shift, int32_t *_Nonnull places) {
    const __m128i up = _mm_cvtsi32_si128((int)shift), treeUp = _mm_cvtsi32_si128((int)(own + shift));
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i tree = _mm256_sll_epi32(_mm256_add_epi32(_mm256_set1_epi32(first), lanes), treeUp);
    __m128i bytes = _mm256_castsi256_si128(exit);
    for (long i = 0; i < 32; i += 8) {
        const __m256i place = _mm256_add_epi32(tree, _mm256_sll_epi32(_mm256_cvtepu8_epi32(bytes), up));
        _mm256_storeu_si256((__m256i *)(void *)(places + i), place);
        tree = _mm256_add_epi32(tree, _mm256_sll_epi32(_mm256_set1_epi32(8), treeUp));
        bytes = i == 8 ? _mm256_extracti128_si256(exit, 1) : _mm_srli_si128(bytes, 8);
    }
}

/// Where trees leave, each with room for 1 << own exits.
///
/// `nodes` are those of complete trees with three levels at least: of each three-level tree at the bottom the first child of
/// the first child, the second one, their parent, ..., then the levels above, upwards. Oblivious trees have one a level, the
/// first comparison first.
SEPTUM_INLINE void septum_leave(
    const uint8_t *_Nonnull table, long parts, _Bool permutes, const uint8_t *_Nonnull nodes, long levels, _Bool isOblivious,
    int32_t first, long own, int32_t *_Nonnull places) {
    const septum_table t = septum_table_at(table, parts, permutes);
    __m256i exit = _mm256_setzero_si256();
    if (isOblivious) {
        for (long level = 0; level < levels; level++, nodes += 64)
            exit = _mm256_sub_epi8(_mm256_add_epi8(exit, exit), septum_over(&t, parts, permutes, nodes));
    } else {
        __m256i below[8];
        long count = 1L << (levels - 3);
        for (long i = 0; i < count; i++, nodes += 7 * 64) {
            const __m256i left = septum_of_four(&t, parts, permutes, nodes, 0);
            const __m256i right = septum_of_four(&t, parts, permutes, nodes + 3 * 64, 4);
            const __m256i own = septum_right_or_left(septum_over(&t, parts, permutes, nodes + 6 * 64), right, left);
            below[i] = _mm256_or_si256(own, _mm256_set1_epi8((char)(8 * i)));
        }
        while ((count >>= 1) > 0)
            for (long i = 0; i < count; i++, nodes += 64)
                below[i] = septum_right_or_left(septum_over(&t, parts, permutes, nodes), below[2 * i + 1], below[2 * i]);
        exit = below[0];
    }
    septum_store_places(exit, first, own, 0, places);
}

/* Records hold the last three levels of a tree: at places 0, 1, 2, 4, 5, 6 and 7 the slots of a node, its children, and theirs from
   left to right; eight bytes on their thresholds; then eight leaves. A place of 16 * size bytes is theirs, counted in units of
   `size`, the 4 or 8 bytes of a leaf. */

typedef long long septum_32 __attribute__((vector_size(32)));

/// Where trees leave two levels above records, or the left half of three.
SEPTUM_INLINE septum_32 septum_find_left(
    const uint8_t *_Nonnull table, long parts, _Bool permutes, const uint8_t *_Nonnull nodes) {
    const septum_table t = septum_table_at(table, parts, permutes);
    return (septum_32)septum_of_four(&t, parts, permutes, nodes, 0);
}
/// Where they leave all three.
SEPTUM_INLINE septum_32 septum_find_both(
    const uint8_t *_Nonnull table, long parts, _Bool permutes, const uint8_t *_Nonnull nodes, septum_32 left) {
    const septum_table t = septum_table_at(table, parts, permutes);
    const __m256i right = septum_of_four(&t, parts, permutes, nodes + 3 * 64, 4);
    return (septum_32)septum_right_or_left(septum_over(&t, parts, permutes, nodes + 6 * 64), right, (__m256i)left);
}
/// The places of their records.
SEPTUM_INLINE void septum_store_records(septum_32 exit, int32_t first, long levels, int32_t *_Nonnull places) {
    septum_store_places((__m256i)exit, first, levels, 4, places);
}

/// What the records begin with at the first and the fifth of some places.
SEPTUM_INLINE septum_32 septum_two_heads(const void *_Nonnull records, long size, const int32_t *_Nonnull places) {
    uint64_t a = (uint32_t)places[0], b = (uint32_t)places[4];
    // Else compilers multiply places in vectors, and take them out again one by one.
    __asm__("" : "+r"(a), "+r"(b));
    const char *const p = (const char *)records;
    const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)(p + a * (uint64_t)size));
    const __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(p + b * (uint64_t)size));
    return (septum_32)_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

/// Of two records' heads each, as numbers: where the first two levels go right, and where the third one does.
SEPTUM_INLINE __m256i septum_paths(const septum_table *_Nonnull t, long parts, _Bool permutes, __m256i a, __m256i b) {
    const __m256i over = _mm256_cmpgt_epi8(
        septum_bytes_at(t, parts, permutes, _mm256_unpacklo_epi64(a, b)), _mm256_unpackhi_epi64(a, b));
    const __m256i bits = _mm256_set1_epi64x(0x0804020100040201);
    return _mm256_madd_epi16(_mm256_maddubs_epi16(bits, over), _mm256_set1_epi16(-1));
}

/// Places, from the records' own, of the leaves of eight trees. Their heads are those of the first and the fifth, of
/// the second and the sixth, ...
SEPTUM_INLINE void septum_finish(
    const uint8_t *_Nonnull table, long parts, _Bool permutes, septum_32 a, septum_32 b, septum_32 c, septum_32 d,
    const int32_t *_Nonnull places, int32_t *_Nonnull found) {
    const septum_table t = septum_table_at(table, parts, permutes);
    const __m256 first = _mm256_castsi256_ps(septum_paths(&t, parts, permutes, (__m256i)a, (__m256i)b));
    const __m256 second = _mm256_castsi256_ps(septum_paths(&t, parts, permutes, (__m256i)c, (__m256i)d));
    const __m256i upper = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0x88));
    const __m256i third = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0xdd));
    // Which node of the third level: by bits of the first node, of its left child and of its right one.
    const __m256i nodes = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 2, 1, 2, 0, 3, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i node = _mm256_shuffle_epi8(nodes, upper);
    const __m256i right = _mm256_and_si256(_mm256_srlv_epi32(third, node), _mm256_set1_epi32(1));
    const __m256i leaf = _mm256_add_epi32(_mm256_add_epi32(node, node), right);
    _mm256_storeu_si256((__m256i *)(void *)found, _mm256_add_epi32(septum_load_bytes(places), leaf));
}
#endif
