"""Times Septum beside the libraries that the models came from, all on one thread and the same inputs, in one run.

Septum is measured by its own `bench` command, each time in a process of its own; the others through their Python interface,
which is how an analysis calls them. The engines take turns, and the medians of the turns are printed: what else the machine
does meets all of them alike.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse  # noqa: E402
import json  # noqa: E402
import pathlib  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402

import joblib  # noqa: E402
import numpy  # noqa: E402
import onnxruntime  # noqa: E402
import sklearn  # noqa: E402
import xgboost  # noqa: E402

from chart import chart  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "Fixtures"

# fixture, model file, sizes of symbolic dimensions
CASES = [
    *[("onnx/jet_deepsets", "model.onnx", {"batch": b, "particles": p}) for b in (1, 64) for p in (1, 13, 40)],
    *[("onnx/jet_particlenet", "model.onnx", {"batch": b, "particles": 13}) for b in (1, 64)],
    *[("xgboost/jet_classifier", "model.ubj", {"batch": b}) for b in (1, 1000)],
    *[("sklearn/jet_pipeline", "model.joblib", {"batch": b}) for b in (1, 1000)],
    *[("onnx/mlp_opset20", "model.onnx", {"batch": b}) for b in (1, 64)],
    *[("onnx/transformer_block", "model.onnx", {"batch": b, "n_particles": 20}) for b in (1, 16)],
    *[("onnx/lstm_tagger", "model.onnx", {"batch": b, "n_particles": 20}) for b in (1, 16)],
    *[("onnx/calo_cnn", "model.onnx", {"batch": b}) for b in (1, 16)],
    ("onnx/gnn_edgeconv", "model.onnx", {}),
]


def call(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"$ {' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def resized(array, shape, sizes):
    """The fixture's array with the symbolic axes cut or repeated to the sizes asked for."""
    for axis, dimension in enumerate(shape):
        if dimension in sizes:
            array = numpy.take(array, numpy.arange(sizes[dimension]) % array.shape[axis], axis)
    return numpy.ascontiguousarray(array)


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def runtime_engines(path, inputs):
    """ONNX Runtime with one session, called with arrays and with outputs bound once."""
    runtime = session(path)
    names = [output.name for output in runtime.get_outputs()]
    binding = runtime.io_binding()
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in inputs.items()}
    for name, value in values.items():
        binding.bind_ortvalue_input(name, value)
    for name in names:
        binding.bind_output(name)
    results = dict(zip(names, runtime.run(names, inputs)))
    return {
        "ONNX Runtime, run": lambda: runtime.run(names, inputs),
        "ONNX Runtime, bound": lambda: runtime.run_with_iobinding(binding),
    }, results


def booster_engines(path, inputs):
    booster = xgboost.Booster(model_file=str(path))
    booster.set_param({"nthread": 1})
    table = inputs["X"]
    return {"XGBoost": lambda: booster.inplace_predict(table)}, {"prediction": booster.inplace_predict(table)}


def pipeline_engines(path, inputs):
    pipeline = joblib.load(path)
    table = inputs["X"]
    return {"scikit-learn": lambda: pipeline.predict_proba(table)}, {"predict_proba": pipeline.predict_proba(table)}


ENGINES = {"onnx": runtime_engines, "xgboost": booster_engines, "sklearn": pipeline_engines}

COLD = """
import sys, time, numpy, onnxruntime
inputs = dict(numpy.load(sys.argv[2]))
start = time.perf_counter()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"]).run(None, inputs)
print((time.perf_counter() - start) * 1e3)
"""


def nanoseconds(function, seconds):
    """The median time of a call."""
    function()
    samples, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter_ns()
        function()
        samples.append(time.perf_counter_ns() - start)
    return statistics.median(samples)


