"""What a source of data is to a training, a manifest and a card."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Labelled:
    """Inputs as a sensor gives them, and their classes."""

    values: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Samples:
    """How many samples a split has; of what, the source says in `counted`."""

    train: int
    validation: int
    test: int


class Source(Protocol):
    """Labelled data in three splits, and the words that a card needs about it."""

    labels: list[str]
    """The classes, in the order of their numbers."""
    samples: Samples
    counted: str
    """What the numbers of `samples` count."""
    description: str
    """Where the data is from, and how the splits are apart."""
    limits: list[str]
    """What a model trained with it cannot do."""
    licence: str

    def load(self, split: str) -> Labelled:
        """`train`, `validation` or `test`, the same numbers each time."""
