"""Pump vibration from the generator, which is a Rust program of this repository."""

import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from training.sources.source import Labelled, Samples

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Generator:
    """`features` is what it writes: `windows` or `bands`; `samples` counts those of each class."""

    features: str
    samples: Samples

    labels = ["normal", "imbalance", "bearing_fault", "looseness"]
    counted = "windows of each class"
    description = (
        "Made by `models/vibration/generator`, a physics-based generator of pump vibration (its documentation says "
        "what each condition does): three axes in g at 400 Hz, windows of 128 samples (0.32 s). Each window comes from "
        "a pump of its own: speed, load, amplitudes, sensor mounting and noise are drawn anew, and how bad a fault is "
        "reaches down to what a rough healthy pump does. Train, validation, test and demo take their pumps from "
        "disjoint ranges of seeds."
    )
    limits = [
        "Trained on simulated pumps only. It shows that the way from sensor to result works; it has not been "
        "validated on a real machine and must not be what keeps one safe.",
        "It knows 20 to 30 Hz of shaft speed, 400 samples per second in g, and an axis `az` along a vertical shaft. "
        "Another rate, unit, range of speed or mounting gives answers that mean nothing, with confidence.",
        "It has four answers: a fault of another kind, or two at once, gets one of them.",
        "Errors gather on few pumps: where a fault is light, or an imbalance cancels what the rotor had before, "
        "nearly every window of that pump is called normal. Averaging over time does not help there.",
        "Faults lighter than the generator's are called normal; windows from the second in which a fault develops may "
        "be called either way.",
    ]
    licence = "Apache-2.0, as the generator and the scripts: no third party's data went into it."

    def load(self, split: str) -> Labelled:
        """Labels repeat in the order of `labels`."""
        count = asdict(self.samples)[split]
        with tempfile.TemporaryDirectory() as out:
            command = ["cargo", "run", "--quiet", "--release", "--package", "vibration-generator", "--"]
            command += [self.features, "--split", split, "--per-class", str(count), "--out", out]
            subprocess.run(command, cwd=REPOSITORY, check=True)
            values = np.load(Path(out, f"{self.features}.npy"))
            labels = np.load(Path(out, "labels.npy"))
        return Labelled(values, labels.astype(np.int64))
