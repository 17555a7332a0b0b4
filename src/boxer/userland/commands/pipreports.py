"""What pip says of what is installed: `pip list`, `freeze`, `show`, `check`.

Belongs here: its words. Does not: where packages lie (`pip`).
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Mapping

from boxer.packages import Installed, broken_requirements, license_of, normalize
from boxer.userland.invocation import Invocation

Present = Mapping[str, Installed]


def _check(call: Invocation, present: Present, arguments: list[str]) -> int:
    """`pip check`: requirements that are missing or of another version."""
    broken = broken_requirements(present, call.python)
    for line in broken or ["No broken requirements found."]:
        call.print(line)
    return 1 if broken else 0


def _list(call: Invocation, present: Present, arguments: list[str]) -> int:
    found = _sorted(present)
    if "--format=json" in arguments or ("--format" in arguments and "json" in arguments):
        call.print(json.dumps([{"name": entry.name, "version": entry.version} for entry in found]))
        return 0
    if "--format=freeze" in arguments:
        return _freeze(call, present, [])
    width = max([len(entry.name) for entry in found] + [7])
    call.print(f"{'Package':{width}} Version")
    call.print(f"{'-' * width} -------")
    for entry in found:
        call.print(f"{entry.name:{width}} {entry.version}")
    return 0


def _freeze(call: Invocation, present: Present, arguments: list[str]) -> int:
    for entry in _sorted(present):
        if "--all" in arguments or entry.key not in ("pip", "setuptools", "wheel"):
            call.print(f"{entry.name}=={entry.version}")
    return 0


def _show(call: Invocation, present: Present, arguments: list[str]) -> int:
    status = 0
    for name in [word for word in arguments if not word.startswith("-")]:
        entry = present.get(normalize(name))
        if entry is None:
            call.err += f"WARNING: Package(s) not found: {name}\n".encode()
            status = 1
            continue
        call.print(f"Name: {entry.name}")
        call.print(f"Version: {entry.version}")
        call.print(f"Summary: {entry.metadata['Summary'] or ''}")
        call.print(f"License: {license_of(entry.metadata)}")
        call.print(f"Location: {posixpath.dirname(entry.folder)}")
    return status


def _sorted(present: Present) -> list[Installed]:
    return [present[key] for key in sorted(present)]


REPORTS: dict[str, Callable[[Invocation, Present, list[str]], int]] = {
    "list": _list,
    "freeze": _freeze,
    "show": _show,
    "check": _check,
}
