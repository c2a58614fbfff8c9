"""Samples from the generator, which is a Rust program of this repository."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.recipe import Recipe

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Labelled:
    """Inputs as a sensor gives them, and their classes."""

    values: np.ndarray
    labels: np.ndarray


def generate(recipe: Recipe, split: str) -> Labelled:
    """One split, made anew: the same numbers each time."""
    count = recipe.samples.of(split)
    with tempfile.TemporaryDirectory() as out:
        command = ["cargo", "run", "--quiet", "--release", "--package", "vibration-generator", "--"]
        command += [recipe.features, "--split", split, "--per-class", str(count), "--out", out]
        subprocess.run(command, cwd=REPOSITORY, check=True)
        values = np.load(Path(out, f"{recipe.features}.npy"))
        labels = np.load(Path(out, "labels.npy"))
    return Labelled(values, labels.astype(np.int64))


@dataclass(frozen=True)
class Preparation:
    """Mean and deviation of each channel, as the manifest states them and the gateway applies them."""

    mean: list[float]
    std: list[float]

    @staticmethod
    def fitted(recipe: Recipe, values: np.ndarray) -> "Preparation":
        """Six digits, so that what was trained with is what the manifest says."""
        axes = recipe.elements_axes
        mean = values.mean(axis=axes, dtype=np.float64)
        std = values.std(axis=axes, dtype=np.float64)
        return Preparation([round(float(m), 6) for m in mean], [round(float(s), 6) for s in std])

    def applied(self, values: np.ndarray) -> np.ndarray:
        shape = [1, len(self.mean)] + [1] * (values.ndim - 2)
        mean = np.array(self.mean, dtype=np.float32).reshape(shape)
        std = np.array(self.std, dtype=np.float32).reshape(shape)
        return ((values - mean) / std).astype(np.float32)
