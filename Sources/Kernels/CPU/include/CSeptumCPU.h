#pragma once
#include "bytes.h"
#include "deep.h"
#include "lanes.h"
#include "threads.h"
#include "vector.h"

/// The level this processor and its operating system support: 1 baseline, 3 x86-64-v3, 4 x86-64-v4.
int septum_cpu_level(void);
/// Whether there are products of bytes for level 4 (AVX512-VNNI).
int septum_cpu_multiplies_bytes(void);
/// Whether it has AVX-512 VBMI, which permutes bytes.
int septum_cpu_has_byte_permutes(void);
