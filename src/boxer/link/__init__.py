"""A base, a file tree and settings put together into the memory of a machine."""

from boxer.link.bootblock import FROZEN, KERNEL_ABI, BootBlock
from boxer.link.config import Start, machine_config
from boxer.link.initialmemory import initial_memory
from boxer.link.treeimage import Deflate, deflate, tree_image
from boxer.link.treereader import read_tree

__all__ = [
    "FROZEN",
    "KERNEL_ABI",
    "BootBlock",
    "Deflate",
    "Start",
    "deflate",
    "initial_memory",
    "machine_config",
    "read_tree",
    "tree_image",
]
