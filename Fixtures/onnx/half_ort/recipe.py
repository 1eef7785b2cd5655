"""Masked self-attention made float16 by onnxruntime.transformers, some operators kept in float32."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from onnxruntime.transformers.float16 import convert_float_to_float16

from block import exported_block, jets
from ort_case import store

model = convert_float_to_float16(exported_block(), keep_io_types=True, op_block_list=["Softmax", "LayerNormalization", "Log"])
store(
    HERE,
    model,
    jets(1, 5, 12),
    "onnxruntime.transformers.float16, keep_io_types=True",
    "float16 with Softmax, LayerNormalization and Log in float32 between Casts",
    ["torch"],
    rtol=1e-2,
    atol=5e-3,
    reason="float16 has 11 bits; ONNX Runtime rounds each result",
    others={"long": jets(3, 1, 30)},
)
