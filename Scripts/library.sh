#!/usr/bin/env bash
# library.sh BUILD FOLDER: links what `swift build --product SeptumC` compiled in BUILD once more, as FOLDER/libseptum.so.1.
#
# This one has the runtime of Swift, protobuf, expat and the C++ library inside, shows the functions of septum.h and nothing
# else, and so runs where no Swift is and beside other versions of what is inside.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 folder=$2
header=Sources/CBinding/C/include/septum.h
mkdir -p "$folder"
functions=$(grep -oE '\bseptum_[a-z_]+\(' $header | tr -d '(' | sort -u)
printf '{ global: %s local: *; };\n' "$(sed 's/$/;/' <<<"$functions" | tr '\n' ' ')" >"$folder/exports.map"
[ -n "${PROTOBUF:-}" ] || Scripts/protobuf.sh "$folder/protobuf"

# No function of septum.h reads YAML, which is left out: Yams would bring Foundation with it, whose tables have 40 MB. Should one
# ever need it, linking fails.
grep -vE '/(Yams|CYaml)\.build/|/ContractFile\.swift\.o$' "$build/SeptumC.product/Objects.LinkFileList" >"$folder/objects"
# What is found here comes before the shared libraries of the same names.
mkdir -p "$folder/static"
for name in expat stdc++; do ln -sf "$(g++ -print-file-name="lib$name.a")" "$folder/static"; done
swiftc -emit-library -static-stdlib -use-ld=lld -module-name SeptumC -o "$folder/libseptum.part" "@$folder/objects" \
    -L "$folder/static" "${PROTOBUF:-$folder/protobuf/libseptum-protobuf.a}" \
    -Xlinker -soname=libseptum.so.1 -Xlinker "--version-script=$folder/exports.map" -Xlinker --exclude-libs=ALL \
    -Xlinker --gc-sections -Xlinker --as-needed -Xlinker -z -Xlinker defs
strip --strip-unneeded --remove-section=.swift_ast "$folder/libseptum.part"
mv "$folder/libseptum.part" "$folder/libseptum.so.1"
