"""Freezing: restore an image, run to the freeze point, snapshot the memory. Pure, over a port."""

from boxer.preinit.freezing import freeze
from boxer.preinit.restoring import restore
from boxer.preinit.snapshot import image_of
from boxer.preinit.state import InstanceState

__all__ = ["InstanceState", "freeze", "image_of", "restore"]
