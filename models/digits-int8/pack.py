"""Packs the digit reader into an int8 network for microcontrollers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from digits.train import RECIPE as DIGITS  # noqa: E402
from training.packing import Packing, main  # noqa: E402

PACKING = Packing(
    folder=Path(__file__).resolve().parent,
    of=DIGITS,
    calibration=1_000,
    seed=64,
    bytes_max=64_000,
    summary="Reads one handwritten digit from a grey image of 8 × 8 pixels: [`digits`](../digits/CARD.md) in the "
    "memory of a microcontroller.",
    pipeline="""\
[pipeline.meter]
topic   = "sensors/{device}/image"
profile = "cortex-m4-256k"
guest   = "tinynn"
model   = "digits-int8"
decode  = { codec = "image" }
""",
)

if __name__ == "__main__":
    main(PACKING)
