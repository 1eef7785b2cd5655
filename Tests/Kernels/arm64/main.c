/* Prints what exercise.swift reports. */
#include <stdint.h>
#include <stdio.h>

void exercise(void);

void report(int32_t kernel, uint64_t hash) { printf("%d %016llx\n", kernel, (unsigned long long)hash); }

int main(void) {
    exercise();
    return 0;
}
