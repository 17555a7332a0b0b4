"""Where cp, mv and install put things: the last operand, or the folder of -t.

Belongs here: what the three have in common. Does not: what each of them does.

Rules: "Target directory" of the GNU coreutils manual.
"""

from __future__ import annotations

from boxer.errors import SymlinkLoopError
from boxer.filetree import Directory, File, Node
from boxer.userland.invocation import CommandFailedError, Invocation, Options


def destination_of(call: Invocation, options: Options, operands: list[str]) -> tuple[str, bool]:
    """The destination, and whether things go into it, as a folder; it is taken off the operands.

    Raises CommandFailedError."""
    folder = options.value("t", "target-directory")
    if not operands or (folder is None and len(operands) < 2):
        raise CommandFailedError("missing destination file operand")
    target = operands.pop() if folder is None else folder
    plain = folder is None and options.has("T", "no-target-directory")
    try:
        into = isinstance(call.node(target), Directory) and not plain
    except SymlinkLoopError:
        into = False
    if not into and (len(operands) > 1 or folder is not None):
        raise CommandFailedError(f"target '{target}' is not a directory")
    return target, into


def slash_at_no_folder(call: Invocation, path: str) -> bool:
    """Whether a path says that it is a folder, and none is there: no file can be made of it."""
    return path.endswith("/") and not isinstance(call.node(path), Directory)


def is_older(call: Invocation, source: Node, present: Node) -> bool:
    """Whether -u leaves what is there. A build's clock stands still: of two files with one time
    only equal ones are sure. Raises UnsupportedCommandError for others."""
    if source.mtime != present.mtime:
        return source.mtime < present.mtime
    if isinstance(source, File) and isinstance(present, File) and source.data == present.data:
        return True
    raise call.unsupported(
        "`-u` for files of one time", "A build's clock stands still: leave out the option."
    )
