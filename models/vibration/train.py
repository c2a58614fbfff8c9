"""Trains the pump vibration classifier: a small convolutional network over raw windows."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training import Recipe, main  # noqa: E402
from training.sources import Generator, Samples  # noqa: E402


def network():
    from torch import nn

    return nn.Sequential(
        nn.Conv1d(3, 16, 9, padding=4), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(16, 24, 7, padding=3), nn.BatchNorm1d(24), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(24, 32, 5, padding=2), nn.BatchNorm1d(32), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(32, 40, 3, padding=1), nn.BatchNorm1d(40), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(40, 4),
    )


RECIPE = Recipe(
    folder=Path(__file__).resolve().parent,
    version="1.0.0",
    source=Generator("windows", Samples(train=10_000, validation=1_000, test=2_500)),
    input_name="vibration",
    input_dims=[1, 3, 128],
    network=network,
    epochs=20,
    batch=128,
    learning_rate=0.004,
    weight_decay=0.01,
    seed=400,
    bytes_max=60_000,
    summary="Tells a healthy pump from one with an imbalance, a bearing fault or looseness, by a third of a second "
    "of three-axis acceleration.",
    input_words="`vibration`, f32 [1, 3, 128]: the axes `ax`, `ay`, `az` with 128 samples each, the oldest first. "
    "Samples in g are prepared outside the graph, by the mean and the deviation of each axis that `model.toml` "
    "states: (sample − mean) / deviation.",
    architecture="A 1D convolutional network: four convolutions of 16, 24, 32 and 40 channels over 9, 7, 5 and 3 "
    "samples, each with ReLU, halved by maximum between them, averaged over time, one dense layer. Batch "
    "normalisation is folded into the convolutions.",
    pipeline="""\
[pipeline.pump-vibration]
topic   = "sensors/{device}/vibration"
profile = "pi-4"
guest   = "onnx"
model   = "vibration"
decode  = { codec = "json", fields = ["/ax", "/ay", "/az"] }
window  = { size = 128, stride = 64 }
""",
)

if __name__ == "__main__":
    main(RECIPE)
