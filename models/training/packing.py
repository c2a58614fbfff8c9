"""Packs a trained model into an int8 network, or checks what was packed. Needs no torch."""

import argparse
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training import card, manifest
from training.recipe import Recipe

REPOSITORY = Path(__file__).resolve().parents[2]
BUILT = ["cargo", "run", "--quiet", "--package", "weir", "--bin", "weir", "--"]
WEIR = [os.environ["WEIR_BIN"]] if "WEIR_BIN" in os.environ else BUILT
LOSS_MAX = 0.01
"""Of accuracy on the held-out split, against the float network."""


@dataclass(frozen=True)
class Packing:
    """One packed model: of which network, and the words of its card."""

    folder: Path
    of: Recipe
    calibration: int
    """Samples of the training split, to find the ranges of values."""
    seed: int
    """Chooses them."""
    bytes_max: int
    summary: str
    pipeline: str

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def file(self) -> Path:
        return self.folder / "model.int8"


def main(packing: Packing) -> None:
    arguments = argparse.ArgumentParser(description=f"Packs {packing.name} and writes its folder.")
    arguments.add_argument("--check", action="store_true", help="measure the committed model again, change nothing")
    if arguments.parse_args().check:
        check(packing)
    else:
        pack(packing)


def pack(packing: Packing) -> None:
    """`weir model pack` writes everything but the card: manifest and golden files too."""
    recipe = packing.of
    values = recipe.source.load("train").values
    rows = np.sort(np.random.default_rng(packing.seed).choice(len(values), packing.calibration, replace=False))
    with tempfile.TemporaryDirectory() as folder:
        calibration = saved(folder, "calibration", prepared(recipe, values[rows]))
        data, labels = held_out(recipe, folder)
        options = ["--calibrate", calibration, "--evaluate", data, "--labels", labels, "-o", packing.folder]
        weir("pack", "--int8", recipe.file, *options)
    counts = evaluate(packing)
    report(packing, counts)
    card_path(packing).write_text(card_text(packing, counts))


def check(packing: Packing) -> None:
    """Fails where the manifest or the card differs from what the model does now."""
    counts = evaluate(packing)
    report(packing, counts)
    stale = f"is stale: run models/{packing.name}/pack.py"
    if abs(manifest.accuracy(packing.folder) - counts.trace() / counts.sum()) > 1e-9:
        raise SystemExit(f"{packing.name}/model.toml {stale}")
    if card_path(packing).read_text() != card_text(packing, counts):
        raise SystemExit(f"{packing.name}/CARD.md {stale}")


def card_path(packing: Packing) -> Path:
    return packing.folder / "CARD.md"


def card_text(packing: Packing, counts: np.ndarray) -> str:
    return card.of_packed(packing, counts, manifest.accuracy(packing.of.folder))


def evaluate(packing: Packing) -> np.ndarray:
    """For each class of the held-out split, how often the int8 network gave which answer."""
    with tempfile.TemporaryDirectory() as folder:
        data, labels = held_out(packing.of, folder)
        return np.array(weir("evaluate", packing.folder, "--data", data, "--labels", labels)["confusion"])


def held_out(recipe: Recipe, folder: str) -> tuple[Path, Path]:
    """Files of the inputs and of their classes."""
    test = recipe.source.load("test")
    return saved(folder, "test", prepared(recipe, test.values)), saved(folder, "labels", test.labels)


def prepared(recipe: Recipe, values: np.ndarray) -> np.ndarray:
    return manifest.preparation(recipe).applied(values)


def saved(folder: str, name: str, array: np.ndarray) -> Path:
    path = Path(folder, f"{name}.npy")
    np.save(path, array)
    return path


def weir(*arguments: object) -> dict:
    command = [*WEIR, "model", *map(str, arguments), "--json"]
    return json.loads(subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE).stdout)


def report(packing: Packing, counts: np.ndarray) -> None:
    """Says how it did; fails where that is not good enough."""
    measured, before = counts.trace() / counts.sum(), manifest.accuracy(packing.of.folder)
    size = packing.file.stat().st_size
    print(f"{packing.name}: accuracy {measured:.4f} on held-out data, {before:.4f} before packing, {size} bytes, "
          f"sha256 {manifest.sha256(packing.file)}")
    if before - measured > LOSS_MAX:
        raise SystemExit(f"{packing.name}: packing may cost {LOSS_MAX:.0%} of accuracy")
    if size > packing.bytes_max:
        raise SystemExit(f"{packing.name}: {packing.bytes_max} bytes are the most")
