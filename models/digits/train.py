"""Trains the digit reader: a small convolutional network over images of 8 × 8 pixels."""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training import Recipe, main  # noqa: E402
from training.sources import Digits  # noqa: E402


def network():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(),
        nn.Conv2d(24, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, 10),
    )


def augment(images, random):
    """Turned, leaned, scaled and moved by a little; what comes into view is black, as the ground is."""
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    turn, scale, lean, right, down = torch.rand(5, len(images), generator=random) * 2 - 1
    turn, scale = turn * math.radians(18), 1 + scale * 0.15
    rows = [
        torch.stack([scale * turn.cos(), lean * 0.2 - scale * turn.sin(), right * 0.1875], dim=1),
        torch.stack([scale * turn.sin(), scale * turn.cos(), down * 0.1875], dim=1),
    ]
    return grid_sample(images, affine_grid(torch.stack(rows, dim=1), images.shape, False), align_corners=False)


RECIPE = Recipe(
    folder=Path(__file__).resolve().parent,
    version="1.0.0",
    source=Digits(),
    input_name="image",
    input_dims=[1, 1, 8, 8],
    network=network,
    augment=augment,
    epochs=60,
    batch=64,
    learning_rate=0.005,
    weight_decay=0.01,
    label_smoothing=0.1,
    seed=64,
    bytes_max=60_000,
    summary="Reads one handwritten digit from a grey image of 8 × 8 pixels: small enough for a microcontroller, and "
    "the shape of every image pipeline.",
    input_words="`image`, f32 [1, 1, 8, 8]: one channel of 8 rows with 8 pixels each, the topmost row first. Grey "
    "levels of 0 (black ground) to 255 (brightest ink) are prepared outside the graph, by the mean and the deviation "
    "that `model.toml` states in the same unit: (level − mean) / deviation. A sensor that sends 0 to 1 needs "
    "`scale = 255.0` in its pipeline, one that sends dark ink on white needs `scale = -1.0, offset = 255.0`.",
    architecture="A 2D convolutional network: three convolutions of 16, 24 and 32 channels over 3 × 3 pixels, each "
    "with ReLU, halved by maximum after the first and the third, one dense layer. Batch normalisation is folded into "
    "the convolutions. In training, images are turned by up to 18°, leaned, scaled by up to 15 % and moved by up to "
    "three quarters of a pixel.",
    pipeline="""\
[pipeline.meter]
topic   = "sensors/{device}/image"
profile = "pi-4"
guest   = "onnx"
model   = "digits"
decode  = { codec = "image" }
""",
)

if __name__ == "__main__":
    main(RECIPE)
