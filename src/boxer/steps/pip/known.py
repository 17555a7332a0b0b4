"""Packages that are known not to work in a box, or only in some versions: `native.toml`.

Belongs here: why one is refused, and the resolution that looks for versions that work first. Does
not: the wheels for Pyodide (`emscripten`), the choice of a file (`files`).
"""

from __future__ import annotations

import contextlib
import functools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources

from packaging.specifiers import SpecifierSet

from boxer.errors import ResolutionError, Where
from boxer.steps.pip import emscripten
from boxer.steps.pip.prefix import normalize
from boxer.steps.pip.resolve import Locked, Question, resolve


@dataclass(frozen=True, slots=True)
class Known:
    """One entry. versions: those that work all the same. optional_for: dependents that do without
    it; lost: what does not work then, as a sentence. meant: who names it will use it, so only one
    that came along is left out. avoided: its dependents have versions that do without it. rust: it
    takes the Rust compiler."""

    why: str
    instead: str
    versions: str = ""
    optional_for: Sequence[str] = ()
    lost: str = ""
    meant: bool = False
    avoided: bool = False
    rust: bool = False


def known_native(name: str) -> Known | None:
    """What is known of a package; None of one that may work. name: normalised."""
    return _table().get(name)


def why_native(name: str, version: str | None = None) -> tuple[str, str] | None:
    """Why a package cannot work, and what to use instead. name: normalised. version: None for a
    package of which any may be taken."""
    known = _table().get(name)
    if known is None or (known.versions and not version):
        return None
    if known.versions and SpecifierSet(known.versions).contains(str(version), prereleases=True):
        return None
    return known.why, known.instead


def resolve_what_works(
    question: Question,
    environment: Mapping[str, str],
    where: Where | None,
    *,
    has_rust: bool,
    more: Sequence[str] = (),
) -> tuple[list[Locked], Question]:
    """As `resolve`; where the requirements leave the choice, with versions that work in a box.

    has_rust: whether packages with Rust in them can be built. more: constraints of that kind.
    Returns the question that was answered as well.
    """
    # Where a package in Rust cannot be avoided, its build says what it takes.
    for rust in (True,) if has_rust else (False, True):
        working = [*emscripten.constraints(), *_constraints(rust), *more]
        known = replace(question, constraints=[*question.constraints, *working])
        with contextlib.suppress(ResolutionError):
            return resolve(known, environment, where), known
    # A version that does not work is pinned, which `choose` says better.
    return resolve(question, environment, where), question


def _constraints(has_rust: bool) -> Iterator[str]:
    """The versions that work, as lines of a constraints file."""
    for name, entry in sorted(_table().items()):
        if entry.avoided and not (entry.rust and has_rust):
            yield f"{name}<0"
        elif entry.versions:
            yield f"{name}{entry.versions}"


@functools.cache
def _table() -> Mapping[str, Known]:
    text = resources.files(__package__).joinpath("native.toml").read_text("utf-8")
    return {normalize(name): Known(**entry) for name, entry in tomllib.loads(text).items()}
