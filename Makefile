# Each target does all the set-up it needs: Debian packages when missing, a Python environment in .venv with pinned versions.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: help setup demo examples suite python test install library wheel test-install test-root test-threads lean test-frameworks bench bench-forests bench-programs fuzz lint \
    format docs golden clean

VENV := $(CURDIR)/.venv
SWIFT_SOURCES := Package.swift Sources Adapters Tests
export SEPTUM_PYTHON ?= $(VENV)/bin/python
# The backtracer of Swift may wait for ever after a crash; without it the run ends and fails.
export SWIFT_BACKTRACE ?= enable=no
# SwiftPM passes the traits in the order of a set, which is random otherwise: every other build would compile everything anew.
SWIFT_BUILD := SWIFT_DETERMINISTIC_HASHING=1 swift build

help:
	@echo "make demo             score real collision events with models from PyTorch, XGBoost and scikit-learn"
	@echo "make examples         worked examples, each from simulated events to a physicist's plot"
	@echo "make test             build and run every test but those that need PyTorch"
	@echo "make test-frameworks  read models of PyTorch with PyTorch itself (installs it)"
	@echo "make bench            time Septum beside ONNX Runtime, OpenVINO, OpenBLAS, oneDNN, XGBoost and scikit-learn; QUICK=1, TORCH=1"
	@echo "make bench-forests    time forests beside XGBoost, LightGBM, CatBoost, scikit-learn, ONNX Runtime, lleaves and tl2cgen; QUICK=1"
	@echo "make docs             write the pages that are made by programs: Documentation/Operators.md and Exactness.md"
	@echo "make golden           write the hashes of output bits anew, after a change that is meant to change bits"
	@echo "make install          put libseptum, headers, pkg-config and CMake files below PREFIX=/usr/local"
	@echo "make test-install     install the library into a folder of its own, and compile and run programs with that alone"
	@echo "make test-root        score a ROOT file by RDataFrame through the installed library (installs ROOT)"
	@echo "make test-threads     run threads through the C interface under ThreadSanitizer"
	@echo "make python           compile the extension module of the Python package"
	@echo "make wheel            pack the Python package with the library inside, into .build-library/wheel, and try it"
	@echo "make lean             build the program without the traits that need ONNX and Python"
	@echo "make fuzz             feed broken models to the readers for SECONDS=600"
	@echo "make lint             check the style of all Swift sources; make format repairs it"

setup:
	@Scripts/setup.sh test

demo: setup
	$(SWIFT_BUILD) -c release --product septum
	$(VENV)/bin/python Examples/demo/demo.py --septum "$$(swift build -c release --show-bin-path)/septum" --out .demo

