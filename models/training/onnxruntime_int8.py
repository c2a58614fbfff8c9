"""The int8 counterpart of a model for ONNX Runtime, to measure beside our own; made when needed, never committed."""

import logging
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Rows(CalibrationDataReader):
    """Inputs [n, …] as the graph takes them, one after the other."""

    def __init__(self, input_name: str, inputs: np.ndarray) -> None:
        self.rows = iter([{input_name: row[None]} for row in inputs])

    def get_next(self) -> dict | None:
        return next(self.rows, None)


def quantize(model: Path, calibration: np.ndarray, out: Path) -> None:
    """Writes `out`: int8 weights for each channel, uint8 activations, which the processor's kernels are made for.

    `calibration` holds inputs of the graph after preparation, f32 [n, …] without the batch of 1.
    """
    input_name = onnx.load(model).graph.input[0].name
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder, "prepared.onnx")
        quant_pre_process(model, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            out,
            Rows(input_name, calibration),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
