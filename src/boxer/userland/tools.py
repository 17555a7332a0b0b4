"""Programs that are the build's own in a RUN, as files of a box: uv, poetry, pipenv, pdm.

Belongs here: the files. In a RUN such a file only leads to what is ours (`shell.commands`). When
the box runs it is a script of the shell, which starts a program in the project's environment.
"""

from __future__ import annotations

import functools
from importlib import resources

from boxer.filetree import Tree
from boxer.images import tools_of

# Where images have them: uv's own in the root, images of Python with uv on the path.
IMAGE_FOLDERS = ("", "/usr/local/bin")
# Tool -> the names it has.
TOOLS = {"uv": ("uv", "uvx"), "poetry": ("poetry",), "pipenv": ("pipenv",), "pdm": ("pdm",)}


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


def tools_tree(reference: str) -> Tree | None:
    """The files of an image that is known to hold tools of the build, as far as a build can use
    them; None for any other image."""
    tools = tools_of(reference)
    if not tools:
        return None
    tree = Tree()
    for tool in tools:
        for folder in IMAGE_FOLDERS:
            add_tool(tree, tool, folder, 0)
    return tree


def add_module(tree: Tree, tool: str, site_packages: str, epoch: int) -> None:
    """`python -m TOOL` when the box runs."""
    data = resources.files(__package__).joinpath("toolmain.py").read_bytes()
    tree.make_directories(f"{site_packages}/{tool}", 0o755, 0, 0, epoch)
    tree.add_file(f"{site_packages}/{tool}/__main__.py", data, 0o644, 0, 0, epoch)
