"""hatch in a RUN: `hatch build`.

Belongs here: its command line. Does not: building a project (`pip`).
"""

from __future__ import annotations

from boxer.errors import UnsupportedCommandError
from boxer.userland.commands.pip import build_project
from boxer.userland.invocation import Command, Invocation

VERSION = "1.16.0"  # what hatch would say it is; scripts only ever show it

_VALUED = ("-t", "--target", "--hooks-only")


def hatch(call: Invocation) -> int:
    """One hatch command. Raises what building a wheel raises, UnsupportedCommandError."""
    argv = [word for word in call.arguments if word not in ("-v", "-q", "--no-color")]
    action = argv[0] if argv else "--version"
    if action in ("--version", "config", "self"):
        call.print(f"Hatch, version {VERSION}")
        return 0
    if action == "build":
        return build_project(call, call.path(_folder(argv[1:])), ".")
    raise UnsupportedCommandError(
        f"`hatch {action}` cannot work in a RUN.",
        where=call.where,
        hint="A build has `hatch build`; `pip install .` installs the project.",
    )


def _folder(argv: list[str]) -> str:
    """Where the wheel goes: the one word that is no option."""
    rest = iter(argv)
    for word in rest:
        if word in _VALUED:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return "dist"


COMMANDS = {"hatch": Command(hatch, makes_programs=True)}
