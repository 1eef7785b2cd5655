#!/usr/bin/env bash
# install.sh LIBRARY PREFIX: puts the library, its headers, and what pkg-config and CMake need below $DESTDIR/PREFIX. The folder
# may be moved afterwards: all paths in it are relative.
set -euo pipefail
library=$(realpath "$1") prefix=${DESTDIR:-}$2
cd "$(dirname "$0")/.."
version=$(sed -n 's/.*septumVersion = "\(.*\)".*/\1/p' Sources/Septum/Version.swift)
[ -n "$version" ] || { echo "install: Sources/Septum/Version.swift names no version" >&2; exit 1; }
source=Sources/CBinding

install -d "$prefix/lib/pkgconfig" "$prefix/lib/cmake/Septum" "$prefix/include"
install -m 755 "$library" "$prefix/lib/libseptum.so.1"
ln -sf libseptum.so.1 "$prefix/lib/libseptum.so"
install -m 644 $source/C/include/septum.h $source/C/include/septum.hpp $source/C/include/septum_dataframe.hpp "$prefix/include"
sed "s/@VERSION@/$version/" $source/Install/septum.pc.in >"$prefix/lib/pkgconfig/septum.pc"
sed "s/@VERSION@/$version/" $source/Install/SeptumConfigVersion.cmake.in >"$prefix/lib/cmake/Septum/SeptumConfigVersion.cmake"
install -m 644 $source/Install/SeptumConfig.cmake "$prefix/lib/cmake/Septum"
echo "installed Septum $version in $prefix"
