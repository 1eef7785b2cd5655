#define _GNU_SOURCE
#include "CSeptumCPU.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

static unsigned long long enabled_state(void) {
    unsigned a, d;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return ((unsigned long long)d << 32) | a;
}

int septum_cpu_level(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 1;
    const unsigned first = bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C;
    if ((c & first) != first) return 1;
    const unsigned long long state = enabled_state();
    if ((state & 0x6) != 0x6) return 1;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 1;
    const unsigned seventh = bit_BMI | bit_AVX2 | bit_BMI2;
    if ((b & seventh) != seventh) return 1;
    unsigned a2, b2, c2, d2;
    if (!__get_cpuid(0x80000001, &a2, &b2, &c2, &d2) || !(c2 & bit_LZCNT)) return 1;
    const unsigned wide = bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL;
    return (b & wide) == wide && (state & 0xe6) == 0xe6 ? 4 : 3;
}

int septum_cpu_multiplies_bytes(void) {
    unsigned a, b, c, d;
    return septum_cpu_level() >= 4 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_AVX512VNNI) != 0;
}

int septum_cpu_has_byte_permutes(void) {
    unsigned a, b, c, d;
    return septum_cpu_level() >= 4 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_AVX512VBMI) != 0;
}

int septum_cpu_has_tiles(void) {
#if defined(__linux__)
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    unsigned a, b, c, d;
    const unsigned tiles = 1u << 24 | 1u << 25;
    return septum_cpu_multiplies_bytes() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & tiles) == tiles &&
           (enabled_state() & 0x60000) == 0x60000 && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
    return 0;
#endif
}
#else
int septum_cpu_level(void) { return 1; }
int septum_cpu_multiplies_bytes(void) { return 0; }
int septum_cpu_has_tiles(void) { return 0; }
int septum_cpu_has_byte_permutes(void) { return 0; }
#endif
