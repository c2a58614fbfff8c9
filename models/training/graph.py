"""The ONNX file: how it is written, and what ONNX Runtime makes of it."""

import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from training.recipe import Recipe

OPSET = 17
OUTPUT_NAME = "class"
PLAIN_OPERATORS = {"Conv", "Flatten", "Gemm", "GlobalAveragePool", "MaxPool", "Relu"}
"""What every runtime and the tiny-network packer can do."""


def export(recipe: Recipe, network, path: Path) -> None:
    """Batch 1, weights inside the file, plain operators only."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            (torch.zeros(recipe.input_dims),),
            str(path),
            input_names=[recipe.input_name],
            output_names=[OUTPUT_NAME],
            opset_version=OPSET,
            dynamo=False,
        )
    graph = onnx.load(path)
    onnx.checker.check_model(graph, full_check=True)
    exotic = {node.op_type for node in graph.graph.node} - PLAIN_OPERATORS
    if exotic:
        raise SystemExit(f"{path}: operators {sorted(exotic)} are not plain")
    if path.stat().st_size > recipe.bytes_max:
        raise SystemExit(f"{path}: {path.stat().st_size} bytes, {recipe.bytes_max} are the most")


def run(recipe: Recipe, path: Path, inputs: np.ndarray) -> np.ndarray:
    """Logits of ONNX Runtime on one thread, a row at a time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rows = [session.run([OUTPUT_NAME], {recipe.input_name: row[None]})[0] for row in inputs]
    return np.concatenate(rows)
