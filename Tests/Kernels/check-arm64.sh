#!/bin/bash
# Builds the kernels for arm64, with the Embedded Swift library of the toolchain, as they need no more of the standard library;
# and runs them on an emulated processor: what they give must have the bits that the same kernels give on this machine.
set -eu
cd "$(dirname "$0")/../.."
[ "$(uname -m)" = x86_64 ] || { echo "check-arm64: nothing to check on $(uname -m)"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
library=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")/lib/swift/embedded/Swift.swiftmodule
[ -e "$library/aarch64-none-none-elf.swiftmodule" ] || { echo "check-arm64: the toolchain has no Embedded Swift for arm64"; exit 0; }

# build TARGET FOLDER [FLAG...]: the kernels and what exercises them, as one object each
build() {
    local target=$1 out=$2
    shift 2
    mkdir -p "$out"
    cat >"$out/module.modulemap" <<END
module CSeptumCPU { header "$PWD/Sources/Kernels/CPU/include/CSeptumCPU.h" export * }
END
    local flags=(-enable-experimental-feature Embedded -enable-experimental-feature Extern -target "$target" -wmo -parse-as-library
        -Ounchecked -package-name septum -swift-version 6 -I "$out" -Xcc -fmodule-map-file="$out/module.modulemap"
        -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
        -enable-upcoming-feature MemberImportVisibility -Xcc -fno-math-errno -Xfrontend -disable-reflection-metadata
        -Xfrontend -disable-stack-protector -Xllvm -vectorize-slp=false "$@")
    swiftc "${flags[@]}" -module-name SeptumKernelTable -emit-module -emit-module-path "$out/SeptumKernelTable.swiftmodule" \
        -c Sources/Kernels/Table/*.swift -o "$out/table.o"
    swiftc "${flags[@]}" -module-name SeptumKernelsBaseline -c Sources/Kernels/Source/*.swift Tests/Kernels/arm64/exercise.swift \
        -o "$out/kernels.o"
}

build aarch64-none-none-elf "$folder/arm64" -Xcc -ffreestanding
echo "check-arm64: the kernels compile for arm64"

emulator=$(command -v qemu-aarch64 || true)
if [ -z "$emulator" ] || [ ! -e /usr/aarch64-linux-gnu/lib/libc.a ]; then
    echo "check-arm64: not run (apt install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"
    exit 0
fi
clang=("$(dirname "$(readlink -f "$(command -v swiftc)")")/clang" --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include
    -Wall -Wextra -Werror -std=gnu11)
for file in Sources/Kernels/CPU/*.c; do
    "${clang[@]}" -I Sources/Kernels/CPU/include -c "$file" -o "$folder/arm64/$(basename "$file").o"
done
echo "check-arm64: the C shim compiles for arm64"
"${clang[@]}" -fuse-ld=lld -static -o "$folder/arm64/run" Tests/Kernels/arm64/main.c "$folder"/arm64/*.o
flags=()
if grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo; then flags=(-DSEPTUM_V3 -Xcc -march=x86-64-v3); fi
build x86_64-unknown-linux-gnu "$folder/x86" "${flags[@]}" -Xcc -fPIC
cc -o "$folder/x86/run" Tests/Kernels/arm64/main.c "$folder"/x86/{kernels,table}.o
"$folder/x86/run" >"$folder/expected"
"$emulator" "$folder/arm64/run" >"$folder/found"
if ! diff "$folder/expected" "$folder/found" >"$folder/differences"; then
    head -20 "$folder/differences"
    echo "check-arm64: $(grep -c '^>' "$folder/differences") of $(wc -l <"$folder/expected") results differ"
    exit 1
fi
echo "check-arm64: $(wc -l <"$folder/expected") results have the same bits on arm64"
