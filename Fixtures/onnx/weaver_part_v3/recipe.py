"""weaver's Particle Transformer, version 3, by the TorchScript exporter."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from weaver_case import transformer, store

store(HERE, transformer(version=3), False, "RMS normalization, SwiGLU, no biases", dynamo=False, opset=17, rtol=5e-5, atol=5e-6)
