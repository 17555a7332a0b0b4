"""What a RUN finds in a stage: a shell over its tree, commands, make.

Belongs here: the shell's door to the tree, commands, one run of a script. Does not: the RUN
instruction (`instructions`), Python packages (`packages`).
"""

from typing import TYPE_CHECKING

from boxer.lazy import load_lazily

if TYPE_CHECKING:
    from boxer.userland.firstprocess import fetched_program
    from boxer.userland.imageprograms import add_package_programs, package_of_image
    from boxer.userland.ports import (
        CommandRequest,
        CommandResult,
        CommandRunner,
        Compiler,
        Ports,
    )
    from boxer.userland.running import run_script
    from boxer.userland.session import Finished, Setting
    from boxer.userland.tools import IMAGE_FOLDERS, add_tool, tools_tree

_HOMES = {
    "firstprocess": ("fetched_program",),
    "imageprograms": ("add_package_programs", "package_of_image"),
    "ports": ("CommandRequest", "CommandResult", "CommandRunner", "Compiler", "Ports"),
    "running": ("run_script",),
    "session": ("Finished", "Setting"),
    "tools": ("IMAGE_FOLDERS", "add_tool", "tools_tree"),
}

__getattr__, __dir__ = load_lazily(__name__, _HOMES)

__all__ = [
    "IMAGE_FOLDERS",
    "CommandRequest",
    "CommandResult",
    "CommandRunner",
    "Compiler",
    "Finished",
    "Ports",
    "Setting",
    "add_package_programs",
    "add_tool",
    "fetched_program",
    "package_of_image",
    "run_script",
    "tools_tree",
]  # fmt: skip
