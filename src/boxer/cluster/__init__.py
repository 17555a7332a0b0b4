"""Functions on many machines: `boxer.cluster.Cluster` on Ray."""

from boxer.cluster.mapping import Progress
from boxer.cluster.onray import Cluster

__all__ = ["Cluster", "Progress"]
