"""Recurrent layers by Keras' own export."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from keras_case import tracks, store

store(HERE, tracks(), "keras", "LSTM and a GRU of both directions, as loops or operators", rtol=2e-5)
