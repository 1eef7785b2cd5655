"""A convolutional network of Keras by tf2onnx."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from keras_case import image, store

store(HERE, image(), "tf2onnx", "the network of keras_image as tf2onnx writes it at opset 18")
