#!/usr/bin/env bash
# Compiles against an installed Septum alone, as its users do: C and C++, gcc and clang, pkg-config and CMake, and once
# under valgrind.
#
#     installed.sh PREFIX PYTHON
set -euo pipefail
prefix=$1 python=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$python" "$root/Tests/CBinding/network.py" network.onnx
tagger=$root/Fixtures/onnx/jet_deepsets/model.onnx
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib

needs=$(readelf -d "$prefix/lib/libseptum.so.1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
! grep -i swift <<<"$needs" || { echo "the library needs Swift's libraries"; exit 1; }
size=$(stat -c %s "$prefix/lib/libseptum.so.1")

checks=0
for compiler in gcc clang; do
  $compiler -std=c11 -O1 -g -Wall -Wextra -Werror "$root/Tests/CBinding/exercise.c" $(pkg-config --cflags --libs septum) -o exercise
  ./exercise network.onnx "$tagger"
  checks=$((checks + 1))
done
valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite ./exercise network.onnx "$tagger"
checks=$((checks + 1))
for compiler in g++ clang++; do
  for standard in 17 20; do
    $compiler -std=c++$standard -O1 -Wall -Wextra -Wconversion -Werror "$root/Examples/cpp/score.cpp" \
        $(pkg-config --cflags --libs septum) -pthread -o score
    "$python" -c 'import numpy; (numpy.arange(35) % 7 / 4 - 1).astype("f4").tofile("features.f32")'
    [ "$(./score network.onnx features.f32 5 2 | wc -l)" -ge 7 ]
    checks=$((checks + 1))
  done
done
cmake -S "$root/Examples/cpp" -B cmake -DCMAKE_PREFIX_PATH="$prefix" >cmake.log && cmake --build cmake >>cmake.log
./cmake/score network.onnx features.f32 5 1 >/dev/null
checks=$((checks + 1))
echo "installed: $checks checks passed; the library has $((size / 1024)) kB and needs" $needs
