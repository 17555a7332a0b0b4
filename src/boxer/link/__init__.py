"""A base, a file tree and settings put together into the memory of a machine."""

from boxer.link.blocks import Block, blocks_of
from boxer.link.bootblock import BootBlock
from boxer.link.config import Start, machine_config
from boxer.link.deflating import Deflate, deflate
from boxer.link.initialmemory import initial_memory
from boxer.link.treeimage import tree_image
from boxer.link.treereader import read_tree

__all__ = [
    "Block",
    "BootBlock",
    "Deflate",
    "Start",
    "blocks_of",
    "deflate",
    "initial_memory",
    "machine_config",
    "read_tree",
    "tree_image",
]
