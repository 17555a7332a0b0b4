"""What a box holds: its settings and its parts, and how both are read and written."""

from boxer.boxfile.imageconfig import Healthcheck, ImageConfig

__all__ = ["Healthcheck", "ImageConfig"]
