#!/usr/bin/env bash
# Installs a library, moves it, and compiles and runs programs as its users do: with what was installed and nothing else, by
# gcc and clang, pkg-config and CMake, where no Swift is, and under valgrind.
#
#     installed.sh LIBRARY PYTHON
set -euo pipefail
library=$(realpath "$1") python=$(realpath -s "$2")
root=$(cd "$(dirname "$0")/../.." && pwd)
tests=$root/Tests/CBinding examples=$root/Examples tagger=$root/Fixtures/onnx/jet_deepsets/model.onnx
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "installed: $*" >&2; exit 1; }

DESTDIR=$work/stage "$root/Scripts/install.sh" "$library" /opt/septum >/dev/null
[ -z "$(find "$work/stage" -mindepth 1 -maxdepth 2 ! -path '*/opt*')" ] || fail "DESTDIR is not all that was written to"
mv stage/opt/septum prefix
prefix=$work/prefix
[ -z "$(grep -rlF -e "$work" -e /opt/septum --include='*.pc' --include='*.cmake' prefix)" ] || fail "a path is absolute"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
flags="$(pkg-config --cflags --libs septum) -Wl,-rpath,$prefix/lib -pthread"

# What it shows and what it needs.
declared=$(grep -oE '\bseptum_[a-z_]+\(' "$prefix/include/septum.h" | tr -d '(' | sort -u)
shown=$(nm -D --defined-only "$prefix/lib/libseptum.so.1" | awk '{ print $NF }' | sort -u)
[ "$declared" = "$shown" ] || fail "it shows other functions than septum.h declares: $(diff <(echo "$declared") <(echo "$shown"))"
needs=$(readelf -d "$prefix/lib/libseptum.so.1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | tr '\n' ' ')
for name in $needs; do
  [[ $name =~ ^(libc|libm|libz|libgcc_s|ld-linux-.*)\.so ]] || fail "it needs $name"
done

"$python" "$tests/samples.py" "$work"
# Runs a program where nothing is set and, as far as this user may, the folders of Swift are empty.
swift=$(realpath "$(command -v swift)")
hidden=${swift%/usr/bin/*}
alone() { env -i "$@"; }
if unshare -m true 2>/dev/null && [ "$hidden" != "$swift" ]; then
  mkdir nothing
  alone() {
    unshare -m bash -c 'mount --bind "$1" "$2"; [ ! -e "$3" ] || exit 3; shift 3; exec env -i "$@"' - "$work/nothing" "$hidden" \
        "$swift" "$@"
  }
fi

checks=0
passed() { checks=$((checks + 1)); }
strict="-Wall -Wextra -Wshadow -pedantic -Werror"
for compiler in clang gcc; do
  $compiler -std=c11 -O1 -g $strict "$tests/exercise.c" $flags -o exercise
  alone ./exercise network.onnx "$tagger"
  passed
  $compiler -std=gnu11 -O1 -g $strict "$tests/threads.c" $flags -o threads
  alone ./threads network.onnx
  passed
done
for compiler in g++ clang++; do
  for standard in 17 20; do
    $compiler -std=c++$standard -O1 $strict -Wconversion "$tests/exercise.cpp" $flags -o exercise++
    alone ./exercise++ network.onnx "$tagger" jets
    passed
  done
done

# The examples: the same scores in any number of threads, and those of the library that trained the model.
for compiler in g++ clang++; do
  CXX=$compiler cmake -S "$examples/cpp" -B "cmake-$compiler" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS="$strict" \
      -DCMAKE_BUILD_TYPE=Release >cmake.log && cmake --build "cmake-$compiler" >>cmake.log || { cat cmake.log; exit 1; }
  alone "./cmake-$compiler/event_loop" "$tagger" jets >loop 2>loop.errors
  "$python" "$tests/samples.py" "$work" --compare loop
  passed
  alone "./cmake-$compiler/algorithm" "$tagger" jets 4 >algorithm
  cmp loop algorithm
  passed
  alone "./cmake-$compiler/score" network.onnx features.f32 5 3 >score
  $([ $compiler = g++ ] && echo gcc || echo clang) -std=c99 $strict "$examples/c/score.c" $flags -o score-c
  alone ./score-c network.onnx features.f32 5 >score-c.lines 2>score.errors
  head -7 score-c.lines | cmp - score
  passed
done

# valgrind knows no AVX-512. Blocks that the runtime of Swift holds by their middle are "possibly lost". One thread runs at a
# time, and without fair turns a loop in one may keep the others from ever coming.
for program in "exercise network.onnx $tagger" "threads network.onnx"; do
  SEPTUM_ISA=v3 timeout 600 valgrind --quiet --fair-sched=yes --error-exitcode=9 --leak-check=full \
      --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect ./$program
  passed
done

[ $checks = 16 ] || fail "$checks of 16 checks passed"
cat >load.c <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e3 + t.tv_nsec * 1e-6; }
int main(int argc, char **argv) {
    double start = now();
    void *handle = dlopen(argv[argc - 1], RTLD_NOW);
    double opened = now();
    if (!handle) return puts(dlerror());
    const char *(*version)(void) = (const char *(*)(void))dlsym(handle, "septum_version");
    version();
    printf("%.2f ms\n", opened - start);
    return 0;
}
END
gcc -O1 load.c -ldl -o load
times=$(for i in 1 2 3 4 5 6 7; do ./load "$prefix/lib/libseptum.so.1"; done | sort -n | head -1)
echo "installed: $checks checks passed; the library has $(($(stat -Lc %s "$library") / 1024)) kB, needs $needs" \
    "and is loaded in $times"
