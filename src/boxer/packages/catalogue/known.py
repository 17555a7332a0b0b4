"""Packages that are known not to work in a box, or only in some versions: `native.toml`.

Belongs here: why one is refused, and the resolution that looks for versions that work first. Does
not: the wheels for Pyodide (`emscripten`), the choice of a file (`files`).
"""

from __future__ import annotations

import contextlib
import functools
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import TypeVar

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from boxer.errors import BoxerError, NativePackageError, ResolutionError, Where
from boxer.packages.catalogue import emscripten
from boxer.packages.prefix import normalize
from boxer.packages.resolve import Locked, Question, resolve

T = TypeVar("T")

# How uv says that a source archive's build failed, and an exception of Python in its output.
_NOT_ASKED = re.compile(r"Failed to (?:download and )?build `(?P<name>[^`=]+)==(?P<version>[^`]+)`")
_RAISED = re.compile(r"\b[\w.]+(?:Error|Exception|Exit): .*?(?= hint:| \[|$)")


@dataclass(frozen=True, slots=True)
class Known:
    """One entry. versions: those that work all the same. optional_for: dependents that do without
    it; lost: what does not work then, as a sentence; through: for some dependents, where only these
    need them, and only where the package was not named itself. program: it brings a program, which
    is left out where something else is asked for too.
    rust: it takes the Rust compiler; plain: versions that do not. substitute: a module that is
    installed in its place. source: the distribution of the same version that it is built from;
    beside: one of the same version that is installed with it."""

    why: str
    instead: str
    versions: str = ""
    optional_for: Sequence[str] = ()
    lost: str = ""
    through: Mapping[str, Sequence[str]] = field(default_factory=dict)
    program: bool = False
    rust: bool = False
    plain: str = ""
    substitute: str = ""
    source: str = ""
    beside: str = ""


def known_native(name: str) -> Known | None:
    """What is known of a package; None of one that may work. name: normalised."""
    return _table().get(name)


def why_native(name: str, version: str | None = None) -> tuple[str, str] | None:
    """Why a package cannot work, and what to use instead. name: normalised. version: None for a
    package of which any may be taken."""
    known = _table().get(name)
    if known is None or known.substitute or known.beside or (known.versions and not version):
        return None
    if known.versions and SpecifierSet(known.versions).contains(str(version), prereleases=True):
        return None
    return known.why, known.instead


def substitute_for(name: str, version: str, *, has_rust: bool) -> str:
    """The module that is installed in the place of a package; empty for one that is built, or has
    none. name: normalised."""
    known = _table().get(name)
    if known is None or not known.substitute:
        return ""
    is_compiled = known.rust and has_rust
    built = is_compiled and SpecifierSet(known.versions).contains(version, prereleases=True)
    return "" if built else known.substitute


def resolve_what_works(
    question: Question,
    environment: Mapping[str, str],
    where: Where | None,
    limits: Sequence[str],
) -> tuple[list[Locked], Question]:
    """As `resolve`; where the requirements leave the choice, with versions that work in a box.

    limits: constraints that ask for these. Returns the question that was answered as well.
    """

    def ask(stated: Sequence[str]) -> tuple[list[Locked], Question]:
        asked = replace(question, constraints=[*question.constraints, *stated])
        return resolve(asked, environment, where), asked

    def versions(answer: tuple[list[Locked], Question]) -> Mapping[str, str]:
        return {package.key: package.version for package in answer[0]}

    try:
        return within_limits(ask, versions, limits)
    except ResolutionError as error:
        raise _explained(error, where) from None


def within_limits(
    ask: Callable[[Sequence[str]], T],
    versions: Callable[[T], Mapping[str, str]],
    limits: Sequence[str],
) -> T:
    """The answer to a question with as many of the limits as can be kept. ask: given limits, lines
    of a constraints file; raises ResolutionError. versions: those of an answer, by normalised
    names.

    Raises ResolutionError where there is no answer without any limit either.
    """
    with contextlib.suppress(ResolutionError):
        return ask(limits)
    # A version that does not work is pinned, which `choose` says better; others need not be.
    answer = ask([])
    kept: list[str] = []
    for limit in limits:
        if limits_not_kept([limit], versions(answer)):
            with contextlib.suppress(ResolutionError):
                answer = ask([*kept, limit])
                kept.append(limit)
    return answer


def limits_not_kept(limits: Iterable[str], versions: Mapping[str, str]) -> list[str]:
    """The limits that versions, by normalised names, do not keep. limits: lines of a constraints
    file."""
    found = []
    for limit in limits:
        asked = Requirement(limit)
        version = versions.get(normalize(asked.name))
        if version and not asked.specifier.contains(version, prereleases=True):
            found.append(limit)
    return found


def _explained(error: ResolutionError, where: Where | None) -> BoxerError:
    """The error; where a source archive could not be asked for its requirements, which one it is.
    Its build runs for that on this machine, and looks for what no box has."""
    found = _NOT_ASKED.search(error.message)
    if found is None:
        return error
    name, version = found["name"], found["version"]
    reason = why_native(normalize(name), version)
    if reason is not None:
        why, instead = reason
        message = f"`{name} {version}` cannot run in a box: {why}."
        return NativePackageError(message, where=where, hint=instead)
    return ResolutionError(
        f"`{name} {version}` has no wheel, and its setup.py fails when it is asked what it needs:"
        f" {_last_words(error.message)}",
        where=where,
        hint=f"Ask for another version of `{name}`, or for a package in its place.",
    )


def _last_words(message: str) -> str:
    """The exception at the end of a build's output."""
    raised = _RAISED.findall(message)
    return raised[-1].strip() if raised else message


def rust_packages() -> dict[str, str]:
    """The packages that the Rust compiler compiles for a box, with their versions that work."""
    return {name: entry.versions for name, entry in sorted(_table().items()) if entry.rust}


def working_versions(*, has_rust: bool, brought: Mapping[str, str] | None = None) -> Iterator[str]:
    """The versions that work in a box, as lines of a constraints file. has_rust: whether packages
    with Rust in them can be built. brought: versions of those that need not be, by their names."""
    ready = {} if has_rust else brought or {}
    yield from emscripten.constraints()
    for name, entry in sorted(_table().items()):
        if name in ready:
            yield f"{name}=={ready[name]}"
        elif entry.plain and not has_rust:
            yield f"{name}{entry.plain}"
        elif entry.versions and (has_rust or not entry.substitute):
            yield f"{name}{entry.versions}"


@functools.cache
def _table() -> Mapping[str, Known]:
    text = resources.files(__package__).joinpath("native.toml").read_text("utf-8")
    return {normalize(name): Known(**entry) for name, entry in tomllib.loads(text).items()}
