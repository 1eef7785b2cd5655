#!/bin/bash
# Two proofs that code for one instruction set stays inside its target. Run after `swift build --build-tests`.
# 1. No object of an instruction-set target defines a shared (weak) symbol that is not the target's own: the linker keeps one
#    copy of a shared symbol, and a baseline caller might get the AVX one. And no baseline object uses a wide register.
# 2. The kernels' tests pass on an emulated processor without AVX.
set -u
cd "$(dirname "$0")/../.."
build=.build/${1:-debug}
[ "$(uname -m)" = x86_64 ] || { echo "check-isa: nothing to check on $(uname -m)"; exit 0; }
bad=0
for module in SeptumKernelsV3 SeptumKernelsV4; do
    objects=("$build/$module.build/"*.o)
    [ -e "${objects[0]}" ] || { echo "check-isa: no objects of $module in $build"; exit 2; }
    shared=$(nm "${objects[@]}" | awk '$2 ~ /^[WVwvu]$/ { print $3 }' | grep -v "$module" || true)
    if [ -n "$shared" ]; then
        echo "check-isa: $module defines shared symbols:"
        swift demangle <<<"$shared"
        bad=1
    fi
    objdump -d "${objects[@]}" | grep -q '%ymm' || { echo "check-isa: $module has no vector code"; bad=1; }
done
for module in SeptumKernelsBaseline SeptumKernels SeptumKernelTable CSeptumCPU; do
    objects=("$build/$module.build/"*.o)
    [ -e "${objects[0]}" ] || { echo "check-isa: no objects of $module in $build"; exit 2; }
    if objdump -d "${objects[@]}" | grep -q '%[yz]mm'; then
        echo "check-isa: $module uses registers beyond the baseline"
        bad=1
    fi
done
[ $bad = 0 ] || exit 1
echo "check-isa: symbols and registers are separate in $build"

emulator=$(command -v qemu-x86_64) || { echo "check-isa: qemu-x86_64 not found (apt install qemu-user)"; exit 2; }
tests=$build/septumPackageTests.xctest
[ -x "$tests" ] || { echo "check-isa: $tests not built (swift build --build-tests)"; exit 2; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$emulator" -cpu Nehalem "$tests" --testing-library swift-testing --filter KernelsTests >"$log" 2>&1
status=$?
if [ $status != 0 ] || ! grep -q 'Test run with [1-9][0-9]* tests .* passed' "$log"; then
    tail -20 "$log"
    echo "check-isa: tests failed on Nehalem (status $status)"
    exit 1
fi
echo "check-isa: on Nehalem: $(grep -o 'Test run with .*' "$log")"
