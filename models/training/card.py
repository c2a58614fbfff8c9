"""`CARD.md`: every figure in it comes from the files and from held-out data."""

import numpy as np

from training.recipe import LABELS, Recipe

TEMPLATE = """\
# {name} {version}

{summary}

This card is written by `train.py`. `python models/{name}/train.py --check` measures it again and fails where a figure differs.

## Data

Made by `models/vibration/generator`, a physics-based generator of pump vibration (its documentation says what each condition does): three axes in g at 400 Hz, windows of 128 samples (0.32 s). Each window comes from a pump of its own: speed, load, amplitudes, sensor mounting and noise are drawn anew, and how bad a fault is reaches down to what a rough healthy pump does. Train, validation, test and demo take their pumps from disjoint ranges of seeds.

| split | windows of each class | used for |
| --- | ---: | --- |
| train | {train} | weights, mean and deviation of the input |
| validation | {validation} | choosing the epoch |
| test | {test} | the figures below, the golden files |

## Input and output

{input_words}

The output `class`, f32 [1, 4], holds logits in the order of the labels: {labels}. A softmax makes probabilities of them.

## Network

{architecture}

{parameters} parameters; `model.onnx` has {size} bytes (ONNX, opset {opset}, fixed batch of 1, operators: {operators}).

## Held-out figures

ONNX Runtime on the test split: accuracy **{accuracy:.2%}** ({correct} of {total}).

| is ↓ · said → | {heads} | recall |
| --- | {rules} | ---: |
{rows}
| precision | {precisions} | |

Mean confidence where it was right {sure_right:.2f}, where it was wrong {sure_wrong:.2f}.

## Limits of use

- Trained on simulated pumps only. It shows that the way from sensor to result works; it has not been validated on a real machine and must not be what keeps one safe.
- It knows 20 to 30 Hz of shaft speed, 400 samples per second in g, and an axis `az` along a vertical shaft. Another rate, unit, range of speed or mounting gives answers that mean nothing, with confidence.
- It has four answers: a fault of another kind, or two at once, gets one of them.
- Errors gather on few pumps: where a fault is light, or an imbalance cancels what the rotor had before, nearly every window of that pump is called normal. Averaging over time does not help there.
- Faults lighter than the generator's are called normal; windows from the second in which a fault develops may be called either way.

## Training it again

`python models/{name}/train.py` in an environment with `models/requirements.txt`. AdamW, at most {learning_rate}, one-cycle, batches of {batch}, {epochs} epochs, seed {seed}, {threads} threads.

## Licence

Apache-2.0, as the generator and the scripts: no third party's data went into it.
"""


def render(recipe: Recipe, facts: dict, logits: np.ndarray, labels: np.ndarray) -> str:
    said = logits.argmax(axis=1)
    confusion = np.zeros((len(LABELS), len(LABELS)), dtype=int)
    np.add.at(confusion, (labels, said), 1)
    confidence = highest_probability(logits)
    right = said == labels
    precisions = [f"{part:.1%}" for part in confusion.diagonal() / confusion.sum(axis=0)]
    return TEMPLATE.format(
        name=recipe.name,
        version=recipe.version,
        summary=recipe.summary,
        train=recipe.samples.train,
        validation=recipe.samples.validation,
        test=recipe.samples.test,
        input_words=recipe.input_words,
        labels=", ".join(f"`{label}`" for label in LABELS),
        architecture=recipe.architecture,
        accuracy=right.mean(),
        correct=right.sum(),
        total=len(labels),
        heads=" | ".join(LABELS),
        rules=" | ".join("---:" for _ in LABELS),
        rows="\n".join(row(label, counts, place) for place, (label, counts) in enumerate(zip(LABELS, confusion))),
        precisions=" | ".join(precisions),
        sure_right=confidence[right].mean(),
        sure_wrong=confidence[~right].mean(),
        learning_rate=recipe.learning_rate,
        batch=recipe.batch,
        epochs=recipe.epochs,
        seed=recipe.seed,
        **facts,
    )


def row(label: str, counts: np.ndarray, place: int) -> str:
    cells = " | ".join(str(count) for count in counts)
    return f"| {label} | {cells} | {counts[place] / counts.sum():.1%} |"


def highest_probability(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (shifted / shifted.sum(axis=1, keepdims=True)).max(axis=1)
