#!/bin/bash
# What a job does on its node: a Python environment of its own, then one file. requirements.txt lists septum, awkward and uproot.
set -euo pipefail
name=$(basename "$1" .root)
if [ -f requirements.txt ]; then
  python3 -m venv environment
  environment/bin/pip install --quiet -r requirements.txt
  PATH=$PWD/environment/bin:$PATH
fi
python3 score.py model.septum "$1" "$name.scores.root"
