#!/usr/bin/env bash
# Feeds mutated models to every reader that runs no Python, for as many seconds as the first argument says. The first crash,
# endless loop or allocation beyond 2 GB ends the run, and its input is left in .fuzz/found. New inputs that reach new code are kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
build=(env SWIFT_DETERMINISTIC_HASHING=1 swift build -c release --package-path Tests/Fuzz --sanitize fuzzer)
"${build[@]}" --product fuzz-readers
mkdir -p .fuzz/corpus .fuzz/found
number=0
# Models of every format, and a few arrays.
while read -r model; do
  number=$((number + 1))
  cp "$model" ".fuzz/corpus/seed-$number"
done < <(
  {
    find Fixtures .demo .suite -type f \( -name '*.onnx' -o -name '*.ubj' -o -name 'model*.json' -o -name 'model*.txt' -o -name 'model*.bin' -o -name '*.septum' -o -name '*.cbm' -o -name '*.weights.xml' -o -name 'model.weights' -o -name 'model.xml' -o -name '*.treelite' \) -size -24k 2>/dev/null | sort
    find Fixtures -type f -name inputs.npz -size -2k | sort | head -n 40
    find Fixtures -type f -name '*.npy' -size -24k | sort
  }
)
[ "$number" -gt 100 ] || { echo "fuzz: only $number models to start from" >&2; exit 1; }
exec env SEPTUM_FUZZ_SEEDS=.fuzz/corpus "$("${build[@]}" --show-bin-path)/fuzz-readers" -max_total_time="$seconds" -timeout=20 \
  -rss_limit_mb=4096 -malloc_limit_mb=2048 -print_final_stats=1 -artifact_prefix=.fuzz/found/ .fuzz/corpus
