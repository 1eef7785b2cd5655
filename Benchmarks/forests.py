"""Forests beside the libraries that trained them and the compilers of trees, one thread each, in one run.

    python Benchmarks/forests.py --septum PROGRAM --library LIBRARY [--quick] [--only NAME,...] [--out FOLDER]

Engines take turns within each cell, and the medians of the turns are compared. XGBoost, LightGBM, lleaves and the C that tl2cgen
writes are called from C, ONNX Runtime by the driver of `bench.py`, scikit-learn and CatBoost from Python. In the same run the bits
of Septum's results are held against those of the library that trained the model.

One row is measured twice: the same again and again, whose path through the trees a processor's branch predictor learns, and many in
turn, as events come.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse  # noqa: E402
import ctypes  # noqa: E402
import json  # noqa: E402
import pathlib  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402

from engines import TYPES, Callable, Driver, EngineError, SwiftProgram, call, libraries  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
FEATURES, ROWS = 30, 3000
#: Rows that come one by one, in turn.
TURN = 1000
#: The results of one row are summed over this many trees at most when C is generated, which takes minutes beyond.
COMPILED_TREES = 1000
#: Seconds after which a compiler of trees is given up.
COMPILE_SECONDS = 180
#: Seconds beyond which a run is left out.
RUN_SECONDS = 5

# name, library, trees, depth, in the short run
CASES = [
    ("xgboost_40x3", "xgboost", 40, 3, True),
    ("xgboost_120x4", "xgboost", 120, 4, False),
    ("xgboost_100x3", "xgboost", 100, 3, False),
    ("xgboost_1000x6", "xgboost", 1000, 6, True),
    ("xgboost_500x10", "xgboost", 500, 10, False),
    ("xgboost_10000x6", "xgboost", 10000, 6, False),
    ("lightgbm_1000x6", "lightgbm", 1000, 6, True),
    ("forest_200", "sklearn", 200, None, False),
    ("catboost_1000x6", "catboost", 1000, 6, False),
]


def data():
    random = np.random.default_rng(7)
    x = random.normal(size=(ROWS, FEATURES)).astype(np.float32)
    y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + x[:, 3:10].sum(1) + 0.5 * random.normal(size=ROWS)
    return x, y


def pointer(array):
    return ctypes.c_void_p(array.ctypes.data)


def address(function):
    return ctypes.cast(function, ctypes.c_void_p)


class InC:
    """A function of `calls.c` with its arguments, whose call takes `rows` rows one by one."""

    def __init__(self, library, name, *arguments, rows=1):
        self.function = getattr(library, name)
        self.function.restype = ctypes.c_double
        self.arguments, self.rows = arguments, rows

    def time(self, seconds):
        return self.function(*self.arguments, ctypes.c_double(seconds)) / self.rows

    def close(self):
        pass


def driven(engine, library, model, x, folder, in_turn):
    """An engine behind `driver`, which takes all rows at once or one by one."""
    path = folder / f"{engine}.in"
    x.tofile(path)
    words = [f"{TYPES[str(x.dtype)]}:{1 if in_turn else len(x)}x{x.shape[1]}:{path}"]
    driver = Driver(ROOT / ".bench/driver", engine, library, model, 1, words)
    if in_turn:
        driver.ask(f"turn {path}")
    return driver


# MARK: Models


class Case:
    """A trained model: its file for Septum, its own library's result, and the engines that run it."""

    def __init__(self, folder, trees, depth):
        self.folder, self.trees, self.depth = folder, trees, depth
        self.x, self.y = data()
        self.keep = []
        self.made = {}

    def once(self, name, make):
        """What `make` gives, or the error that it ends with, which is not waited for again."""
        if name not in self.made:
            try:
                self.made[name] = make(), None
            except Exception as error:  # noqa: BLE001
                self.made[name] = None, error
        result, error = self.made[name]
        if error:
            raise error
        return result

    def runtime(self, model, x, folder, in_turn=False):
        """ONNX Runtime on a conversion of the model, whatever it does to the last bits."""
        import onnx

        fixed = folder / "fixed.onnx"
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1 if in_turn else len(x)
        onnx.save(model, fixed)
        return driven("onnxruntime", libraries()["onnxruntime"], fixed, x, folder, in_turn)


