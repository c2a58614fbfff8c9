"""From what a sensor gives to what a graph takes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Preparation:
    """Mean and deviation of each channel, as the manifest states them and the gateway applies them."""

    mean: list[float]
    std: list[float]

    @staticmethod
    def fitted(values: np.ndarray) -> "Preparation":
        """Axis 1 counts channels. Six digits, so that what was trained with is what the manifest says."""
        axes = tuple(axis for axis in range(values.ndim) if axis != 1)
        mean = values.mean(axis=axes, dtype=np.float64)
        std = values.std(axis=axes, dtype=np.float64)
        return Preparation([round(float(m), 6) for m in mean], [round(float(s), 6) for s in std])

    def applied(self, values: np.ndarray) -> np.ndarray:
        shape = [1, len(self.mean)] + [1] * (values.ndim - 2)
        mean = np.array(self.mean, dtype=np.float32).reshape(shape)
        std = np.array(self.std, dtype=np.float32).reshape(shape)
        return ((values - mean) / std).astype(np.float32)
