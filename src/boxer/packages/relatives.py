"""Distributions of one project under several names: one whose source lies under another's, one
that takes another beside it.

Belongs here: which of them a box gets. Does not: which these are (`native.toml`), building them.

`psycopg-binary` has files for other machines only, which are made of `psycopg-c` and libpq.
`psycopg` alone loads the system's libpq as a shared library, which a box has not.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from boxer.errors import ResolutionError
from boxer.packages.catalogue.known import known_native
from boxer.packages.resolve import Locked, Question, resolve
from boxer.packages.target import Target


def with_relatives(
    target: Target,
    missing: Sequence[Locked],
    there: Collection[tuple[str, str]],
    question: Question,
    environment: Mapping[str, str],
) -> list[Locked]:
    """The packages to install, with those that stand for them and beside them.

    there: what is installed or will be, by normalised name and version. A version that an index
    does not have is left out beside another, and refused under the name it was asked by.
    """
    found = {(p.key, p.version): p for p in missing}
    for package in missing:
        known = known_native(package.key)
        if known is not None and (known.source, package.version) in there:
            del found[package.key, package.version]
            continue
        other = _other(known.source, package, question, environment) if known else None
        if known is not None and other is not None:
            del found[package.key, package.version]
            found.setdefault((other.key, other.version), other)
            message = f"`{package.name}` is built from the source of `{other.name}`."
            target.listener.notice(message, target.where, known.instead)
    for package in missing:
        known = known_native(package.key)
        if known is None or not {(known.beside, package.version)}.isdisjoint({*there, *found}):
            continue
        other = _other(known.beside, package, question, environment)
        if other is not None:
            found[other.key, other.version] = other
            message = f"`{other.name}` is installed beside `{package.name}`: {known.why}."
            target.listener.notice(message, target.where, known.instead)
    return list(found.values())


def relatives_of(keys: Iterable[str]) -> set[str]:
    """What may be there for packages of these normalised names."""
    known = [entry for entry in map(known_native, keys) if entry is not None]
    return {name for entry in known for name in (entry.source, entry.beside) if name}


def _other(
    name: str, package: Locked, question: Question, environment: Mapping[str, str]
) -> Locked | None:
    """The distribution of that name, of the package's version."""
    if not name:
        return None
    asked = Question(
        [f"{name}=={package.version}"],
        python_version=question.python_version,
        options=["--no-deps"],
        sources=question.sources,
    )
    with contextlib.suppress(ResolutionError):
        return next(iter(resolve(asked, environment, None)), None)
    return None
