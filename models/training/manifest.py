"""`model.toml` and the golden files that it names. The format is described in `models/README.md`."""

import hashlib
import json
import tomllib
from pathlib import Path

import numpy as np

from training import graph
from training.preparation import Preparation
from training.recipe import Recipe

GOLDEN_COUNT = 16
TOLERANCE = 1e-4

TEMPLATE = """\
name = "{name}"
version = "{version}"
license = "Apache-2.0"
file = "model.onnx"
format = "onnx"
sha256 = "{sha256}"
labels = {labels}

[[inputs]]
name = "{input_name}"
dtype = "f32"
dims = {dims}
layout = "channels-first"
mean = {mean}
std = {std}

[[outputs]]
name = "{output_name}"
dtype = "f32"
dims = [1, {classes}]
meaning = "logits"

[metrics]
accuracy = {accuracy:.4f}

[golden]
count = {golden_count}
inputs = "golden/inputs.f32"
outputs = "golden/outputs.f32"
tolerance = 1e-4
"""


def render(recipe: Recipe, preparation: Preparation, accuracy: float) -> str:
    labels = recipe.source.labels
    return TEMPLATE.format(
        name=recipe.name,
        version=recipe.version,
        sha256=sha256(recipe.file),
        labels=json.dumps(labels),
        input_name=recipe.input_name,
        dims=recipe.input_dims,
        mean=preparation.mean,
        std=preparation.std,
        output_name=graph.OUTPUT_NAME,
        classes=len(labels),
        accuracy=accuracy,
        golden_count=GOLDEN_COUNT,
    )


def preparation(recipe: Recipe) -> Preparation:
    """What a written manifest says."""
    stated = read(recipe.folder)["inputs"][0]
    return Preparation(stated["mean"], stated["std"])


def accuracy(folder: Path) -> float:
    """What a written manifest says, of a trained model or of a packed one."""
    return read(folder)["metrics"]["accuracy"]


def read(folder: Path) -> dict:
    return tomllib.loads((folder / "model.toml").read_text())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_golden(recipe: Recipe, inputs: np.ndarray, outputs: np.ndarray) -> None:
    golden = recipe.folder / "golden"
    golden.mkdir(exist_ok=True)
    inputs.astype("<f4").tofile(golden / "inputs.f32")
    outputs.astype("<f4").tofile(golden / "outputs.f32")


def read_golden(recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    golden = recipe.folder / "golden"
    inputs = np.fromfile(golden / "inputs.f32", "<f4").reshape([GOLDEN_COUNT] + recipe.input_dims[1:])
    outputs = np.fromfile(golden / "outputs.f32", "<f4").reshape([GOLDEN_COUNT, len(recipe.source.labels)])
    return inputs, outputs
