#pragma once
#include "bytes.h"
#include "deep.h"
#include "lanes.h"
#include "threads.h"
#include "tiles.h"
#include "turn.h"
#include "vector.h"

/// The level this processor and its operating system support: 1 baseline, 3 x86-64-v3, 4 x86-64-v4.
int septum_cpu_level(void);
/// Whether there are products of bytes for level 4 (AVX512-VNNI).
int septum_cpu_multiplies_bytes(void);
/// Whether there are products of tiles of bytes for level 4 (AMX-INT8). The operating system is asked for them: from then on a
/// thread that uses them has eight kilobytes more of state, and stacks of signal handlers must have room for it.
int septum_cpu_has_tiles(void);
/// Whether it has AVX-512 VBMI, which permutes bytes.
int septum_cpu_has_byte_permutes(void);
