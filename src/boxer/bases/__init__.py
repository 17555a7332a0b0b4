"""Which base a `FROM` means, and the finished base itself.

Belongs here: image references, the list of bases Boxer has, reading a base artifact from its folder
and checking it. Does not: making a base (`recipes/`), which stage uses which (`plan`).
"""

from boxer.bases.artifact import Base, BaseComponent, BaseInfo, BaseSource, Python
from boxer.bases.catalogue import (
    BaseReference,
    KnownBase,
    default_base,
    known_bases,
    resolve,
    with_python,
)
from boxer.bases.folder import BaseFolder, BaseListing, bases_folder, list_bases, load
from boxer.bases.kit import kit_digest, kit_program, tool_environment, zig_program

__all__ = [
    "Base",
    "BaseComponent",
    "BaseFolder",
    "BaseInfo",
    "BaseListing",
    "BaseReference",
    "BaseSource",
    "KnownBase",
    "Python",
    "bases_folder",
    "default_base",
    "kit_digest",
    "kit_program",
    "known_bases",
    "list_bases",
    "load",
    "resolve",
    "tool_environment",
    "with_python",
    "zig_program",
]
