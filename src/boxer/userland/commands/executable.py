"""An executable file of the tree, called by its name or path in a RUN.

Belongs here: which of the build's own programs a file is. Does not: what they do.
"""

from __future__ import annotations

import posixpath

from boxer.filetree import File
from boxer.userland.commands import pdm, pipenv, poetry, uv
from boxer.userland.commands.python import run_program
from boxer.userland.invocation import Invocation
from boxer.userland.programs import OURS, find_program

_OWN = {**pdm.COMMANDS, **pipenv.COMMANDS, **poetry.COMMANDS, **uv.COMMANDS}


def run_executable(call: Invocation) -> int:
    """Runs what a call's name means: a tool of ours, or a program of the box."""
    path = find_program(call.tree, call.name, call.env.get("PATH", ""), call.cwd)
    node = call.tree.get(path) if path is not None else None
    if isinstance(node, File) and node.data.startswith(OURS):
        call.name = posixpath.basename(path or call.name)
        if call.name in _OWN:
            return _OWN[call.name].function(call) or 0
    return run_program(call)
