"""Programs that are the build's own in a RUN, as files of a box: uv, poetry, pipenv.

Belongs here: the files. In a RUN such a file only leads to what is ours (`shell.commands`). When
the box runs it is a script of the shell, which starts a program in the project's environment.
"""

from __future__ import annotations

import functools
from importlib import resources

from boxer.filetree import Tree

# Tool -> the names it has.
TOOLS = {"uv": ("uv", "uvx"), "poetry": ("poetry",), "pipenv": ("pipenv",)}


@functools.cache
def _script(tool: str) -> bytes:
    return resources.files(__package__).joinpath(f"{tool}.sh").read_bytes()


def add_tool(
    tree: Tree, tool: str, folder: str, epoch: int, owner: tuple[int, int] = (0, 0)
) -> None:
    """A tool's programs in a folder of the tree."""
    tree.make_directories(folder or "/", 0o755, *owner, epoch)
    for name in TOOLS[tool]:
        tree.add_file(f"{folder}/{name}", _script(tool), 0o755, *owner, epoch)