def measure(septum, folder, fixture, file, sizes, options):
    source = FIXTURES / fixture / file
    format = fixture.split("/")[0]
    converted, archive, output = folder / "model.septum", folder / "in.npz", folder / "out.npz"
    trust = ["--trust-pickle", "--python", sys.executable] if format == "sklearn" else []
    call(septum, "convert", source, converted, *trust)
    ports = json.loads(call(septum, "inspect", converted, "--json"))["inputs"]
    stored = numpy.load(FIXTURES / fixture / "inputs.npz")
    inputs = {port["name"]: resized(stored[port["name"]], port["shape"], sizes) for port in ports}
    numpy.savez(archive, **inputs)
    rows = sizes.get("batch", 1)

    engines, expected = ENGINES[format](source, inputs)
    call(septum, "run", converted, archive, "-o", output)
    found = numpy.load(output)
    difference = max(float(numpy.abs(found[name] - values).max()) for name, values in expected.items())

    def bench(model):
        report = call(septum, "bench", model, "--inputs", archive, "--seconds", options.seconds, "--json")
        return json.loads(report)

    turns = {"Septum": [], **{name: [] for name in engines}}
    cold = {"Septum": [], "Septum, .septum": []}
    for _ in range(options.turns):
        report = bench(converted)
        turns["Septum"].append(report["nanosecondsPerRun"])
        cold["Septum, .septum"].append(report["coldStartMilliseconds"])
        for name, engine in engines.items():
            turns[name].append(nanoseconds(engine, options.seconds))
        if format == "onnx":
            cold["Septum"].append(bench(source)["coldStartMilliseconds"])
            cold.setdefault("ONNX Runtime", []).append(float(call(sys.executable, "-c", COLD, source, archive)))
    times = {name: statistics.median(values) for name, values in turns.items()}
    return {
        "model": fixture.split("/")[1],
        "sizes": sizes,
        "rows": rows,
        "nanoseconds": times,
        "turns": turns,
        "ratios": {name: value / times["Septum"] for name, value in times.items() if name != "Septum"},
        "coldMilliseconds": {name: statistics.median(values) for name, values in cold.items() if values},
        "maxDifference": difference,
    }


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def short(nanoseconds):
    return f"{nanoseconds / 1e3:,.2f}" if nanoseconds < 1e5 else f"{nanoseconds / 1e3:,.0f}"


def table(results):
    lines = [["model", "sizes", "Septum us", "others us (times Septum)", "max diff", "cold ms: Septum, .septum, ORT"]]
    for result in results:
        times, cold = result["nanoseconds"], result["coldMilliseconds"]
        others = ", ".join(f"{name} {short(times[name])} ({ratio:.1f}x)" for name, ratio in result["ratios"].items())
        lines.append([
            result["model"],
            " ".join(f"{name}={size}" for name, size in result["sizes"].items()),
            short(times["Septum"]),
            others,
            f"{result['maxDifference']:.0e}",
            " / ".join(f"{cold[name]:.1f}" if name in cold else "-" for name in ("Septum", "Septum, .septum", "ONNX Runtime")),
        ])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--septum", required=True, type=pathlib.Path)
    parser.add_argument("--out", default=ROOT / ".bench", type=pathlib.Path)
    parser.add_argument("--seconds", default=0.2, type=float, help="time of one turn of one engine")
    parser.add_argument("--turns", default=5, type=int)
    parser.add_argument("--only", help="measure only models whose name holds this")
    options = parser.parse_args()
    septum = options.septum.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    results = []
    cases = [case for case in CASES if not options.only or options.only in case[0]]
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases, 1):
            print(f"\r{number} of {len(cases)}", end="", file=sys.stderr, flush=True)
            results.append(measure(septum, pathlib.Path(folder), *case, options))
    print(file=sys.stderr)
    versions = {
        "septum": call(septum, "--version").strip(), "onnxruntime": onnxruntime.__version__, "xgboost": xgboost.__version__,
        "scikit-learn": sklearn.__version__, "numpy": numpy.__version__, "python": platform.python_version(),
    }
    heading = f"{processor()}, one thread, median microseconds a call of {options.turns} turns of {options.seconds} s"
    print(heading)
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    print(table(results))
    report = {"machine": processor(), "versions": versions, "load": os.getloadavg(), "results": results}
    (options.out / "bench.json").write_text(json.dumps(report, indent=2) + "\n")
    (options.out / "bench.svg").write_text(chart(results, heading))
    print(f"\n{options.out}/bench.json, {options.out}/bench.svg")


if __name__ == "__main__":
    main()