class XGBoost(Case):
    key = "margin"

    def __init__(self, folder, trees, depth):
        import xgboost

        super().__init__(folder, trees, depth)
        rounds = min(trees, 1000)
        options = {"max_depth": depth, "eta": 0.05, "min_child_weight": 0, "lambda": 0.1, "nthread": os.cpu_count()}
        booster = xgboost.train(options, xgboost.DMatrix(self.x, self.y), rounds)
        self.file = folder / "model.json"
        booster.save_model(self.file)
        if trees > rounds:
            self.repeat(trees // rounds)
        self.booster = xgboost.Booster({"nthread": 1}, model_file=self.file)
        self.library = xgboost.core._LIB

    def repeat(self, times):
        """The same trees again and again, for a forest that takes no hours to train."""
        document = json.loads(self.file.read_text())
        model = document["learner"]["gradient_booster"]["model"]
        model["trees"] = [tree | {"id": index} for index, tree in enumerate(model["trees"] * times)]
        model["tree_info"] *= times
        count = len(model["trees"])
        model["gbtree_model_param"]["num_trees"] = str(count)
        model["iteration_indptr"] = list(range(count + 1))
        self.file.write_text(json.dumps(document))

    def expected(self, x):
        return self.booster.inplace_predict(x, predict_type="margin")

    def dense(self, x):
        """The arguments for predictions from an array."""
        array = json.dumps({"data": [x.ctypes.data, True], "shape": x.shape, "typestr": "<f4", "version": 3}).encode()
        config = json.dumps(
            {"type": 1, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False, "cache_id": 0,
             "missing": float("nan")}
        ).encode()  # fmt: skip
        meta = ctypes.c_void_p()
        self.library.XGProxyDMatrixCreate(ctypes.byref(meta))
        self.keep = [x, array, config, meta]
        return address(self.library.XGBoosterPredictFromDense), self.booster.handle, array, config, meta

    def engines(self, x, calls, folder, quick):
        arguments = self.dense(x)
        yield "XGBoost C", lambda: InC(calls, "time_xgboost", *arguments)
        if len(x) <= 64:
            yield "XGBoost Python", lambda: Callable(lambda: self.booster.inplace_predict(x))
        yield "ORT C", lambda: self.runtime(self.once("onnx", self.converted), x, folder)
        if self.trees <= (120 if quick else COMPILED_TREES):
            yield "tl2cgen C", lambda: self.generated(x, calls, folder)

    def engines_in_turn(self, x, calls, folder, quick):
        row = x[:1].copy()
        arguments = self.dense(row)
        yield "XGBoost C", lambda: InC(
            calls, "time_xgboost_rows", *arguments, pointer(row), pointer(x), len(x), FEATURES, rows=len(x))  # fmt: skip
        yield "ORT C", lambda: self.runtime(self.once("onnx", self.converted), x, folder, in_turn=True)
        if self.trees <= (120 if quick else COMPILED_TREES):
            yield "tl2cgen C", lambda: self.generated(x, calls, folder, rows=len(x))

    def converted(self):
        import onnxmltools
        import xgboost
        from onnxmltools.convert.common.data_types import FloatTensorType

        model = xgboost.XGBRegressor()
        model.load_model(self.file)
        return onnxmltools.convert_xgboost(model, initial_types=[("X", FloatTensorType([None, FEATURES]))])

    def compile(self, folder):
        import tl2cgen
        import treelite

        library, sources = folder / "generated.so", folder / "generated"
        model = treelite.frontend.load_xgboost_model(str(self.file))
        tl2cgen.generate_c_code(model, dirpath=str(sources), params={"parallel_comp": 8})
        subprocess.run(
            ["cc", "-O3", "-march=native", "-shared", "-fPIC", "-o", library, *sorted(sources.glob("*.c"))], check=True,
            timeout=COMPILE_SECONDS)  # fmt: skip
        return library

    def generated(self, x, calls, folder, rows=1):
        loaded = ctypes.CDLL(str(self.once("generated", lambda: self.compile(folder))))
        row, y = np.zeros(FEATURES, np.int32), np.zeros(len(x), np.float32)
        self.keep += [loaded, row, y]
        return InC(
            calls, "time_generated", address(loaded.predict), pointer(x), len(x), FEATURES, pointer(row), pointer(y), 1,
            rows=rows)  # fmt: skip


class LightGBM(Case):
    key = None

    def __init__(self, folder, trees, depth):
        import lightgbm

        super().__init__(folder, trees, depth)
        options = {
            "objective": "regression", "max_depth": depth, "num_leaves": 2**depth, "min_data_in_leaf": 1, "verbose": -1,
            "learning_rate": 0.05, "num_threads": os.cpu_count(), "min_sum_hessian_in_leaf": 0,
        }  # fmt: skip
        booster = lightgbm.train(options, lightgbm.Dataset(self.x, self.y), trees)
        self.file = folder / "model.txt"
        booster.save_model(self.file)
        self.booster = lightgbm.Booster(model_file=str(self.file))
        self.library = lightgbm.basic._LIB

    def expected(self, x):
        return self.booster.predict(x.astype(np.float64), num_threads=1)

    def engines(self, x, calls, folder, quick):
        wide, y = x.astype(np.float64), np.zeros(len(x))
        self.keep = [x, wide, y]
        if len(x) == 1:
            yield "LightGBM C, row", lambda: self.rows(wide, y, calls)
        yield "LightGBM C", lambda: InC(
            calls, "time_lightgbm", address(self.library.LGBM_BoosterPredictForMat), self.booster._handle, pointer(x), len(x),
            FEATURES, pointer(y))  # fmt: skip
        yield "ORT C", lambda: self.runtime(self.once("onnx", self.converted), x, folder)
        if not quick:
            yield "lleaves", lambda: self.compiled("time_lleaves", wide, y, calls, folder)

    def engines_in_turn(self, x, calls, folder, quick):
        wide, y = x.astype(np.float64), np.zeros(len(x))
        self.keep = [x, wide, y]
        yield "LightGBM C, row", lambda: self.rows(wide, y, calls)
        yield "ORT C", lambda: self.runtime(self.once("onnx", self.converted), x, folder, in_turn=True)
        if not quick:
            yield "lleaves", lambda: self.compiled("time_lleaves_rows", wide, y, calls, folder, rows=len(x))

    def rows(self, wide, y, calls):
        fast = ctypes.c_void_p()
        self.library.LGBM_BoosterPredictForMatSingleRowFastInit(
            self.booster._handle, 0, 0, -1, 1, FEATURES, b"num_threads=1", ctypes.byref(fast))  # fmt: skip
        return InC(
            calls, "time_lightgbm_rows", address(self.library.LGBM_BoosterPredictForMatSingleRowFast), fast, pointer(wide), len(wide),
            FEATURES, pointer(y), rows=len(wide))  # fmt: skip

    def converted(self):
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType

        return onnxmltools.convert_lightgbm(self.booster, initial_types=[("X", FloatTensorType([None, FEATURES]))])

    def compile(self, folder):
        """Compiled in a process of its own, which can be given up."""
        import lleaves

        cache = folder / "lleaves.o"
        program = "import lleaves, sys; lleaves.Model(model_file=sys.argv[1]).compile(cache=sys.argv[2])"
        subprocess.run([sys.executable, "-c", program, self.file, cache], check=True, timeout=COMPILE_SECONDS)
        model = lleaves.Model(model_file=str(self.file))
        model.compile(cache=cache)
        return model

    def compiled(self, function, wide, y, calls, folder, rows=1):
        model = self.once("lleaves", lambda: self.compile(folder))
        return InC(calls, function, address(model._c_entry_func), pointer(wide), pointer(y), len(wide), rows=rows)


class RandomForest(Case):
    key = "predict_proba"

    def __init__(self, folder, trees, depth):
        import joblib
        from sklearn.ensemble import RandomForestClassifier

        super().__init__(folder, trees, depth)
        classes = np.digitize(self.y, np.quantile(self.y, [0.33, 0.66]))
        self.model = RandomForestClassifier(trees, max_depth=depth, random_state=1, n_jobs=1).fit(self.x, classes)
        self.file = folder / "model.joblib"
        joblib.dump(self.model, self.file)

    def expected(self, x):
        return self.model.predict_proba(x)

    def engines(self, x, calls, folder, quick):
        import skl2onnx

        yield "scikit-learn", lambda: Callable(lambda: self.model.predict_proba(x))
        kind = skl2onnx.common.data_types.FloatTensorType([None, FEATURES])
        options = {id(self.model): {"zipmap": False}}
        yield "ORT C", lambda: self.runtime(
            skl2onnx.convert_sklearn(self.model, initial_types=[("X", kind)], options=options), x, folder)  # fmt: skip


class CatBoost(Case):
    key = None

    def __init__(self, folder, trees, depth):
        import catboost

        super().__init__(folder, trees, depth)
        self.model = catboost.CatBoostRegressor(
            iterations=trees, depth=depth, learning_rate=0.05, verbose=False, thread_count=os.cpu_count(), allow_writing_files=False)  # fmt: skip
        self.model.fit(self.x, self.y)
        # CatBoost's own export as ONNX, whose trees are oblivious.
        self.file = folder / "model.onnx"
        self.model.save_model(str(self.file), format="onnx")

    def expected(self, x):
        return None

    def engines(self, x, calls, folder, quick):
        import onnx

        yield "CatBoost", lambda: Callable(lambda: self.model.predict(x, thread_count=1))
        # The export calls its results a vector, which ONNX Runtime refuses for the column that its operator gives.
        model = onnx.load(self.file)
        for output in model.graph.output:
            output.type.tensor_type.ClearField("shape")
        yield "ORT C", lambda: self.runtime(model, x, folder)


KINDS = {"xgboost": XGBoost, "lightgbm": LightGBM, "sklearn": RandomForest, "catboost": CatBoost}


# MARK: The run


def measure(case, name, batch, septum, converted, calls, folder, options, rates):
    """One cell. `rates` holds the nanoseconds a row that engines took for fewer rows: the slowest are left out beforehand."""
    table = np.ascontiguousarray(np.take(case.x, np.arange(batch) % ROWS, 0))
    archive, output = folder / "in.npz", folder / "out.npz"
    inputs = json.loads(call(septum, "inspect", converted, "--json"))["inputs"]
    kind = np.float64 if inputs[0]["type"] == "float64" else np.float32
    np.savez(archive, **{inputs[0]["name"]: table.astype(kind)})
    call(septum, "run", converted, archive, "-o", output)
    expected = case.expected(table)
    found = dict(np.load(output))
    exact = None
    if expected is not None:
        own = found[case.key] if case.key else next(iter(found.values()))
        exact = bool(np.array_equal(np.asarray(own).reshape(-1), np.asarray(expected, own.dtype).reshape(-1)))
    own = lambda: SwiftProgram(septum, converted, archive, options.counter)  # noqa: E731
    times, refused = turns(own, case.engines(table, calls, folder, options.quick), batch, rates, options.quick)
    rates.update((engine, statistics.median(values) / batch) for engine, values in times.items())
    return cell(name, batch, times, exact, refused)


def measure_in_turn(case, name, septum, library, converted, calls, folder, options, rates):
    """A cell of rows that come one by one. Septum is called from C too."""
    table = case.x[:TURN]
    inputs = json.loads(call(septum, "inspect", converted, "--json"))["inputs"]
    typed = table.astype(np.float64 if inputs[0]["type"] == "float64" else np.float32)
    own = lambda: driven("septum", library, converted, typed, folder, True)  # noqa: E731
    times, refused = turns(own, case.engines_in_turn(table, calls, folder, options.quick), TURN, rates, options.quick)
    return cell(name, 1, times, None, refused) | {"inTurn": True}


def turns(own, peers, rows, rates, quick):
    """Nanoseconds of each engine in each turn, and why others do not run; `own` makes Septum's, `peers` are names and makers."""
    engines, refused = {"Septum": own()}, {}
    for engine, make in peers:
        if (seconds := 1e-9 * rows * rates.get(engine, 0)) > RUN_SECONDS:
            refused[engine] = f"left out of {rows} rows, which would take {seconds:.0f} s"
            continue
        try:
            engines[engine] = make()
        except Exception as error:  # noqa: BLE001
            refused[engine] = f"{type(error).__name__}: {error}"[:200]
    times = {engine: [] for engine in engines}
    for _ in range(3 if quick else 5):
        for engine in [engine for engine in engines if engine not in refused]:
            try:
                times[engine].append(engines[engine].time(0.02 if quick else 0.05))
            except EngineError as error:
                if engine == "Septum":
                    raise
                refused[engine] = str(error)
    for made in engines.values():
        made.close()
    return {engine: values for engine, values in times.items() if engine not in refused}, refused


def cell(name, batch, times, exact, refused):
    medians = {engine: statistics.median(values) for engine, values in times.items()}
    peers = {engine: median for engine, median in medians.items() if engine != "Septum"}
    fastest = min(peers, key=peers.get) if peers else None
    return {
        "model": name, "batch": batch, "nanoseconds": medians, "turns": times, "exact": exact, "refused": refused,
        "fastest": fastest, "ratio": peers[fastest] / medians["Septum"] if fastest else None,
    }  # fmt: skip


def loading(case, septum, turns):
    """Seconds from XGBoost's JSON to the first result for one row, of processes that run already."""
    import xgboost

    times = {"Septum": [], "XGBoost": []}
    row = case.x[:1]
    for _ in range(turns):
        report = json.loads(call(septum, "bench", case.file, "--json", "--seconds", "0.001"))
        times["Septum"].append(report["coldStartMilliseconds"] / 1e3)
        start, used = time.perf_counter(), time.process_time()
        xgboost.Booster({"nthread": 1}, model_file=case.file).inplace_predict(row)
        times["XGBoost"].append(min(time.perf_counter() - start, time.process_time() - used))
    seconds = {engine: statistics.median(values) for engine, values in times.items()}
    return {"bytes": case.file.stat().st_size, "seconds": seconds, "ratio": seconds["XGBoost"] / seconds["Septum"]}


def run(septum, options, progress=lambda name: None):
    """The cells, and how fast XGBoost's largest JSON is read."""
    source, built = ROOT / "Benchmarks/forests/calls.c", options.out / "libcalls.so"
    call("cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", built, source)
    calls = ctypes.CDLL(str(built.resolve()))
    words = (options.only or "").split(",")
    cells, loads = [], {}
    for name, library, trees, depth, quick in CASES:
        if options.quick and not quick or not any(word in name for word in words):
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            case = KINDS[library](folder, trees, depth)
            converted = folder / "model.septum"
            call(septum, "convert", case.file, converted, "--trust-pickle", "--python", sys.executable)
            rates = {}
            for batch in (1, 64) if options.quick else (1, 64, 1024, 100_000):
                if batch * trees > 2e8:
                    continue
                progress(f"{name} x {batch}")
                cells.append(measure(case, name, batch, septum, converted, calls, folder, options, rates))
                if batch == 1 and hasattr(case, "engines_in_turn"):
                    progress(f"{name}, rows in turn")
                    cells.append(
                        measure_in_turn(
                            case, name, septum, options.library.resolve(), converted, calls, folder, options, rates))  # fmt: skip
            if library == "xgboost" and trees >= 1000:
                loads[name] = loading(case, septum, 3)
    return {"cells": cells, "loading": loads}


def lines(results):
    rows = [["model", "batch", "Septum", "per row", "bits", "x fastest", "fastest", "others"]]
    for cell in results["cells"]:
        own = cell["nanoseconds"]["Septum"]
        others = ", ".join(f"{name} {1e-3 * t:.3g}" for name, t in cell["nanoseconds"].items() if name != "Septum")
        rows.append([
            cell["model"], "in turn" if cell.get("inTurn") else str(cell["batch"]), f"{1e-3 * own:.4g} us", f"{1e-3 * own / cell['batch']:.3g}",
            {True: "equal", False: "DIFFER", None: "-"}[cell["exact"]], f"{cell['ratio']:.1f}" if cell["ratio"] else "-",
            cell["fastest"] or "-", others,
        ])  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    text = ["  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip() for row in rows]
    for name, load in results["loading"].items():
        text.append(
            f"{name}: {load['bytes'] / 1e6:.1f} MB of JSON, {load['seconds']['Septum']:.3f} s until the first result, XGBoost's comes in "
            f"{load['seconds']['XGBoost']:.3f} s: {load['ratio']:.1f} x")  # fmt: skip
    refused = {(cell["model"], name): why for cell in results["cells"] for name, why in cell["refused"].items()}
    return text + [f"{model}: {name}: {why}" for (model, name), why in refused.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--septum", required=True, type=pathlib.Path, help="the program")
    parser.add_argument("--library", default=ROOT / ".build-library/libseptum.so.1", type=pathlib.Path, help="libseptum.so")
    parser.add_argument("--counter", default=ROOT / ".bench/libcounter.so", type=pathlib.Path)
    parser.add_argument("--out", default=ROOT / ".bench", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="three models, batches 1 and 64")
    parser.add_argument("--only", help="models with this in their name; several with commas between them")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    results = run(options.septum.resolve(), options, lambda name: print(name, file=sys.stderr))
    (options.out / "forests.json").write_text(json.dumps(results, indent=1) + "\n")
    text = "\n".join(lines(results))
    (options.out / "forests.txt").write_text(text + "\n")
    print(text)
    sys.exit(any(cell["exact"] is False for cell in results["cells"]))


if __name__ == "__main__":
    main()
