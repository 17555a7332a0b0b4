"""What a box costs on this machine: starting, calls a second, memory, size, processor time."""

from boxer.benchmark.figures import Figure, percentile, sampled
from boxer.benchmark.kinds import KINDS, measure
from boxer.benchmark.plotting import plot
from boxer.benchmark.subjects import subject

__all__ = ["KINDS", "Figure", "measure", "percentile", "plot", "sampled", "subject"]
