"""Versions that cannot run on a box's Python, and those that run in their place.

Belongs here: which of a resolution's versions these are (successors.toml), and the question that
asks for others. Does not: asking it (`resolve`), telling the user (`installer`).

A Dockerfile that pins a version was written for a Python the box has not. Another version of the
same interface is what its author would take today; the user is told of each.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from boxer.steps.pip.prefix import normalize
from boxer.steps.pip.resolve import Locked, Question

_NO_DEPS = "--no-deps"


@dataclass(frozen=True, slots=True)
class Successor:
    """use: a version specifier. why: what is wrong with versions from `first` to below `end`."""

    name: str
    first: Version
    end: Version
    use: str
    why: str
    drops: tuple[str, ...] = ()


def outdated(locked: Sequence[Locked]) -> list[Successor]:
    """The successors of those versions of a resolution that cannot run."""
    return [
        successor
        for package in locked
        for successor in _table()
        if successor.name == package.key and _within(package.version, successor)
    ]


def asking_for(question: Question, successors: Sequence[Successor]) -> Question:
    """The question with the successors in the place of what it pins. One that names every version
    itself (`--no-deps`) is asked with dependencies: another version may need others."""
    uses = {successor.name: successor.use for successor in successors}
    dropped = {name for successor in successors for name in successor.drops}
    lines = [line for line in question.lines if _name(line) not in dropped]
    constraints = [line for line in question.constraints if _name(line) not in dropped]
    return replace(
        question,
        lines=[_freed(line, uses) for line in lines],
        constraints=[
            *(line for line in constraints if _name(line) not in uses),
            *(f"{name}{use}" for name, use in uses.items()),
        ],
        options=[option for option in question.options if option != _NO_DEPS],
        preferred={k: v for k, v in question.preferred.items() if k not in uses.keys() | dropped},
    )


def _within(version: str, successor: Successor) -> bool:
    try:
        return successor.first <= Version(version) < successor.end
    except InvalidVersion:
        return False


def _requirement(line: str) -> Requirement | None:
    try:
        return Requirement(line.partition(" --")[0].strip())
    except InvalidRequirement:
        return None


def _name(line: str) -> str:
    found = _requirement(line)
    return normalize(found.name) if found else ""


def _freed(line: str, uses: dict[str, str]) -> str:
    """The line without its version, if it is of one of the packages."""
    found = _requirement(line)
    if found is None or normalize(found.name) not in uses or found.url:
        return line
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    return f"{found.name}{extras}{f' ; {found.marker}' if found.marker else ''}"


@functools.cache
def _table() -> tuple[Successor, ...]:
    text = resources.files(__package__).joinpath("successors.toml").read_text("utf-8")
    return tuple(
        Successor(
            entry["name"],
            Version(entry["from"]),
            Version(entry["below"]),
            entry["use"],
            entry["why"],
            tuple(entry.get("drops", ())),
        )
        for entry in tomllib.loads(text)["version"]
    )
