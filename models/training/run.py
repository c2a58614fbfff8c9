"""Train, or check what was trained."""

import argparse
from pathlib import Path

import numpy as np
import onnx

from training import card, data, graph, manifest
from training.recipe import THREADS, Recipe


def main(recipe: Recipe) -> None:
    arguments = argparse.ArgumentParser(description=f"Trains {recipe.name} and writes its folder.")
    arguments.add_argument("--check", action="store_true", help="measure the committed model again, change nothing")
    if arguments.parse_args().check:
        check(recipe)
    else:
        train(recipe)


def train(recipe: Recipe) -> None:
    from training import fit

    samples, validation = data.generate(recipe, "train"), data.generate(recipe, "validation")
    preparation = data.Preparation.fitted(recipe, samples.values)
    network = fit.fit(recipe, samples, validation, preparation)
    graph.export(recipe, network, recipe.folder / "model.onnx")

    test = data.generate(recipe, "test")
    inputs = preparation.applied(test.values)
    logits = graph.run(recipe, recipe.folder / "model.onnx", inputs)
    golden = inputs[: manifest.GOLDEN_COUNT]
    close(recipe, "torch against ONNX Runtime", fit.logits(network, golden), logits[: len(golden)])
    manifest.write_golden(recipe, golden, logits[: len(golden)])
    for path, text in documents(recipe, preparation, logits, test.labels).items():
        path.write_text(text)
    report(recipe, logits, test.labels)


def check(recipe: Recipe) -> None:
    """Fails where the manifest, the card or a golden file differs from what the model does now."""
    test = data.generate(recipe, "test")
    preparation = manifest.preparation(recipe)
    inputs = preparation.applied(test.values)
    logits = graph.run(recipe, recipe.folder / "model.onnx", inputs)
    golden_inputs, golden_outputs = manifest.read_golden(recipe)
    close(recipe, "golden inputs", golden_inputs, inputs[: manifest.GOLDEN_COUNT])
    close(recipe, "golden outputs", golden_outputs, graph.run(recipe, recipe.folder / "model.onnx", golden_inputs))
    for path, text in documents(recipe, preparation, logits, test.labels).items():
        if path.read_text() != text:
            raise SystemExit(f"{recipe.name}/{path.name} is stale: run models/{recipe.name}/train.py")
    report(recipe, logits, test.labels)


def documents(recipe: Recipe, preparation: data.Preparation, logits: np.ndarray, labels: np.ndarray) -> dict[Path, str]:
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    return {
        recipe.folder / "model.toml": manifest.render(recipe, preparation, accuracy),
        recipe.folder / "CARD.md": card.render(recipe, facts(recipe), logits, labels),
    }


def facts(recipe: Recipe) -> dict:
    """What the card says of the file, read from the file."""
    path = recipe.folder / "model.onnx"
    model = onnx.load(path)
    operators = dict.fromkeys(node.op_type for node in model.graph.node)
    return {
        "parameters": sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer),
        "size": path.stat().st_size,
        "opset": model.opset_import[0].version,
        "threads": THREADS,
        "operators": ", ".join(sorted(operators)),
    }


def close(recipe: Recipe, what: str, found: np.ndarray, expected: np.ndarray) -> None:
    apart = float(np.abs(found - expected).max())
    if apart > manifest.TOLERANCE:
        raise SystemExit(f"{recipe.name}: {what}: {apart:.2e} apart, {manifest.TOLERANCE} is the most")
    print(f"{recipe.name}: {what}: {apart:.1e} apart")


def report(recipe: Recipe, logits: np.ndarray, labels: np.ndarray) -> None:
    accuracy = (logits.argmax(axis=1) == labels).mean()
    path = recipe.folder / "model.onnx"
    print(f"{recipe.name}: accuracy {accuracy:.4f} on held-out pumps, {path.stat().st_size} bytes, "
          f"sha256 {manifest.sha256(path)}")
