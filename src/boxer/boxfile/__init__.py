"""What a box holds: its settings and its parts, and how both are read and written."""

from boxer.boxfile.box import SECTION, Box, read_box, read_info, write_box
from boxer.boxfile.image import MemoryImage, Segment
from boxer.boxfile.imageconfig import Healthcheck, ImageConfig
from boxer.boxfile.info import (
    FORMAT,
    BoxInfo,
    Code,
    Component,
    Distribution,
    LeftToRun,
    needed_hosts,
)

__all__ = [
    "FORMAT",
    "SECTION",
    "Box",
    "BoxInfo",
    "Code",
    "Component",
    "Distribution",
    "Healthcheck",
    "ImageConfig",
    "LeftToRun",
    "MemoryImage",
    "Segment",
    "needed_hosts",
    "read_box",
    "read_info",
    "write_box",
]
