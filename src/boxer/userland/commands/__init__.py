"""The commands of a RUN that are ours: what the shell cannot do, or would do wrongly.

Belongs here: one module for each family, and the table of all. Later families win, so a refusal
never hides a command that works.
"""

from collections.abc import Mapping

from boxer.images import Python
from boxer.userland.commands import (
    accountchanges,
    accountgroups,
    accounts,
    administration,
    archives,
    compilers,
    copies,
    files,
    find,
    hatch,
    identity,
    information,
    installers,
    listing,
    make,
    moves,
    names,
    pdm,
    pip,
    pipenv,
    piptools,
    poetry,
    python,
    refused,
    systempackages,
    unzip,
    uv,
    uvtools,
    venv,
)
from boxer.userland.invocation import Command

ALL: dict[str, Command] = {
    **refused.COMMANDS,
    **systempackages.COMMANDS,
    **accounts.COMMANDS,
    **accountchanges.COMMANDS,
    **accountgroups.COMMANDS,
    **identity.COMMANDS,
    **administration.COMMANDS,
    **archives.COMMANDS,
    **compilers.COMMANDS,
    **copies.COMMANDS,
    **files.COMMANDS,
    **find.COMMANDS,
    **hatch.COMMANDS,
    **information.COMMANDS,
    **installers.COMMANDS,
    **listing.COMMANDS,
    **make.COMMANDS,
    **moves.COMMANDS,
    **names.COMMANDS,
    **pdm.COMMANDS,
    **pip.COMMANDS,
    **pipenv.COMMANDS,
    **piptools.COMMANDS,
    **poetry.COMMANDS,
    **python.COMMANDS,
    **unzip.COMMANDS,
    **uv.COMMANDS,
    **uvtools.COMMANDS,
    **venv.COMMANDS,
}


def commands_of(interpreter: Python | None) -> Mapping[str, Command]:
    """All, with those whose names have the version of the stage's Python in them."""
    if interpreter is None:
        return ALL
    series = interpreter.series
    return {
        **ALL,
        f"python{series}": python.COMMANDS["python"],
        f"pip{series}": pip.COMMANDS["pip"],
    }


__all__ = ["ALL", "commands_of"]
