"""Bringing back modules of older Pythons that packages of their time import.

Belongs here: which distributions are added to an install, and the notice of it. Does not: which
modules there are (`removed`).
"""

from __future__ import annotations

from collections.abc import Mapping

from boxer.packages.catalogue.removed import imported_of, removed_for
from boxer.packages.obtain import obtain
from boxer.packages.prefix import normalize
from boxer.packages.requirements import requirement_name
from boxer.packages.resolve import Question, resolve
from boxer.packages.target import Target
from boxer.packages.wheel import Wheel


def bring_back(
    target: Target, wheels: list[Wheel], present: set[str], environment: Mapping[str, str]
) -> list[Wheel]:
    """The wheels with what these ones import of the Python the Dockerfile was written for.

    present: what is installed, by normalised names. Raises what `resolve` and `obtain` raise.
    """
    removed = removed_for(target.python_asked)
    files = [(member.name, member.data) for wheel in wheels for member in wheel.members]
    there = present | {wheel.key for wheel in wheels}
    modules = [
        module
        for module in imported_of(removed, files)
        if normalize(requirement_name(removed[module])) not in there
    ]
    if not modules:
        return []
    lines = sorted({removed[module] for module in modules})
    question = Question(lines, python_version=target.prefix.version)
    found = [p for p in resolve(question, environment, target.where) if p.key not in there]
    target.listener.notice(
        f"{_listed(modules)}: Python {target.prefix.version} has no such module any more;"
        f" {_listed(lines)} is installed for it.",
        target.where,
        f"Python {target.python_asked}, which the Dockerfile asks for, has it.",
    )
    return obtain(target, found, question, environment)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
