"""Recurrent layers of Keras by tf2onnx."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from keras_case import tracks, store

store(HERE, tracks(), "tf2onnx", "the network of keras_tracks as tf2onnx writes it at opset 18", rtol=2e-5)
