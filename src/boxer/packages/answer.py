"""Which versions of what is asked for a box gets.

Belongs here: preferring versions that can be linked and that run on a box's Python, and telling
where that changes a pinned one. Does not: resolving (`resolve`), which versions these are
(`known`, `removed`, `successors`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from packaging.requirements import Requirement

from boxer.errors import ResolutionError
from boxer.packages.catalogue.known import resolve_what_works, working_versions
from boxer.packages.catalogue.removed import constraints_of
from boxer.packages.catalogue.successors import (
    Successor,
    asking_for,
    insisting_on,
    outdated,
    steps_back,
)
from boxer.packages.prefix import normalize
from boxer.packages.resolve import Locked, Question
from boxer.packages.target import Target


@dataclass(frozen=True, slots=True)
class Answer:
    """question: what was asked in the end. replaced: packages of another version than was asked for
    at first, by normalised names. names_all: whether that first question named every package."""

    locked: list[Locked]
    question: Question
    replaced: Set[str] = frozenset()
    names_all: bool = False


def resolve_for_a_box(target: Target, question: Question, environment: Mapping[str, str]) -> Answer:
    """The answer with versions that can run in the place of those that cannot. Raises
    ResolutionError."""
    locked, question = _resolve(target, question, environment)
    successors = outdated(locked)
    if not successors:
        return Answer(locked, question, names_all=question.names_all)
    limited = [_limited(successor, limits_of(target)) for successor in successors]
    answered = _asked_again(target, question, locked, limited, environment)
    if answered is None and limited != successors:
        answered = _asked_again(target, question, locked, successors, environment)
    if answered is None:
        return Answer(locked, question, names_all=question.names_all)
    found, other = answered
    versions = {package.key: package.version for package in found}
    before = {package.key: package.version for package in locked}
    for successor in successors:
        name, version = successor.name, versions.get(successor.name)
        if version and version != before[name]:
            target.listener.notice(
                f"`{name} {before[name]}` cannot run in a box: {successor.why};"
                f" {version} is installed in its place.",
                target.where,
                f"Pin `{name}=={version}` if that is well.",
            )
    changed = {key for key, version in versions.items() if before.get(key) != version}
    return Answer(found, other, frozenset(changed), question.names_all)


def _asked_again(
    target: Target,
    question: Question,
    locked: list[Locked],
    successors: Sequence[Successor],
    environment: Mapping[str, str],
) -> tuple[list[Locked], Question] | None:
    """The answer with successors, and its question; None where something else pins them, too.

    Where others step back for them, or cannot be had at all, those that insist are taken whatever
    the others say.
    """
    answered = None
    with contextlib.suppress(ResolutionError):
        answered = _resolve(target, asking_for(question, successors), environment)
    if answered is not None and not steps_back(locked, answered[0], successors):
        return answered
    firm = insisting_on(question, successors, locked)
    if firm is not None:
        with contextlib.suppress(ResolutionError):
            return _resolve(target, firm, environment)
    return answered


def _resolve(
    target: Target, question: Question, environment: Mapping[str, str]
) -> tuple[list[Locked], Question]:
    """The answer, and what it answers: if possible of versions that work in a box."""
    return resolve_what_works(question, environment, target.where, limits_of(target))


def _limited(successor: Successor, limits: Sequence[str]) -> Successor:
    """The successor, of which only versions that work in a box are asked for."""
    asked = (Requirement(limit) for limit in limits)
    more = [str(one.specifier) for one in asked if normalize(one.name) == successor.name]
    return replace(successor, use=",".join([successor.use, *more]))


def limits_of(target: Target) -> list[str]:
    """Constraints that ask for versions which work in a box."""
    builder = target.wheels
    has_rust = builder is not None and builder.has_rust
    brought = builder.brought if builder else {}
    working = working_versions(has_rust=has_rust, brought=brought)
    return [*working, *constraints_of(target.python_asked)]
