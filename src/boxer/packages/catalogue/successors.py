"""Versions that cannot run on a box's Python, and those that run in their place.

Belongs here: which of a resolution's versions these are (successors.toml), and the question that
asks for others. Does not: asking it (`resolve`), telling the user (`installer`).

A Dockerfile that pins a version was written for a Python the box has not. Another version of the
same interface is what its author would take today; each is a notice to the user.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from boxer.packages.prefix import normalize
from boxer.packages.resolve import Locked, Question

_NO_DEPS = "--no-deps"
_LOCAL = " @ file:"


@dataclass(frozen=True, slots=True)
class Successor:
    """use: a version specifier. why: what is wrong with versions from `first` to below `end`.
    insists: whatever others say of it. extras: extra -> a package that shows it is wanted."""

    name: str
    first: Version
    end: Version
    use: str
    why: str
    drops: tuple[str, ...] = ()
    insists: bool = False
    extras: Mapping[str, str] = field(default_factory=dict)


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
        answer=None,
    )


def insisting_on(
    question: Question, successors: Sequence[Successor], locked: Sequence[Locked]
) -> Question | None:
    """The question with successors that other packages say they do not take; None if that is of no
    use. locked: what was found without them. A project of the box pins as its lines do: its pins
    are let go, too."""
    has_project = any(_LOCAL in line for line in question.lines)
    firm = [successor for successor in successors if successor.insists or has_project]
    if not firm:
        return None
    asked = asking_for(question, successors)
    present = {package.key for package in locked}
    overrides = []
    for successor in firm:
        extras = ",".join(name for name, sign in successor.extras.items() if sign in present)
        overrides.append(f"{successor.name}{f'[{extras}]' if extras else ''}{successor.use}")
    return replace(asked, overrides=overrides)


def steps_back(
    before: Sequence[Locked], after: Sequence[Locked], successors: Sequence[Successor]
) -> bool:
    """Whether an answer takes an older version of something that has no part in this."""
    own = {name for successor in successors for name in (successor.name, *successor.drops)}
    versions = {package.key: package.version for package in before}
    return any(
        _older(package.version, versions[package.key])
        for package in after
        if package.key in versions and package.key not in own
    )


def _older(version: str, other: str) -> bool:
    try:
        return Version(version) < Version(other)
    except InvalidVersion:
        return False


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
            entry.get("insists", False),
            entry.get("extras", {}),
        )
        for entry in tomllib.loads(text)["version"]
    )
