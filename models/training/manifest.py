"""`model.toml` and the golden files that it names. The format is described in `models/README.md`."""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training import graph
from training.preparation import Preparation
from training.recipe import Recipe

GOLDEN_COUNT = 16

TEMPLATE = """\
name = "{name}"
version = "{version}"
license = "Apache-2.0"
file = "{file}"
format = "{format}"
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
tolerance = {tolerance}
"""


@dataclass(frozen=True)
class Artefact:
    """A model's file: what it is, and how closely an engine must follow its golden outputs."""

    file: str
    format: str
    tolerance: str


def render(recipe: Recipe, folder: Path, version: str, artefact: Artefact, preparation: Preparation, accuracy: float) -> str:
    """The manifest of what lies in `folder`: the network of `recipe` as `artefact`."""
    labels = recipe.source.labels
    return TEMPLATE.format(
        name=folder.name,
        version=version,
        file=artefact.file,
        format=artefact.format,
        sha256=sha256(folder / artefact.file),
        labels=json.dumps(labels),
        input_name=recipe.input_name,
        dims=recipe.input_dims,
        mean=preparation.mean,
        std=preparation.std,
        output_name=graph.OUTPUT_NAME,
        classes=len(labels),
        accuracy=accuracy,
        golden_count=GOLDEN_COUNT,
        tolerance=artefact.tolerance,
    )


def preparation(folder: Path) -> Preparation:
    """What a written manifest says."""
    stated = tomllib.loads((folder / "model.toml").read_text())["inputs"][0]
    return Preparation(stated["mean"], stated["std"])


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_golden(folder: Path, inputs: np.ndarray, outputs: np.ndarray) -> None:
    golden = folder / "golden"
    golden.mkdir(exist_ok=True)
    inputs.astype("<f4").tofile(golden / "inputs.f32")
    outputs.astype("<f4").tofile(golden / "outputs.f32")


def read_golden(recipe: Recipe, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    golden = folder / "golden"
    inputs = np.fromfile(golden / "inputs.f32", "<f4").reshape([GOLDEN_COUNT] + recipe.input_dims[1:])
    outputs = np.fromfile(golden / "outputs.f32", "<f4").reshape([GOLDEN_COUNT, len(recipe.source.labels)])
    return inputs, outputs
