"""What a `FROM` means: all knowledge of images, and the finished bases themselves.

Belongs here: image references, the table of images, images spelt out as instructions, reading a
base from its folder and checking it. Does not: making a base (`recipes/`), which stage uses which
(`plan`).
"""

from boxer.images.artifact import Base, BaseComponent, BaseInfo, BaseSource, Python
from boxer.images.artifacts import (
    PACKAGED,
    bases_folder,
    bases_roots,
    installed_artifacts,
    is_installed,
)
from boxer.images.distributions import with_python_bases
from boxer.images.folder import BaseFolder, BaseListing, bases_here, list_bases, load
from boxer.images.references import BaseReference, resolve, tools_of
from boxer.images.sdk import INSTALL_SDK, sdk_digest, sdk_program, tool_environment, zig_program
from boxer.images.spelling import with_known_images
from boxer.images.table import KnownBase, base_package, default_base, known_bases

__all__ = [
    "INSTALL_SDK",
    "PACKAGED",
    "Base",
    "BaseComponent",
    "BaseFolder",
    "BaseInfo",
    "BaseListing",
    "BaseReference",
    "BaseSource",
    "KnownBase",
    "Python",
    "base_package",
    "bases_folder",
    "bases_here",
    "bases_roots",
    "default_base",
    "installed_artifacts",
    "is_installed",
    "known_bases",
    "list_bases",
    "load",
    "resolve",
    "sdk_digest",
    "sdk_program",
    "tool_environment",
    "tools_of",
    "with_known_images",
    "with_python_bases",
    "zig_program",
]
