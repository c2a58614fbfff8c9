"""What tells one model's training from another's."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.sources import Source

if TYPE_CHECKING:
    import torch

THREADS = 2
"""Of a training, on any machine: the order of a sum depends on it."""


@dataclass(frozen=True)
class Recipe:
    """One model: its data, its network, its training, and the words of its card."""

    folder: Path
    version: str
    source: Source
    input_name: str
    input_dims: list[int]
    network: "Callable[[], torch.nn.Module]"
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    seed: int
    bytes_max: int
    summary: str
    input_words: str
    architecture: str
    pipeline: str
    """A table of a configuration that uses the model."""
    augment: "Callable[[torch.Tensor, torch.Generator], torch.Tensor] | None" = None
    """Makes other samples of a batch of the training split, before preparation; `architecture` says how."""
    label_smoothing: float = 0.0

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def file(self) -> Path:
        return self.folder / "model.onnx"
