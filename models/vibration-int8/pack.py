"""Packs the pump vibration classifier into an int8 network for microcontrollers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training.packing import Packing, main  # noqa: E402
from vibration.train import RECIPE as VIBRATION  # noqa: E402

PACKING = Packing(
    folder=Path(__file__).resolve().parent,
    of=VIBRATION,
    calibration=1_000,
    seed=400,
    bytes_max=64_000,
    summary="Tells a healthy pump from one with an imbalance, a bearing fault or looseness, by a third of a second "
    "of three-axis acceleration: [`vibration`](../vibration/CARD.md) in the memory of a microcontroller.",
    pipeline="""\
[pipeline.pump-vibration]
topic   = "sensors/{device}/vibration"
profile = "cortex-m4-256k"
guest   = "tinynn"
model   = "vibration-int8"
decode  = { codec = "json", fields = ["/ax", "/ay", "/az"] }
window  = { size = 128, stride = 64 }
""",
)

if __name__ == "__main__":
    main(PACKING)
