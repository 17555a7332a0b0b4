"""Functions of the host that a box may ask for: `box.pool(host={"kv": KeyValue()})`."""

from boxer.extensions.offering import Asked, Extensions, Fresh
from boxer.extensions.ready import Clock, Fetch, KeyValue, Log, Secrets

__all__ = ["Asked", "Clock", "Extensions", "Fetch", "Fresh", "KeyValue", "Log", "Secrets"]
