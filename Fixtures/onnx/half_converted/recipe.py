"""A convolutional network that onnxconverter-common made float16."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import numpy as np
from onnxconverter_common import float16

from ort_case import store
from quantized import convolutions, exported, uniform

inputs = {"x": uniform(1, 16, 1, 12, 12)}
model = float16.convert_float_to_float16(exported(convolutions(), inputs), keep_io_types=False)
kind = np.float16
store(
    HERE,
    model,
    {"x": inputs["x"].astype(kind)},
    "onnxconverter-common, keep_io_types=False",
    "float16 weights and sums",
    ["torch", "onnxconverter-common"],
    rtol=4e-3,
    atol=2e-3,
    reason="ONNX Runtime computes float16 operators as float32 and rounds each result",
    others={"one": {"x": uniform(2, 1, 1, 12, 12).astype(kind)}},
)
