"""`CARD.md`: every figure in it comes from the files and from held-out data."""

from typing import TYPE_CHECKING

import numpy as np

from training import graph
from training.recipe import THREADS, Recipe

if TYPE_CHECKING:
    from training.packing import Packing

TEMPLATE = """\
# {name} {version}

{summary}

This card is written by `{script}`. `python models/{name}/{script} --check` measures it again and fails where a figure differs.

## Data

{data}

| split | {counted} | used for |
| --- | ---: | --- |
{splits}

## Input and output

{input_words}

The output `{output}`, f32 [1, {classes}], holds logits in the order of the labels: {labels}. A softmax makes probabilities of them.

## Network

{network}

## Held-out figures

{figures}

## In a pipeline

```toml
{pipeline}```

## Limits of use

{limits}

## {again}

## Licence

{licence}
"""

NETWORK = """\
{architecture}

{parameters} parameters; `model.onnx` has {size} bytes (ONNX, opset {opset}, fixed batch of 1, operators: {operators})."""

AGAIN = """\
Training it again

`python models/{name}/train.py` in an environment with `models/requirements.txt`. AdamW, at most {rate}, one-cycle, \
batches of {batch}, {epochs} epochs, {smoothing}seed {seed}, {threads} threads."""

FIGURES = """\
ONNX Runtime on the test split: accuracy **{accuracy:.2%}** ({correct} of {total}).

{confusion}

Mean confidence where it was right {sure_right:.2f}, where it was wrong {sure_wrong:.2f}."""

PACKED_NETWORK = """\
The network of [`{of}`](../{of}/CARD.md) in 8-bit integers, as `guests/int8/FORMAT.md` says: weights with a scale for \
each output channel, activations with a scale and a zero point for each layer. `{file}` has {size} bytes, `model.onnx` \
has {float_size}."""

PACKED_FIGURES = """\
The arithmetic of guest `tinynn` on the test split: accuracy **{accuracy:.2%}** ({correct} of {total}); the float \
network has {float_accuracy:.2%}. Every engine and every chip gives the same bits, so the golden outputs have no \
tolerance.

{confusion}"""

PACKED_AGAIN = """\
Packing it again

`python models/{name}/pack.py` in an environment with `models/requirements.txt` (torch is not needed): `weir model pack \
--int8` with {calibration} of the training split for calibration, chosen with seed {seed}."""

CONFUSION = """\
| is ↓ · said → | {heads} | recall |
| --- | {rules} | ---: |
{rows}
| precision | {precisions} | |"""


def of_trained(recipe: Recipe, facts: dict, logits: np.ndarray, labels: np.ndarray) -> str:
    """The card of a model that `train.py` made."""
    names, said = recipe.source.labels, logits.argmax(axis=1)
    counts = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(counts, (labels, said), 1)
    right, confidence = said == labels, highest_probability(logits)
    uses = [
        ("train", "weights, mean and deviation of the input"),
        ("validation", "choosing the epoch"),
        ("test", "the figures below, the golden files"),
    ]
    return TEMPLATE.format(
        **of_recipe(recipe),
        name=recipe.name,
        version=recipe.version,
        summary=recipe.summary,
        script="train.py",
        splits=splits(recipe, uses),
        network=NETWORK.format(architecture=recipe.architecture, **facts),
        figures=FIGURES.format(
            accuracy=right.mean(),
            correct=right.sum(),
            total=len(labels),
            confusion=confusion(names, counts),
            sure_right=confidence[right].mean(),
            sure_wrong=confidence[~right].mean(),
        ),
        pipeline=recipe.pipeline,
        again=AGAIN.format(
            name=recipe.name,
            rate=recipe.learning_rate,
            batch=recipe.batch,
            epochs=recipe.epochs,
            smoothing=f"labels smoothed by {recipe.label_smoothing}, " if recipe.label_smoothing else "",
            seed=recipe.seed,
            threads=THREADS,
        ),
    )


def of_packed(packing: "Packing", counts: np.ndarray, float_accuracy: float) -> str:
    """The card of a model that `pack.py` made; `counts` has a row for each class."""
    recipe = packing.of
    return TEMPLATE.format(
        **of_recipe(recipe),
        name=packing.name,
        version=recipe.version,
        summary=packing.summary,
        script="pack.py",
        splits=splits(recipe, [("test", "the figures below, the golden files")]),
        network=PACKED_NETWORK.format(
            of=recipe.name,
            file=packing.file.name,
            size=packing.file.stat().st_size,
            float_size=recipe.file.stat().st_size,
        ),
        figures=PACKED_FIGURES.format(
            accuracy=counts.trace() / counts.sum(),
            correct=counts.trace(),
            total=counts.sum(),
            float_accuracy=float_accuracy,
            confusion=confusion(recipe.source.labels, counts),
        ),
        pipeline=packing.pipeline,
        again=PACKED_AGAIN.format(name=packing.name, calibration=packing.calibration, seed=packing.seed),
    )


def splits(recipe: Recipe, uses: list[tuple[str, str]]) -> str:
    counts = vars(recipe.source.samples)
    return "\n".join(f"| {split} | {counts[split]} | {use} |" for split, use in uses)


def of_recipe(recipe: Recipe) -> dict:
    """What a trained model and its packed form have in common."""
    source = recipe.source
    return {
        "data": source.description,
        "counted": source.counted,
        "input_words": recipe.input_words,
        "output": graph.OUTPUT_NAME,
        "classes": len(source.labels),
        "labels": ", ".join(f"`{label}`" for label in source.labels),
        "limits": "\n".join(f"- {limit}" for limit in source.limits),
        "licence": source.licence,
    }


def confusion(names: list[str], counts: np.ndarray) -> str:
    """Which class was taken for which."""
    precisions = [f"{part:.1%}" for part in counts.diagonal() / counts.sum(axis=0)]
    return CONFUSION.format(
        heads=" | ".join(names),
        rules=" | ".join("---:" for _ in names),
        rows="\n".join(row(name, line, place) for place, (name, line) in enumerate(zip(names, counts))),
        precisions=" | ".join(precisions),
    )


def row(name: str, counts: np.ndarray, place: int) -> str:
    cells = " | ".join(str(count) for count in counts)
    return f"| {name} | {cells} | {counts[place] / counts.sum():.1%} |"


def highest_probability(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (shifted / shifted.sum(axis=1, keepdims=True)).max(axis=1)
