"""Packs the small network over band energies into an int8 network for microcontrollers."""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training.packing import Packing, main  # noqa: E402

# A hyphen is no part of a name in Python.
BANDS = importlib.import_module("vibration-bands.train").RECIPE

PACKING = Packing(
    folder=Path(__file__).resolve().parent,
    of=BANDS,
    calibration=1_000,
    seed=400,
    bytes_max=8_000,
    summary="Tells a healthy pump from one with an imbalance, a bearing fault or looseness, by the energy in 32 "
    "frequency bands that the sensor computes: [`vibration-bands`](../vibration-bands/CARD.md) in the memory of a "
    "microcontroller. The small network of the throughput bench where the guest is interpreted.",
    pipeline="""\
[pipeline.pump-bands]
topic   = "sensors/{device}/bands"
profile = "cortex-m4-256k"
guest   = "tinynn"
model   = "vibration-bands-int8"
decode  = { codec = "raw" }
""",
)

if __name__ == "__main__":
    main(PACKING)
