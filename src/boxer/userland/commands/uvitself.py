"""What uv does itself for a RUN: commands that only read and write files of projects.

Belongs here: calling it, and putting what it wrote into the box. Does not: which commands these are
(`uv`, `uvpip`), what it is shown (`packages.projects`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from boxer.packages import uv_project
from boxer.userland.invocation import CommandFailedError, Invocation

# Options that have a value and make no difference in a box.
VALUED = frozenset(
    ("--python", "-p", "--link-mode", "--cache-dir", "--refresh-package", "--reinstall-package",
     "--color", "--output-format")
)  # fmt: skip
_TALK = ("-v", "--verbose", "-vv", "--system")


def scene_of(call: Invocation) -> uv_project.Scene:
    """Where uv is called."""
    asked = call.ports.python_asked
    return uv_project.Scene(call.tree, call.cwd, call.python, call.env, call.where, asked)


def as_uv(call: Invocation, arguments: Sequence[str], limits: Sequence[str] = ()) -> int:
    """A command as uv does it. limits: constraints that are kept as far as they can be. Raises
    CommandFailedError in uv's words."""
    answer = uv_project.call_uv(scene_of(call), list(_without_harmless(arguments)), limits)
    if answer.status != 0:
        raise CommandFailedError(answer.message, answer.status)
    write_files(call, answer.written)
    call.out += answer.output.encode()
    return 0


def write_files(call: Invocation, files: Mapping[str, bytes]) -> None:
    """What uv wrote, as files of the user who called it."""
    for path, data in files.items():
        call.tree.add_file(path, data, 0o644, call.user.uid, call.user.gid, call.epoch)


def _without_harmless(arguments: Sequence[str]) -> Iterator[str]:
    rest = iter(arguments)
    for word in rest:
        if word in VALUED:
            next(rest, None)
        elif word.partition("=")[0] not in VALUED and word not in _TALK:
            yield word
