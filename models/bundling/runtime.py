"""ONNX Runtime, with its reports to its maker off: from 1.29 on it tells of every graph that is opened, from Linux too. It reads this when it is loaded."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort  # noqa: E402, F401
