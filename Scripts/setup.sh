#!/usr/bin/env bash
# Installs what building and testing need: Debian packages when missing, and one Python environment for each name given.
#   Scripts/setup.sh test [bench] [bench-torch] [frameworks] [root] [install] [wheel]
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "setup: $*" >&2; exit 1; }

command -v swift >/dev/null || fail "Swift 6.2 or newer is needed: https://www.swift.org/install"

packages=(libonnx-dev libprotobuf-dev libpython3-dev zlib1g-dev libexpat1-dev pkg-config python3-venv qemu-user)
# The kernels are built for arm64 too, and run on an emulated processor.
[ "$(uname -m)" != x86_64 ] || packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
# oneDNN is a peer of the benchmark; the number in its package's name changes with the distribution.
[[ "$*" != *bench* ]] || packages+=($(apt-cache search --names-only '^libdnnl[0-9.]+$' 2>/dev/null | cut -d' ' -f1 | tail -1 || true))
[[ "$*" != *install* ]] || packages+=(cmake curl g++ protobuf-compiler valgrind)
missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
fi
if [ "${#missing[@]}" -gt 0 ]; then
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  echo "setup: installing ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then
    (apt-get update && DEBIAN_FRONTEND=noninteractive $install) >/tmp/septum-apt.$$ 2>&1 \
      || { tail -5 /tmp/septum-apt.$$ >&2; fail "apt-get failed; install by hand: $install"; }
    rm -f /tmp/septum-apt.$$
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo apt-get update >/dev/null && sudo DEBIAN_FRONTEND=noninteractive $install >/dev/null \
      || fail "apt-get failed; install by hand: sudo $install"
  else
    fail "Debian packages are missing and this user may not install them: sudo $install"
  fi
fi

environment() { # folder, requirements files
  local folder=$1; shift
  local stamp; stamp=$(cat "$@" | sha256sum | cut -c1-64)
  [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ] && return
  command -v python3 >/dev/null || fail "python3 is missing: apt-get install python3-venv"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed, python3 is $(python3 -V)"
  echo "setup: making $folder"
  rm -rf "$folder"
  python3 -m venv "$folder" || fail "python3 cannot make a virtual environment: apt-get install python3-venv"
  local files=(); for file in "$@"; do files+=(-r "$file"); done
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${files[@]}" \
    || fail "pip could not install the packages of $*: is a package index reachable?"
  echo "$stamp" >"$folder/.stamp"
}

for name in "$@"; do
  case "$name" in
    test) environment .venv Python/requirements-test.txt ;;
    bench) environment .venv-bench Python/requirements-test.txt Python/requirements-bench.txt ;;
    bench-torch)
      environment .venv-bench-torch Python/requirements-test.txt Python/requirements-bench.txt Python/requirements-frameworks.txt ;;
    wheel) environment .venv-wheel Python/requirements-wheel.txt ;;
    frameworks) environment .venv-frameworks Python/requirements-frameworks.txt ;;
    root) environment .venv-root Python/requirements-root.txt ;;
    install) ;;
    *) fail "no environment is called '$name'" ;;
  esac
done
