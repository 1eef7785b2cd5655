"""A network for the logarithm of a muon's transverse momentum by PyTorch, quantized to 8 bits by ONNX Runtime."""

import pathlib
import sys

import numpy
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipes
import simulation
from quantized import Samples


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    pt, weight, features = simulation.muons(1, 120000)
    x, y = torch.from_numpy(features), torch.from_numpy(numpy.log(pt.clip(2, 60) / 2).astype(numpy.float32))[:, None]
    network = nn.Sequential(nn.Linear(simulation.FEATURES, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1), nn.ReLU())
    nn.init.constant_(network[4].bias, 1.0)
    order = numpy.random.default_rng(2)
    recipes.fit(
        network, lambda part: nn.functional.smooth_l1_loss(network(x[part]), y[part], beta=0.1),
        lambda _: numpy.array_split(order.permutation(len(y)), len(y) // 512), 15)

    inputs = {"X": simulation.muons(3, 1000)[2]}
    recipes.torch_to_onnx(HERE, network, inputs, ["log_pt"], {"X": {0: "batch"}}, 0, 0, "")
    (HERE / "model.onnx").rename(HERE / "float.onnx")
    quantize_static(
        HERE / "float.onnx", HERE / "model.onnx", Samples([{"X": features[:20000]}]), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.Percentile,
        extra_options={"CalibPercentile": 99.99})
    # ONNX Runtime without its own optimizations runs the model as it is written.
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), settings, providers=["CPUExecutionProvider"])
    recipes.store(HERE, inputs, {"log_pt": session.run(["log_pt"], inputs)[0]})
    recipes.describe(
        HERE, "onnx", "ONNX Runtime", ["torch", "onnx", "onnxscript", "onnxruntime"], 0.0, 0.0,
        "8-bit integers times float32 scales: sums of integers are exact")


if __name__ == "__main__":
    main()
