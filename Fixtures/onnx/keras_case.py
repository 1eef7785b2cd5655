"""Exports a Keras network and stores what Keras itself computes; several recipes share the networks."""

import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["TF_ENABLE_ONEDNN_OPTS"] = "3", "0"

import keras
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import case


def image():
    """Convolutions over images whose channels come last."""
    keras.utils.set_random_seed(71)
    layers = keras.layers
    image = layers.Input((12, 12, 1), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D(2)(layers.BatchNormalization()(x))
    x = layers.LeakyReLU(0.1)(layers.DepthwiseConv2D(3, padding="same", strides=2)(x))
    x = layers.Dense(16, activation="elu")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


def tracks():
    """Recurrent layers over tracks, the last of both directions."""
    keras.utils.set_random_seed(72)
    layers = keras.layers
    tracks = layers.Input((8, 5), name="tracks")
    x = layers.LSTM(12, return_sequences=True)(layers.Dense(8, activation="tanh")(tracks))
    x = layers.Bidirectional(layers.GRU(6))(x)
    return keras.Model(tracks, layers.Dense(2, activation="sigmoid")(layers.LayerNormalization()(x)))


def store(folder, network, route, description, rtol=1e-5, atol=1e-6):
    """By Keras' own export, or by tf2onnx."""
    folder = pathlib.Path(folder)
    path, kind = folder / "model.onnx", network.inputs[0]
    random = np.random.default_rng(1)
    samples = {name: random.uniform(-1, 1, (count, *kind.shape[1:])).astype(np.float32) for name, count in [("", 6), ("one", 1)]}
    network.predict(samples[""], verbose=0)
    if route == "keras":
        network.export(path, format="onnx", verbose=False)
    else:
        signature = (tf.TensorSpec((None, *kind.shape[1:]), tf.float32, name=kind.name),)
        tf2onnx.convert.from_keras(network, input_signature=signature, opset=18, output_path=str(path))
    case.scrub(path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name, output, worst = session.get_inputs()[0].name, session.get_outputs()[0].name, 0.0
    for title, values in samples.items():
        place = folder / "cases" / title if title else folder
        place.mkdir(parents=True, exist_ok=True)
        expected = network.predict(values, verbose=0)
        found = session.run(None, {name: values})[0]
        assert found.shape == expected.shape and np.allclose(found, expected, rtol=rtol, atol=atol)
        worst = max(worst, float(np.abs(found - expected).max()))
        np.savez_compressed(place / "inputs.npz", **{name: values})
        np.savez_compressed(place / "expected.npz", **{output: expected})
    model = onnx.load(path)
    case.write(
        folder,
        "onnx",
        "keras' export" if route == "keras" else "tf2onnx",
        ["keras", "tensorflow-cpu", "tf2onnx", "onnx", "onnxruntime", "numpy"],
        description,
        rtol,
        atol,
        "float32 sums in another order",
        opset={item.domain: item.version for item in model.opset_import},
        operators=sorted({node.op_type for node in model.graph.node}),
    )
    print(f"{folder.name}: {len(model.graph.node)} nodes, {path.stat().st_size} bytes, onnxruntime within {worst:.1e}")
