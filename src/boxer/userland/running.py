"""A script of a RUN, with all commands there are.

Belongs here: putting the shell and its commands together. Does not: either of them.
"""

from __future__ import annotations

from boxer.userland.commands import commands_of
from boxer.userland.commands.executable import run_executable
from boxer.userland.session import Finished, Session, Setting


def run_script(setting: Setting, script: str, prelude: str = "") -> Finished:
    """Runs a script as its setting says. prelude: as in `Session.run`. Raises what a command
    raises."""
    commands = commands_of(setting.ports.python)
    return Session(setting, commands, run_executable).run(script, prelude)
