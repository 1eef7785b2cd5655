"""Cases beyond ONNX's backend suite, for operators of which it says little.

Expected values come from ONNX's reference implementation in float64, or from ONNX Runtime.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator


def further(name, run, op, opset, inputs, **attributes):
    """A node and a case of it, whose output `run` computes; inputs of None are omitted."""
    inputs = [None if item is None else np.asarray(item) for item in inputs]
    names = ["" if item is None else f"x{index}" for index, item in enumerate(inputs)]
    node = helper.make_node(op, names, ["y"], **attributes)
    return name, node, opset, inputs, run(node, opset, {key: item for key, item in zip(names, inputs) if key})


def model(node, opset, inputs):
    infos = [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), None) for k, v in inputs.items()]
    graph = helper.make_graph([node], "case", infos, [onnx.ValueInfoProto(name="y")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def reference(node, opset, inputs):
    """ONNX's reference implementation; float32 is computed as float64 and rounded."""
    narrow = {key for key, item in inputs.items() if item.dtype == np.float32}
    wide = {key: item.astype(np.float64) if key in narrow else item for key, item in inputs.items()}
    output = np.asarray(ReferenceEvaluator(model(node, opset, wide)).run(None, wide)[0])
    return output.astype(np.float32) if narrow else output


def runtime(node, opset, inputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    content = model(node, opset, inputs).SerializeToString()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"]).run(None, inputs)[0]


def signal_cases(rng):
    def floats(*shape):
        return rng.normal(size=shape).astype(np.float32)

    for length in (1, 2, 3, 6, 7, 16, 45, 64, 65, 67, 96, 131):
        yield further(f"dft_length_{length}", reference, "DFT", 20, [floats(1, length, 2)])
    for name, shape, length, axis, attributes in (
        ("cut", (2, 9, 1), 6, None, {}),
        ("extended", (2, 9, 2), 14, None, {}),
        ("first_axis", (5, 3, 2), None, 0, {}),
        ("middle_axis_onesided", (2, 7, 3, 1), None, -3, {"onesided": 1}),
        ("complex_onesided", (1, 8, 2), None, None, {"onesided": 1}),
        ("inverse", (2, 10, 2), None, None, {"inverse": 1}),
        ("inverse_real", (1, 6, 1), None, None, {"inverse": 1}),
        ("inverse_cut", (2, 9, 2), 5, None, {"inverse": 1}),
        ("inverse_onesided", (2, 5, 2), None, None, {"inverse": 1, "onesided": 1}),
        ("inverse_onesided_odd", (2, 5, 2), 9, None, {"inverse": 1, "onesided": 1}),
        ("inverse_onesided_extended", (2, 3, 2), 12, 1, {"inverse": 1, "onesided": 1}),
        ("inverse_onesided_cut", (2, 6, 2, 2), 4, 1, {"inverse": 1, "onesided": 1}),
    ):
        inputs = [floats(*shape), length, axis]
        while inputs[-1] is None:
            inputs.pop()
        inputs[1:] = [None if item is None else np.int64(item) for item in inputs[1:]]
        yield further(f"dft_{name}", reference, "DFT", 20, inputs, **attributes)
    signal, window = floats(2, 23, 1), np.abs(floats(6))
    yield further("stft_twosided", reference, "STFT", 17, [signal, np.int64(4), window], onesided=0)
    yield further("stft_odd", reference, "STFT", 17, [signal, np.int64(5), None, np.int64(7)])
    yield further("stft_window_and_length", reference, "STFT", 17, [signal, np.int64(23), window, np.int64(6)])
    yield further("stft_complex", reference, "STFT", 17, [floats(1, 15, 2), np.int64(3), window, np.int64(6)], onesided=0)
    for op in ("HannWindow", "HammingWindow", "BlackmanWindow"):
        yield further(f"{op.lower()}_integers", runtime, op, 17, [np.int64(8)], output_datatype=onnx.TensorProto.INT32)
        yield further(f"{op.lower()}_none", runtime, op, 17, [np.int32(0)], output_datatype=onnx.TensorProto.DOUBLE)
        yield further(f"{op.lower()}_one_symmetric", runtime, op, 17, [np.int64(1)], periodic=0)
        yield further(f"{op.lower()}_odd", runtime, op, 17, [np.int64(13)], periodic=0)
    for bands, length, rate, low, high in ((4, 32, 8000, 0, 4000), (10, 40, 16000, 125, 7500), (20, 16, 8000, 300, 3000)):
        inputs = [np.int64(bands), np.int64(length), np.int64(rate), np.float32(low), np.float32(high)]
        yield further(f"melweightmatrix_{bands}_bands", reference, "MelWeightMatrix", 17, inputs)


def vision_cases(rng):
    def floats(*shape):
        return rng.normal(size=shape).astype(np.float32)

    image = floats(2, 4, 6, 7)
    regions = np.array([[0, 0, 6, 5], [1.3, 2.2, 4.9, 4.1], [-3, -2, 2, 3], [5, 4, 12, 9], [4, 4, 1, 1], [0.1, 0.1, 6.1, 5.1]], np.float32)
    which = np.array([0, 1, 1, 0, 1, 0])
    for mode in ("avg", "max"):
        for coordinates in ("half_pixel", "output_half_pixel"):
            for ratio in (0, 2):
                yield further(
                    f"roialign_{mode}_{coordinates}_{ratio}", runtime, "RoiAlign", 16, [image[:, :2], regions, which], mode=mode,
                    coordinate_transformation_mode=coordinates, sampling_ratio=ratio, output_height=2, output_width=3,
                    spatial_scale=0.75)  # fmt: skip
    numbered = np.concatenate([which[:, None].astype(np.float32), regions], axis=1)
    for scale, shape in ((1.0, [2, 3]), (0.5, [1, 1]), (1.0, [5, 8])):
        yield further(
            f"maxroipool_{scale}_{shape[0]}_{shape[1]}", runtime, "MaxRoiPool", 1, [image[:, :1], numbered],
            pooled_shape=shape, spatial_scale=scale)  # fmt: skip
    for name, n, spatial, kernel, attributes in (
        ("groups", (4, 6), (5, 6), (3, 2), {"group": 2, "offset_group": 2}),
        ("strides", (2, 3), (7, 6), (2, 3), {"strides": [2, 1], "pads": [1, 0, 2, 1], "dilations": [2, 2]}),
    ):
        channels, maps = n
        area, group = int(np.prod(kernel)), attributes.get("group", 1)
        pads, steps = attributes.get("pads", [0] * 4), attributes.get("dilations", [1, 1])
        out = [(spatial[a] + pads[a] + pads[a + 2] - (kernel[a] - 1) * steps[a] - 1) // attributes.get("strides", [1, 1])[a] + 1
               for a in range(2)]  # fmt: skip
        sets = attributes.get("offset_group", 1)
        inputs = [floats(1, channels, *spatial), floats(maps, channels // group, *kernel), floats(1, sets * area * 2, *out),
                  20 + floats(maps), np.abs(floats(1, sets * area, *out))]  # fmt: skip
        yield further(f"deform_conv_{name}", runtime, "DeformConv", 19, inputs, **attributes)
    columns = rng.integers(-9, 9, size=(2, 12, 4))
    for kind in (np.int32, np.float64, np.bool_, np.uint64):
        yield further(
            f"col2im_{np.dtype(kind).name}", reference, "Col2Im", 18,
            [columns.astype(kind), np.array([4, 5]), np.array([2, 3])], strides=[2, 2], pads=[0, 0, 0, 1])  # fmt: skip
    yield further("col2im_1d", runtime, "Col2Im", 18, [floats(1, 6, 4), np.array([5]), np.array([2])])
    yield further("mvn_axes", runtime, "MeanVarianceNormalization", 13, [image], axes=[1, 3])
    yield further("lrn_even", reference, "LRN", 13, [floats(6, 6, 2, 1)], size=4, alpha=0.5, bias=2.0)
    yield further("lrn_wide", reference, "LRN", 13, [floats(3, 3, 2, 2)], size=9, alpha=0.5, beta=1.5)
    boxes, scores = np.abs(floats(2, 12, 4)), floats(2, 3, 12)
    boxes[:, 4:] = boxes[:, :8] + 0.1 * floats(2, 8, 4)
    scores[0, 1, 3:6] = 0.25
    for name, centred, ratio in (("corners", 0, 0.3), ("centres", 1, 0.5), ("any_overlap", 0, 0.0)):
        inputs = [boxes, scores, np.array([4]), np.array([ratio], np.float32), np.array([-0.2], np.float32)]
        yield further(f"nonmaxsuppression_{name}", runtime, "NonMaxSuppression", 11, inputs, center_point_box=centred)
    yield further("nonmaxsuppression_without_threshold", runtime, "NonMaxSuppression", 11, [boxes, scores, np.array([12])])
    yield further("nonmaxsuppression_no_limit", runtime, "NonMaxSuppression", 11, [boxes, scores])
    for name, sizes in (("2d", [2, 1, 3, 5]), ("3d", [1, 2, 2, 3, 4])):
        maps = floats(sizes[0], len(sizes) - 2, len(sizes) - 1)
        yield further(f"affine_grid_{name}", runtime, "AffineGrid", 20, [maps, np.array(sizes)])
    for name, sizes in (("int", [8, 3]), ("odd", [2, 9]), ("none", [0, 2])):
        data = np.arange(30, dtype=np.int16).reshape(5, 6)
        yield further(f"center_crop_pad_{name}", reference, "CenterCropPad", 18, [data, np.array(sizes)])


FURTHER = {"signal": signal_cases, "vision": vision_cases}
