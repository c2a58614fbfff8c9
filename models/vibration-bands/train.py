"""Trains the small pump vibration classifier: a 32-64-16-4 network over band energies."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training import Recipe, main  # noqa: E402
from training.sources import Generator, Samples  # noqa: E402


def network():
    from torch import nn

    return nn.Sequential(
        nn.Linear(32, 64), nn.ReLU(),
        nn.Linear(64, 16), nn.ReLU(),
        nn.Linear(16, 4),
    )


RECIPE = Recipe(
    folder=Path(__file__).resolve().parent,
    version="1.0.0",
    source=Generator("bands", Samples(train=10_000, validation=1_000, test=2_500)),
    input_name="bands",
    input_dims=[1, 32],
    network=network,
    epochs=20,
    batch=128,
    learning_rate=0.004,
    weight_decay=0.01,
    seed=400,
    bytes_max=20_000,
    summary="Tells a healthy pump from one with an imbalance, a bearing fault or looseness, by the energy in 32 "
    "frequency bands that the sensor computes: 128 bytes for each third of a second. The small network of the "
    "throughput bench.",
    input_words="`bands`, f32 [1, 32]: the natural logarithm of the energy in 32 bands of 6.25 Hz, summed over the "
    "three axes, as `vibration_generator::bands` computes it from a window (its documentation says how). Each band "
    "is a channel and is prepared outside the graph, by its mean and deviation in `model.toml`: "
    "(value − mean) / deviation.",
    architecture="Three dense layers, 32-64-16-4, with ReLU between them.",
    pipeline="""\
[pipeline.pump-bands]
topic   = "sensors/{device}/bands"
profile = "pi-4"
guest   = "onnx"
model   = "vibration-bands"
decode  = { codec = "raw" }
""",
)

if __name__ == "__main__":
    main(RECIPE)
