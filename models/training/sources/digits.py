"""Handwritten digits, which the package scikit-learn carries."""

from dataclasses import dataclass

import numpy as np

from training.sources.source import Labelled, Samples

IMAGES = 1797
LEVEL_MAX = 16
"""Each pixel of the package counts the inked dots of a 4 × 4 square."""


@dataclass(frozen=True)
class Digits:
    """Images [1, 8, 8] of grey levels 0 to 255, as an 8-bit image holds them: bright ink on a black ground."""

    samples = Samples(train=1147, validation=150, test=500)
    labels = [str(digit) for digit in range(10)]
    counted = "images"
    description = (
        "The 1797 handwritten digits of `sklearn.datasets.load_digits`: 8 × 8 pixels of 0 to 16, bright ink on a black "
        "ground, made here into grey levels of 0 to 255 as an 8-bit image holds them. They are the test set of the "
        "UCI repository's *Optical Recognition of Handwritten Digits* (E. Alpaydin, C. Kaynak, 1998): bitmaps of 32 × "
        "32 dots, inked dots counted in squares of 4 × 4. The splits follow each other in the order of the package, "
        "which seems to go from writer to writer; so most hands of the test split were not trained with. (Shuffled "
        "splits, where every hand is known, score a percentage point more.)"
    )
    limits = [
        "It knows one digit that fills the image, upright, centred and bright on black, as the bitmaps of the data "
        "do. Dark ink on white, a digit in a corner, or two of them give answers that mean nothing, with confidence.",
        "It has ten answers: a letter, a smudge or an empty image gets one of them. `min_confidence` keeps out some "
        "of these, not all.",
        "13 people wrote these digits, on forms, before 1998. Other hands, pens and habits will do worse than the "
        "figures above.",
    ]
    licence = (
        "Apache-2.0, as the scripts. The data is under CC BY 4.0: E. Alpaydin and C. Kaynak, *Optical Recognition of "
        "Handwritten Digits*, UCI Machine Learning Repository, 1998, https://doi.org/10.24432/C50P49; the golden "
        "inputs hold 16 of its images, prepared."
    )

    def load(self, split: str) -> Labelled:
        """Labels come in the order of the package."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        if digits.images.shape != (IMAGES, 8, 8) or digits.images.max() != LEVEL_MAX:
            raise SystemExit("scikit-learn's digits are not those of models/requirements.txt")
        first = {"train": 0, "validation": self.samples.train, "test": self.samples.train + self.samples.validation}
        last = {"train": first["validation"], "validation": first["test"], "test": IMAGES}
        rows = slice(first[split], last[split])
        levels = np.rint(digits.images[rows] * (255 / LEVEL_MAX))
        return Labelled(levels[:, None].astype(np.float32), digits.target[rows].astype(np.int64))
