"""What tells one model's training from another's."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

LABELS = ["normal", "imbalance", "bearing_fault", "looseness"]
"""The generator's conditions, in its order."""

THREADS = 2
"""Of a training, on any machine: the order of a sum depends on it."""


@dataclass(frozen=True)
class Samples:
    """How many samples of each class a split has."""

    train: int
    validation: int
    test: int

    def of(self, split: str) -> int:
        return {"train": self.train, "validation": self.validation, "test": self.test}[split]


@dataclass(frozen=True)
class Recipe:
    """One model: its data, its network, its training, and the words of its card."""

    folder: Path
    version: str
    features: str
    """What the generator writes: `windows` or `bands`."""
    input_name: str
    input_dims: list[int]
    network: "Callable[[], nn.Module]"
    samples: Samples
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    seed: int
    bytes_max: int
    summary: str
    input_words: str
    architecture: str

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def elements_axes(self) -> tuple[int, ...]:
        """The axes of a set of inputs over which one mean and deviation per channel is taken."""
        return tuple(axis for axis in range(len(self.input_dims)) if axis != 1)