examples: setup
	$(SWIFT_BUILD) -c release --product septum
	$(SWIFT_BUILD) -c release --product SeptumC
	export SEPTUM="$$(swift build -c release --show-bin-path)/septum"; for run in Examples/*/run.py; do \
	    echo "$$run"; $(VENV)/bin/python "$$run"; echo; done

suite: setup
	$(VENV)/bin/python Tests/ONNXSuite/export.py .suite
	$(VENV)/bin/python Tests/ONNXSuite/peer.py .suite
	$(VENV)/bin/python Tests/ONNXSuite/column.py .suite --check

python: setup
	$(VENV)/bin/python Python/backend.py

test: suite python
	$(SWIFT_BUILD) --build-tests
	swift test --skip-build --skip '^PyTorchTests\.'
	cd Python && SEPTUM_LIBRARY="$$(swift build --package-path .. --show-bin-path)/libSeptumC.so" $(VENV)/bin/python -m unittest discover tests
	cd Benchmarks && SEPTUM="$$(swift build --package-path .. --show-bin-path)/septum" $(VENV)/bin/python -m unittest
	cd Examples && SEPTUM="$$(swift build --package-path .. --show-bin-path)/septum" $(VENV)/bin/python -m unittest
	Tests/Kernels/check-isa.sh
	Tests/Kernels/check-arm64.sh

test-frameworks: export SEPTUM_PYTHON = $(VENV)-frameworks/bin/python
test-frameworks: export PYTHONPATH = $(CURDIR)/Tests/PyTorch/Networks
test-frameworks: export PYTHONDONTWRITEBYTECODE = 1
test-frameworks:
	@Scripts/setup.sh frameworks
	$(SWIFT_BUILD) --build-tests
	swift test --skip-build --filter '^PyTorchTests\.'
	$(SEPTUM_PYTHON) Python/backend.py
	PYTHONPATH="$$PYTHONPATH:$(CURDIR)/Python" SEPTUM_LIBRARY="$$(swift build --show-bin-path)/libSeptumC.so" \
	    $(SEPTUM_PYTHON) -m unittest discover Python/tests/frameworks

lean: setup
	$(SWIFT_BUILD) --product septum --disable-default-traits --scratch-path .build-lean
	.build-lean/debug/septum formats

# The library with all it needs inside, linked from the objects that make bench uses too.
library: setup
	@Scripts/setup.sh install
	$(SWIFT_BUILD) -c release --product SeptumC
	Scripts/library.sh "$$(swift build -c release --show-bin-path)" .build-library

PREFIX ?= /usr/local
install: library
	Scripts/install.sh .build-library/libseptum.so.1 $(PREFIX)

test-install: library
	Tests/CBinding/installed.sh .build-library/libseptum.so.1 $(VENV)/bin/python

test-root: library
	@Scripts/setup.sh root
	rm -rf .build-library/root
	Scripts/install.sh .build-library/libseptum.so.1 $(CURDIR)/.build-library/root
	$(VENV)-root/bin/python Tests/ROOT/dataframe.py .build-library/root

# The Python package with the library inside, under the tag that its needs allow.
WHEEL := .build-library/wheel
wheel: library
	@Scripts/setup.sh wheel
	rm -rf $(WHEEL) $(WHEEL).part
	SEPTUM_LIBRARY=$(CURDIR)/.build-library/libseptum.so.1 $(VENV)-wheel/bin/python -m pip wheel --quiet --no-deps --no-build-isolation \
	    --wheel-dir $(WHEEL).part ./Python
	PATH="$(VENV)-wheel/bin:$$PATH" $(VENV)-wheel/bin/auditwheel repair --wheel-dir $(WHEEL) $(WHEEL).part/*.whl
	Python/tests/wheel.sh $(WHEEL)/*.whl $(PYTHONS)

# Threads on one model in a library that watches them; it is built for this alone, in a folder of its own.
test-threads: setup
	$(SWIFT_BUILD) --sanitize thread --scratch-path .build-threads --product SeptumC
	Tests/CBinding/watched.sh .build-threads/debug $(VENV)/bin/python

BENCH := bench$(if $(TORCH),-torch)
# QUICK=1 measures some models in a minute or two, TORCH=1 adds PyTorch, ONLY=mlp,lstm measures those models.
bench: bench-programs library
	bin="$$(swift build -c release --show-bin-path)"; $(VENV)-$(BENCH)/bin/python Benchmarks/bench.py --septum "$$bin/septum" \
	    --library .build-library/libseptum.so.1 $(if $(QUICK),--quick) $(if $(TORCH),--torch) $(if $(ONLY),--only $(ONLY))

# QUICK=1 measures three forests, ONLY=xgboost those of one name.
bench-forests: bench-programs library
	bin="$$(swift build -c release --show-bin-path)"; $(VENV)-$(BENCH)/bin/python Benchmarks/forests.py --septum "$$bin/septum" \
	    --library .build-library/libseptum.so.1 $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

bench-programs:
	@Scripts/setup.sh $(BENCH)
	$(SWIFT_BUILD) -c release --product septum
	$(SWIFT_BUILD) -c release --product SeptumC
	@mkdir -p .bench
	cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -rdynamic -o .bench/driver Benchmarks/driver/*.c -ldl
	cc -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -o .bench/libcounter.so Benchmarks/driver/counter.c

fuzz: setup
	Tests/Fuzz/run.sh $(or $(SECONDS),600)

docs: setup
	$(VENV)/bin/python Tests/ONNXSuite/export.py .suite
	$(VENV)/bin/python Tests/ONNXSuite/column.py .suite
	$(SWIFT_BUILD) --product septum
	"$$(swift build --show-bin-path)/septum" formats --operators --markdown --suite Tests/ONNXSuite/by-operator.json > Documentation/Operators.md
	$(SWIFT_BUILD) --product septum-probe
	"$$(swift build --show-bin-path)/septum-probe" exactness Fixtures > Documentation/Exactness.md

golden: setup
	$(SWIFT_BUILD) --product septum-probe
	"$$(swift build --show-bin-path)/septum-probe" golden Fixtures > Tests/Reproducibility/golden.part
	mv Tests/Reproducibility/golden.part Tests/Reproducibility/golden.json

lint:
	swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)

format:
	swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

clean:
	rm -rf .bench .build .build-lean .build-library .build-threads .venv .venv-bench .venv-bench-torch .venv-frameworks .venv-root .venv-wheel .demo .examples .suite .fuzz Tests/Fuzz/.build
