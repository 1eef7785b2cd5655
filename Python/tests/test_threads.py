"""Many threads and many processes."""

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import threading
import time
import unittest

import numpy

import septum
from fixtures import ENVIRONMENT, FIXTURES, booster, deepsets

# Loads through a foreign interface that keeps the GIL during calls, as those of ROOT do, while Python switches threads.
KEEPS_GIL = """
import ctypes, sys, threading
library = ctypes.PyDLL(sys.argv[1])
class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("format", ctypes.c_char_p), ("python", ctypes.c_char_p), ("trust", ctypes.c_int32)]
options = Options(ctypes.sizeof(Options), None, None, 1)
statuses = []
def load():
    model = ctypes.c_void_p()
    statuses.append(library.septum_model_load_with(sys.argv[2].encode(), ctypes.byref(options), ctypes.byref(model)))
sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=load) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert statuses == [0] * 4, statuses
"""


def margins(model, rows):
    return os.getpid(), model.run(rows)["margin"]


class ThreadTests(unittest.TestCase):
    def test_threads_with_shapes_of_their_own(self):
        model, rows, expected = booster()

        def work(count):
            return all(numpy.array_equal(model.run(rows[:count])["margin"], expected[:count]) for _ in range(20))

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertEqual(list(pool.map(work, range(1, 41))), [True] * 40)

    def test_threads_that_end_leave_their_memory_to_others(self):
        model, rows, expected = booster()
        for _ in range(50):
            found = []
            thread = threading.Thread(target=lambda: found.append(model.run(rows)["margin"]))
            thread.start()
            thread.join()
            numpy.testing.assert_array_equal(found[0], expected)

    def test_callers_that_keep_the_gil_start_the_host_together(self):
        model = FIXTURES / "sklearn" / "gradient_boosting_binary" / "model.joblib"
        command = [sys.executable, "-c", KEEPS_GIL, os.environ["SEPTUM_LIBRARY"], model]
        subprocess.run(command, env=ENVIRONMENT, timeout=120, check=True)

    def test_others_run_during_a_run(self):
        model, inputs, _ = deepsets()
        particles, jets = (numpy.repeat(inputs[name], 400, axis=0) for name in ("constituents", "jet"))
        model.run(particles, jets)
        counter, is_over = [0], threading.Event()

        def count():
            while not is_over.is_set():
                counter[0] += 1
                time.sleep(0)

        thread = threading.Thread(target=count)
        thread.start()
        before = counter[0]
        model.run(particles, jets)
        during = counter[0] - before
        is_over.set()
        thread.join()
        self.assertGreater(during, 1)

    def test_shared_steps_give_the_same_bits(self):
        model, inputs, _ = deepsets()
        content = model.to_bytes()
        for threads in (2, 3):
            found = septum.load(content, threads=threads).run(inputs)["probabilities"]
            numpy.testing.assert_array_equal(found, model.run(inputs)["probabilities"])


class ProcessTests(unittest.TestCase):
    def test_new_processes_take_the_model_by_pickle(self):
        model, rows, expected = booster()
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
            for process, found in pool.map(margins, [model] * 4, [rows] * 4):
                self.assertNotEqual(process, os.getpid())
                numpy.testing.assert_array_equal(found, expected)

    def test_forked_processes_run_models_that_ran_before(self):
        for threads in (1, 2):
            model, rows, expected = booster()
            model = septum.load(model.to_bytes(), threads=threads)
            model.run(rows)
            with multiprocessing.get_context("fork").Pool(1) as pool:
                _, found = pool.apply_async(margins, (model, rows)).get(60)
                numpy.testing.assert_array_equal(found, expected)
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                os.write(writer, bytes([numpy.array_equal(model.run(rows)["margin"], expected)]))
                os._exit(0)
            os.waitpid(child, 0)
            self.assertEqual(os.read(reader, 1), b"\1")


if __name__ == "__main__":
    unittest.main()
