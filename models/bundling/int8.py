"""The analyser in int8, for processors that multiply bytes faster than floats: weights and inputs of its convolutions, the rest stays float.

Quantised after training (ONNX Runtime's static quantisation, QDQ): weights symmetric by output channel, which are on that grid already (`to_grid`), activations
by their least and most on training pictures.
"""

import contextlib
import logging
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import nn

from bundling.onnx_files import LEVELS, strip_debug_text
from bundling.runtime import ort


def to_grid(network):
    """Rounds the weights of all convolutions, in place, to 255 equally spaced values for each output channel."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            with torch.no_grad():
                step = module.weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(1e-8) / LEVELS
                module.weight.copy_((module.weight / step).round() * step)
    return network


def write_int8(path, source, name, calibration):
    """source: a graph in float. name: of its input. calibration: inputs to it, arrays with a batch of one"""

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = iter(calibration)

        def get_next(self):
            return next(({name: array} for array in self.left), None)

    with quiet(), tempfile.TemporaryDirectory() as folder:
        plain, made = Path(folder) / "plain.onnx", Path(folder) / "int8.onnx"
        options = ort.SessionOptions()  # casts of stored weights are folded: the quantiser looks for float ones
        options.graph_optimization_level, options.optimized_model_filepath, options.log_severity_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC, str(plain), 3
        ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
        quantize_static(
            str(plain), str(made), Reader(), quant_format=QuantFormat.QDQ, per_channel=True, op_types_to_quantize=["Conv", "Relu", "Add", "Resize"],
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        )
        model = onnx.load(made)
    strip_debug_text(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


@contextlib.contextmanager
def quiet():
    """The quantiser advises what is done already."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
