"""Times Septum beside other engines on the same models and inputs, one thread each unless said otherwise, in one run.

Engines take turns within each cell (a model and a batch), and the medians of the turns are compared: what else the machine does
meets all of them alike. Each engine is called from its own language where it has one: ONNX Runtime, OpenVINO, OpenBLAS and
Septum's C interface by the same C program, Septum from Swift by `septum bench`, Python libraries from Python.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse  # noqa: E402
import datetime  # noqa: E402
import json  # noqa: E402
import pathlib  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402

import numpy  # noqa: E402
import onnx  # noqa: E402

import models  # noqa: E402
import report  # noqa: E402
import work  # noqa: E402
from engines import TYPES, Callable, Driver, EngineError, SwiftProgram, call, libraries, python_runtime  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
#: Operations of one run of the driver's probe of multiply-adds, and bytes of that of memory.
PROBE_OPERATIONS, PROBE_BYTES = 384_000, 256 << 20
#: Batches beyond this are not worth a call from Python.
PYTHON_BATCH = 64

# model, file, library, function of the library's object, for models that are not ONNX
LIBRARIES = [
    ("xgboost/jet_classifier", "model.ubj", "XGBoost"),
    ("sklearn/jet_pipeline", "model.joblib", "scikit-learn"),
]


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, pathlib.Path(folder)
        self.septum, self.driver = options.septum.resolve(), options.driver.resolve()
        self.libraries = {**libraries(), "septum": options.library.resolve()}
        self.turns = 3 if options.quick else 5
        self.seconds = 0.02 if options.quick else 0.04
        #: Seconds that one run may take on the slowest engine to be in the table.
        self.longest = 0.03 if options.quick else 0.15
        self.probe = Driver(self.driver, "fma", "-", 1)
        self.cells, self.colds, self.left_out = [], [], []

    # MARK: One cell

    def raw(self, inputs):
        """The inputs as the driver reads them."""
        words = []
        for index, array in enumerate(inputs.values()):
            path = self.folder / f"in{index}"
            array.tofile(path)
            words.append(f"{TYPES[str(array.dtype)]}:{'x'.join(map(str, array.shape))}:{path}")
        return words

    def drive(self, engine, model, words, threads=1):
        return Driver(self.driver, engine, self.libraries[engine], model, threads, words)

    def engines(self, benchmark, batch, inputs, fixed, converted, archive):
        """The engines that can run a cell, and what the others say."""
        words = self.raw(inputs)
        makers = {
            "Septum C": lambda: self.drive("septum", converted, words),
            "Septum": lambda: SwiftProgram(self.septum, converted, archive, self.options.counter),
            "ORT C": lambda: self.drive("onnxruntime", fixed, words),
            "OpenVINO C": lambda: self.drive("openvino", fixed, words),
            "Septum C, 2 threads": lambda: self.drive("septum", converted, words, 2),
            "ORT C, 2 threads": lambda: self.drive("onnxruntime", fixed, words, 2),
        }
        if benchmark.kind == "product":
            # Weights in the place of the second matrix.
            (weights,) = onnx.load(fixed).graph.initializer
            matrices = {**inputs, "weights": onnx.numpy_helper.to_array(weights)}
            makers["OpenBLAS C"] = lambda: self.drive("openblas", "-", self.raw(matrices))
            if self.libraries["onednn"]:
                makers["oneDNN C"] = lambda: self.drive("onednn", "-", self.raw(matrices))
        made, refused = {}, {}
        for name, make in makers.items():
            try:
                made[name] = make()
            except EngineError as error:
                refused[name] = str(error)
        if batch <= PYTHON_BATCH and not self.options.quick:
            made |= python_runtime(fixed, inputs)
            if self.options.torch:
                import peer_torch

                try:
                    made["torch"] = Callable(peer_torch.function(onnx.load(fixed), inputs))
                except (peer_torch.Unsupported, RuntimeError) as error:
                    refused["torch"] = str(error)
        return made, refused

    def measure(self, benchmark, model, converted, batch, flops):
        inputs = benchmark.arrays(model, batch)
        fixed, archive = self.folder / "fixed.onnx", self.folder / "in.npz"
        onnx.save(models.fixed(model, benchmark, batch, inputs), fixed)
        numpy.savez(archive, **inputs)
        engines, refused = self.engines(benchmark, batch, inputs, fixed, converted, archive)
        try:
            cell = self.compare(benchmark, model, batch, inputs, engines, flops)
        finally:
            for engine in engines.values():
                engine.close()
        self.cells.append(cell | {"refused": refused})
        return cell

    def compare(self, benchmark, model, batch, inputs, engines, flops):
        septum, runtime = engines["Septum C"], engines["ORT C"]
        expected = runtime.outputs(self.folder)
        found = {name: engines[name].outputs(self.folder) for name in ("Septum C", "OpenVINO C", "OpenBLAS C", "oneDNN C") if name in engines}
        if "torch" in engines:
            found["torch"] = [output.numpy() for output in engines["torch"].function()]
        differences = {name: max(map(difference, arrays, expected)) for name, arrays in found.items()}
        times, probes = {name: [] for name in engines}, []
        for _ in range(self.turns):
            probes.append(self.probe.time(0.003))
            for name, engine in engines.items():
                times[name].append(engine.time(self.seconds))
        medians = {name: statistics.median(values) for name, values in times.items()}
        latency = {}
        if batch == 1:
            # What the machine itself does to work of the same length that touches no memory.
            probe = Driver(self.driver, "fma", "-", max(1, round(medians["Septum C"] / statistics.median(probes))))
            for name, engine in [*engines.items(), ("the machine", probe)]:
                if name in ("Septum C", "ORT C", "OpenVINO C", "the machine"):
                    turns = [engine.ask(f"latency {2 * self.seconds}") for _ in range(3)]
                    turns = [turn for turn in turns if turn["runs"]]
                    if turns:
                        latency[name] = min(turns, key=lambda turn: turn["p99.9"] / turn["p50"])
            probe.close()
        weights, moved = work.traffic(model, inputs, expected)
        peak = PROBE_OPERATIONS / statistics.median(probes)
        runs = 20 if medians["Septum C"] < 1e7 else 2
        swift = engines["Septum"].report
        peers = [medians[name] for name in ("ORT C", "OpenVINO C") if name in medians]
        return {
            "model": benchmark.name, "kind": benchmark.kind, "batch": batch, "nanoseconds": medians, "turns": times,
            "toRuntime": medians["ORT C"] / medians["Septum C"], "toBest": min(peers) / medians["Septum C"],
            "swiftToRuntime": medians["ORT C"] / medians["Septum"], "swiftToBest": min(peers) / medians["Septum"],
            "differences": differences, "tolerance": benchmark.tolerance, "latency": latency,
            "allocations": {name: engines[name].ask(f"allocations {runs}")["allocations"] for name in ("Septum C", "ORT C")}
            | {"Septum": swift["allocationsPerRun"]},
            "memory": {name: engines[name].ask("memory") for name in ("Septum C", "ORT C", "OpenVINO C") if name in engines},
            "arenaBytes": swift["arenaBytes"], "packedBytes": swift["packedBytes"],
            "flops": flops * batch, "gflops": flops * batch / medians["Septum C"], "peakGflops": peak,
            "peakFraction": flops * batch / medians["Septum C"] / peak,
            "bytes": weights + moved, "bandwidth": (weights + moved) / medians["Septum C"],
        }  # fmt: skip

    # MARK: Cold starts

    def cold(self, benchmark, source, converted, fixed, words):
        """Milliseconds from the file, in a fresh process and again in the same: session creation, and until the first result."""
        engines = {
            "Septum, .septum": ("septum", converted), "Septum, .onnx": ("septum", source),
            "ORT": ("onnxruntime", fixed), "OpenVINO": ("openvino", fixed),
        }  # fmt: skip
        first, again = {name: [] for name in engines}, {name: [] for name in engines}
        for _ in range(1 if self.options.quick else 3):
            for name, (engine, model) in engines.items():
                try:
                    process = self.drive(engine, model, words)
                except EngineError:
                    continue
                first[name].append(process.opened)
                again[name] += [process.ask("reopen") for _ in range(2)]
                process.close()

        def milliseconds(turns, *keys):
            return {
                name: statistics.median(sum(turn[key] for key in keys) for turn in values) / 1e6
                for name, values in turns.items() if values
            }  # fmt: skip

        self.colds.append({
            "model": benchmark.name, "open": milliseconds(first, "open"), "first": milliseconds(first, "open", "first"),
            "openAgain": milliseconds(again, "open"), "firstAgain": milliseconds(again, "open", "first"),
        })  # fmt: skip

    # MARK: A model

    def run(self, benchmark, progress):
        model = benchmark.model()
        source, converted = self.folder / f"{benchmark.name}.onnx", self.folder / f"{benchmark.name}.septum"
        onnx.save(model, source)
        call(self.septum, "convert", source, converted)
        inputs = benchmark.arrays(model, 1)
        flops = work.flops(model, inputs)
        fixed = self.folder / "cold.onnx"
        onnx.save(models.fixed(model, benchmark, 1, inputs), fixed)
        self.cold(benchmark, source, converted, fixed, self.raw(inputs))
        last = None
        for batch in self.batches(benchmark):
            progress(f"{benchmark.name} x {batch}")
            if last:
                slowest = max(last["nanoseconds"][name] for name in ("Septum C", "ORT C")) * batch / last["batch"] / 1e9
                memory = max(used["peak"] for used in last["memory"].values()) * batch / last["batch"]
                if slowest > self.longest or memory > self.options.memory * 2**30:
                    why = f"a run would take {slowest:.2g} s" if slowest > self.longest else f"{memory / 2**30:.1f} GiB"
                    self.left_out.append({"model": benchmark.name, "batch": batch, "why": why})
                    continue
            last = self.measure(benchmark, model, converted, batch, flops)
        source.unlink()
        converted.unlink()

    def batches(self, benchmark):
        return [batch for batch in benchmark.batches if not self.options.quick or batch in (1, 64)]


def difference(found, expected):
    """The largest difference as a fraction of the largest expected value; infinite where shapes differ."""
    if found.shape != expected.shape:
        return float("inf")
    return float(numpy.abs(found.astype(float) - expected).max() / max(1e-30, numpy.abs(expected).max())) if found.size else 0.0


# MARK: Libraries without ONNX


def library_cells(bench, folder):
    """Boosted trees and a pipeline, beside the libraries that trained them, called from Python."""
    import joblib
    import xgboost

    cells = []
    for fixture, file, name in LIBRARIES:
        source, converted = ROOT / "Fixtures" / fixture / file, folder / "library.septum"
        call(bench.septum, "convert", source, converted, "--trust-pickle", "--python", sys.executable)
        stored = numpy.load(ROOT / "Fixtures" / fixture / "inputs.npz")["X"]
        for batch in (1, 64) if bench.options.quick else (1, 64, 1024):
            table = numpy.ascontiguousarray(numpy.take(stored, numpy.arange(batch) % len(stored), 0))
            archive, output = folder / "in.npz", folder / "out.npz"
            numpy.savez(archive, X=table)
            if name == "XGBoost":
                booster = xgboost.Booster(model_file=str(source))
                booster.set_param({"nthread": 1})
                function, key = (lambda: booster.inplace_predict(table)), "prediction"
            else:
                pipeline = joblib.load(source)
                for step in pipeline.named_steps.values():
                    # Tables are measured without the names of their columns.
                    vars(step).pop("feature_names_in_", None)
                function, key = (lambda: pipeline.predict_proba(table)), "predict_proba"
            call(bench.septum, "run", converted, archive, "-o", output)
            engines = {"Septum": SwiftProgram(bench.septum, converted, archive, bench.options.counter), name: Callable(function)}
            times = {engine: [] for engine in engines}
            for _ in range(bench.turns):
                for engine, made in engines.items():
                    times[engine].append(made.time(bench.seconds))
            medians = {engine: statistics.median(values) for engine, values in times.items()}
            cells.append({
                "model": fixture.split("/")[1], "library": name, "batch": batch, "nanoseconds": medians, "turns": times,
                "ratio": medians[name] / medians["Septum"], "difference": difference(numpy.load(output)[key], function()),
            })  # fmt: skip
    return cells


# MARK: The run


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def versions(septum):
    import importlib.metadata

    found = {"septum": call(septum, "--version").strip(), "python": platform.python_version()}
    for package in ("onnxruntime", "openvino", "numpy", "torch", "xgboost-cpu", "scikit-learn", "onnx"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--septum", required=True, type=pathlib.Path, help="the program")
    parser.add_argument("--library", required=True, type=pathlib.Path, help="libseptum.so, or libSeptumC.so")
    parser.add_argument("--driver", default=ROOT / ".bench/driver", type=pathlib.Path)
    parser.add_argument("--counter", default=ROOT / ".bench/libcounter.so", type=pathlib.Path)
    parser.add_argument("--out", default=ROOT / ".bench", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="some models, batches 1 and 64")
    parser.add_argument("--torch", action="store_true", help="measure PyTorch too")
    parser.add_argument("--only", help="models with this in their name; several with commas between them")
    parser.add_argument("--memory", default=6.0, type=float, help="GiB that one engine may take")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    words = (options.only or "").split(",")
    chosen = [b for b in models.BENCHMARKS if any(word in b.name for word in words) and (b.quick or not options.quick)]
    start, load = time.time(), os.getloadavg()

    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        total = sum(len(bench.batches(benchmark)) for benchmark in chosen)
        done = 0

        def progress(what):
            nonlocal done
            report.progress(done, total, what)
            done += 1

        stream = Driver(bench.driver, "stream", "-", "-")
        bandwidth = PROBE_BYTES / stream.ask("time 0.5")["minimum"]
        stream.close()
        for benchmark in chosen:
            bench.run(benchmark, progress)
        others = [] if options.only else library_cells(bench, pathlib.Path(folder))
        report.progress(total, total, "")
        bench.probe.close()
    results = {
        "machine": processor(), "cores": os.cpu_count(), "date": datetime.date.today().isoformat(),
        "versions": versions(bench.septum), "loadBefore": load, "loadAfter": os.getloadavg(), "seconds": time.time() - start,
        "turns": bench.turns, "secondsOfTurn": bench.seconds, "bandwidth": bandwidth, "cells": bench.cells, "cold": bench.colds,
        "libraries": others, "leftOut": bench.left_out, "quick": options.quick,
    }  # fmt: skip
    results["verdicts"] = report.verdicts(results)
    (options.out / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
    report.write(results, options.out)
    wrong = [cell for cell in bench.cells if not cell["differences"]["Septum C"] <= cell["tolerance"]]
    for cell in wrong:
        print(f"WRONG: {cell['model']} x {cell['batch']}: {cell['differences']['Septum C']:.1e} from ONNX Runtime", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
