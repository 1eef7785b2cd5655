"""A convolutional network by Keras' own export."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from keras_case import image, store

store(HERE, image(), "keras", "channels last, depthwise convolution, batch normalization")
