#!/usr/bin/env bash
# wheel.sh WHEEL [PYTHON...]: installs the wheel with numpy alone into an empty environment of each interpreter and scores jets there.
set -euo pipefail
wheel=$(realpath "$1"); shift
check=$(realpath "$(dirname "$0")/installed.py")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for python in "${@:-python3}"; do
  rm -rf "$folder/environment"
  "$python" -m venv "$folder/environment"
  "$folder/environment/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel"
  (cd "$folder" && env -i "$folder/environment/bin/python" -I "$check")
done
