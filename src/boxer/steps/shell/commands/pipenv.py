"""pipenv in a RUN: `pipenv install --system`, `pipenv sync`, `pipenv requirements`.

Belongs here: its command line and its lock file. Does not: installing (`boxer.steps.pip`).
"""

from __future__ import annotations

import json
import tomllib
from typing import Any

from boxer.errors import UnsupportedCommandError
from boxer.filetree import File
from boxer.steps.pip.installer import install_packages
from boxer.steps.pip.options import InstallOptions
from boxer.steps.shell.commands.pip import announce, chosen_prefix, target_of
from boxer.steps.shell.invocation import Command, CommandFailedError, Invocation


def pipenv(call: Invocation) -> int:
    """One pipenv command. Raises what `install_packages` raises, UnsupportedCommandError."""
    words = [word for word in call.arguments if not word.startswith("-")]
    switches = {word for word in call.arguments if word.startswith("-")}
    action = words[0] if words else ""
    if action in ("requirements", "lock") and not (action == "lock" and "-r" not in switches):
        for line in _requirements(call, bool(switches & {"--dev", "-d"})):
            call.print(line)
        return 0
    if action in ("install", "sync") and len(words) == 1 and "--system" in switches:
        lines = _requirements(call, bool(switches & {"--dev", "-d"}))
        options = InstallOptions(packages=lines)
        prefix = chosen_prefix(call, options)
        announce(call, prefix, install_packages(target_of(call, prefix), options))
        return 0
    if switches & {"--version"} or action in ("check", "verify", "lock"):
        return 0
    raise UnsupportedCommandError(
        f"`pipenv {' '.join(call.arguments[:2])}` cannot work in a RUN.",
        where=call.where,
        hint="A build has `pipenv install --system --deploy` and `pipenv requirements`.",
    )


def _requirements(call: Invocation, dev: bool) -> list[str]:
    lock = call.node("Pipfile.lock")
    if isinstance(lock, File):
        data: dict[str, Any] = json.loads(lock.data)
        tables = [data.get("default", {}), data.get("develop", {}) if dev else {}]
    else:
        pipfile = call.node("Pipfile")
        if not isinstance(pipfile, File):
            raise CommandFailedError("No Pipfile present at project home. Aborting")
        data = tomllib.loads(pipfile.data.decode("utf-8", "replace"))
        tables = [data.get("packages", {}), data.get("dev-packages", {}) if dev else {}]
    return [_line(name, value) for table in tables for name, value in table.items()]


def _line(name: str, value: Any) -> str:
    if isinstance(value, str):
        return name if value == "*" else f"{name}{value}"
    extras = f"[{','.join(value['extras'])}]" if value.get("extras") else ""
    marker = f" ; {value['markers']}" if value.get("markers") else ""
    version = value.get("version", "")
    return f"{name}{extras}{'' if version == '*' else version}{marker}"


COMMANDS = {"pipenv": Command(pipenv, makes_programs=True)}
