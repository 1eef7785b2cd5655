"""The engines that are compared: each prepares one model for one set of inputs and tells the time of a run when asked."""

import json
import os
import pathlib
import resource
import select
import statistics
import subprocess
import sys
import time

import numpy

#: The numbers of ONNX for element types.
TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "float64": 11}
NAMES = {number: name for name, number in TYPES.items()}


class EngineError(Exception):
    """An engine could not do what was asked."""


class Driver:
    """An engine behind `driver`, a C program that runs it in a process of its own."""

    def __init__(self, program, engine, library, model, threads=1, inputs=(), patience=60):
        self.patience = patience
        command = [program, engine, library, model, threads, *inputs]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            self.opened = self._answer()
        except EngineError:
            self.close()
            raise

    def ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self._answer()

    def _answer(self):
        if not select.select([self.process.stdout], [], [], self.patience)[0]:
            self.process.kill()
            raise EngineError(f"no answer in {self.patience} s")
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise EngineError((self.process.stderr.read().strip() or f"ended with status {self.process.returncode}")[-300:])
        return json.loads(line)

    def time(self, seconds):
        return self.ask(f"time {seconds}")["median"]

    def outputs(self, folder):
        prefix = pathlib.Path(folder) / f"out{os.getpid()}_"
        arrays = []
        for index, output in enumerate(self.ask(f"outputs {prefix}")):
            path = pathlib.Path(f"{prefix}{index}")
            arrays.append(numpy.fromfile(path, NAMES[output["type"]]).reshape(output["shape"]))
            path.unlink()
        return arrays

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class SwiftProgram:
    """Septum called from Swift: `septum bench`, started anew for each turn."""

    def __init__(self, program, model, archive, counter, trust=()):
        self.command = [program, "bench", model, "--inputs", archive, "--json", *trust, "--seconds"]
        self.environment = os.environ | {"LD_PRELOAD": str(counter)}
        self.report = {}

    def time(self, seconds):
        # Half of the time goes to single runs.
        self.report = json.loads(call(*self.command, 2 * seconds, environment=self.environment))
        return self.report["nanosecondsPerRun"]

    def close(self):
        pass


class Callable:
    """An engine in this process."""

    def __init__(self, function):
        self.function = function
        function()

    def time(self, seconds):
        """As the driver does: samples during which another process took the processor are left out where enough remain."""
        quiet, disturbed, end = [], [], time.perf_counter() + seconds
        while True:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
            used, start = time.process_time_ns(), time.perf_counter_ns()
            self.function()
            wall = time.perf_counter_ns() - start
            used = time.process_time_ns() - used
            if resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw == before:
                quiet.append(wall)
            disturbed.append(min(wall, used))
            if time.perf_counter() >= end:
                return statistics.median(quiet if len(quiet) >= 3 else disturbed)

    def close(self):
        pass


def python_runtime(path, inputs):
    """ONNX Runtime from Python: called with arrays, and with inputs and outputs bound once."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    binding = session.io_binding()
    # The binding does not keep what it is given alive.
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in inputs.items()}
    for name, value in values.items():
        binding.bind_ortvalue_input(name, value)
    for name in names:
        binding.bind_output(name)
    return {
        "ORT Python": Callable(lambda: session.run(names, inputs)),
        "ORT Python, bound": Callable(lambda: (values, session.run_with_iobinding(binding))),
    }


def call(*command, environment=None):
    """What a program prints; ends this one when that fails."""
    words = [str(word) for word in command]
    result = subprocess.run(words, capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        raise EngineError(f"$ {' '.join(words)}\n{result.stdout[-500:]}{result.stderr[-500:]}")
    return result.stdout


def libraries():
    """Where pip has put the shared libraries of the peers, and apt that of oneDNN; None for those that are not there."""
    import ctypes.util
    import importlib.util

    def find(package, pattern):
        found = importlib.util.find_spec(package)
        folder = pathlib.Path(found.origin).parent if found else None
        matches = sorted(folder.glob(pattern)) if folder else []
        return matches[0] if matches else None

    return {
        "onnxruntime": find("onnxruntime", "capi/libonnxruntime.so*"),
        "openvino": find("openvino", "libs/libopenvino_c.so*"),
        "openblas": find("numpy", "../numpy.libs/libscipy_openblas64_*.so"),
        "onednn": ctypes.util.find_library("dnnl"),
    }
