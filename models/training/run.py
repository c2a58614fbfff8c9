"""Train, or check what was trained."""

import argparse
from pathlib import Path

import numpy as np
import onnx

from training import card, graph, manifest
from training.preparation import Preparation
from training.recipe import Recipe


def main(recipe: Recipe) -> None:
    arguments = argparse.ArgumentParser(description=f"Trains {recipe.name} and writes its folder.")
    arguments.add_argument("--check", action="store_true", help="measure the committed model again, change nothing")
    if arguments.parse_args().check:
        check(recipe)
    else:
        train(recipe)


def train(recipe: Recipe) -> None:
    from training import fit

    samples, validation = recipe.source.load("train"), recipe.source.load("validation")
    preparation = Preparation.fitted(samples.values)
    network = fit.fit(recipe, samples, validation, preparation)
    graph.export(recipe, network, recipe.file)

    test = recipe.source.load("test")
    inputs = preparation.applied(test.values)
    logits = graph.run(recipe, recipe.file, inputs)
    golden = inputs[: manifest.GOLDEN_COUNT]
    close(recipe, "torch against ONNX Runtime", fit.logits(network, golden), logits[: len(golden)])
    manifest.write_golden(recipe, golden, logits[: len(golden)])
    for path, text in documents(recipe, preparation, logits, test.labels).items():
        path.write_text(text)
    report(recipe, logits, test.labels)


def check(recipe: Recipe) -> None:
    """Fails where the manifest, the card or a golden file differs from what the model does now."""
    test = recipe.source.load("test")
    preparation = manifest.preparation(recipe)
    inputs = preparation.applied(test.values)
    logits = graph.run(recipe, recipe.file, inputs)
    golden_inputs, golden_outputs = manifest.read_golden(recipe)
    close(recipe, "golden inputs", golden_inputs, inputs[: manifest.GOLDEN_COUNT])
    close(recipe, "golden outputs", golden_outputs, graph.run(recipe, recipe.file, golden_inputs))
    for path, text in documents(recipe, preparation, logits, test.labels).items():
        if path.read_text() != text:
            raise SystemExit(f"{recipe.name}/{path.name} is stale: run models/{recipe.name}/train.py")
    report(recipe, logits, test.labels)


def documents(recipe: Recipe, preparation: Preparation, logits: np.ndarray, labels: np.ndarray) -> dict[Path, str]:
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    return {
        recipe.folder / "model.toml": manifest.render(recipe, preparation, accuracy),
        recipe.folder / "CARD.md": card.of_trained(recipe, facts(recipe.file), logits, labels),
    }


def facts(path: Path) -> dict:
    """What the card says of the file, read from the file."""
    model = onnx.load(path)
    operators = {node.op_type for node in model.graph.node}
    return {
        "parameters": sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer),
        "size": path.stat().st_size,
        "opset": model.opset_import[0].version,
        "operators": ", ".join(sorted(operators)),
    }


def close(recipe: Recipe, what: str, found: np.ndarray, expected: np.ndarray) -> None:
    apart = float(np.abs(found - expected).max())
    if apart > manifest.TOLERANCE:
        raise SystemExit(f"{recipe.name}: {what}: {apart:.2e} apart, {manifest.TOLERANCE} is the most")
    print(f"{recipe.name}: {what}: {apart:.1e} apart")


def report(recipe: Recipe, logits: np.ndarray, labels: np.ndarray) -> None:
    accuracy = (logits.argmax(axis=1) == labels).mean()
    print(f"{recipe.name}: accuracy {accuracy:.4f} on held-out data, {recipe.file.stat().st_size} bytes, "
          f"sha256 {manifest.sha256(recipe.file)}")
