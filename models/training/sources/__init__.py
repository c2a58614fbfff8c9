"""Where labelled data comes from: one file for each source, all of the shape of `Source`."""

from training.sources.digits import Digits
from training.sources.generator import Generator
from training.sources.source import Labelled, Samples, Source

__all__ = ["Digits", "Generator", "Labelled", "Samples", "Source"]
