#!/usr/bin/env bash
# Runs threads.c with a library that was built for ThreadSanitizer, which ends a program at the first race.
#
#     watched.sh BUILD PYTHON
set -euo pipefail
build=$(realpath "$1") python=$(realpath -s "$2")
tests=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$tests/samples.py" "$work"
# The sanitizer's runtime, which is that of Swift's own clang, asks for these two.
runtime=$(dirname "$(realpath "$(command -v swift)")")/../lib/swift/linux
clang -std=gnu11 -O1 -g -fsanitize=thread -Wall -Wextra -Werror -I "$tests/../../Sources/CBinding/C/include" "$tests/threads.c" \
    "$tests/locks.c" -rdynamic -L "$build" -lSeptumC -L "$runtime" -ldispatch -lBlocksRuntime \
    -Wl,-rpath,"$build:$runtime" -pthread -o "$work/threads"
asked=$(nm -D --undefined-only "$build/libSeptumC.so")
for symbol in $(nm -D --defined-only "$work/threads" | grep -o '\$s15Synchronization.*'); do
  [[ $asked == *"$symbol"* ]] || { echo "watched: Swift's locks no longer wait in $symbol, see locks.c" >&2; exit 1; }
done
TSAN_OPTIONS=halt_on_error=1 "$work/threads" "$work/network.onnx"
echo "watched: no race"
