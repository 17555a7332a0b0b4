"""Functions on many machines: `Cluster` on Ray, `DaskCluster`, and `application` for Ray Serve."""

from boxer.cluster.mapping import Options, Progress
from boxer.cluster.ondask import DaskCluster
from boxer.cluster.onray import Cluster
from boxer.cluster.serving import application

__all__ = ["Cluster", "DaskCluster", "Options", "Progress", "application"]
