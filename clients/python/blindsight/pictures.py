"""Symbols to pictures, with the bundle's decoder network. The only file that loads one."""

from __future__ import annotations

import os

import numpy as np

from .bundle import Bundle
from .decoder import Decoded


class Painter:
    """Of one bundle. Needs onnxruntime, and decoder/decoder.onnx, which no box has."""

    def __init__(self, bundle: Bundle, threads: int = 1):
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # it would tell its maker of every graph that is opened; read when it is loaded
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        path = str(bundle.path("decoder/decoder.onnx"))
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def paint(self, decoded: Decoded) -> np.ndarray:
        """RGB, uint8 [height, width, 3]."""
        return self._session.run(["frame"], {"symbols": decoded.symbols[None]})[0][0]
