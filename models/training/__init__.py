"""What the training scripts of all models share.

A `train.py` describes one `Recipe` and hands it to `main`, which trains, exports, verifies and
writes the model's folder, or checks that a committed folder still tells the truth.
"""

from training.recipe import Recipe
from training.run import main

__all__ = ["Recipe", "main"]
