"""The project's own measure: its figures, their targets, and the baselines measured in the same run."""

from services.bench.figures import Figure, NotMeasured, Ratio, Target
from services.bench.registry import MEASUREMENTS, measure
from services.bench.results import Results

__all__ = ["MEASUREMENTS", "Figure", "NotMeasured", "Ratio", "Results", "Target", "measure"]
