"""More files of a version than the place it was found in has.

Belongs here: looking for those in the user's default index, and for those for other machines. Does
not: choosing among them (`files`).

Invariant: a file from another index is taken only where it is seen to be of the same release: both
have one file in common, or the user looks through all indexes as if they were one, as pip does.
A package of the same name that somebody else has put into a public index has no part in a build.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from boxer.errors import ResolutionError
from boxer.packages.resolve import Locked, Question, RemoteFile, resolve

_MORE_INDEXES = ("UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS")


def with_files_elsewhere(
    packages: Sequence[Locked], question: Question, environment: Mapping[str, str]
) -> list[Locked]:
    """The packages with the files the default index has of the same versions as well. question:
    what they are the answer to.

    A resolution lists the files of the one index a version was found in. Where there are several
    and the first holds wheels for one kind of machine only, what a box needs may lie in another.
    """
    plain = {name: value for name, value in environment.items() if name not in _MORE_INDEXES}
    several = len(plain) < len(environment) or question.sources or question.folder is not None
    if not several or environment.get("UV_NO_INDEX") == "1":
        return list(packages)
    as_one = environment.get("UV_INDEX_STRATEGY", "").startswith("unsafe")
    found = []
    for package in packages:
        if package.other:
            found.append(package)
            continue
        trusted = as_one and not question.sources.is_pinned(package.name)
        found.append(_merged(package, _again(package, question, plain), trusted=trusted))
    return found


def with_files_for_all(
    package: Locked, question: Question, environment: Mapping[str, str]
) -> Locked:
    """The package with the files for other machines as well."""
    return _merged(package, _again(package, question, environment, every_platform=True))


def same_file(
    file: RemoteFile, package: Locked, question: Question, environment: Mapping[str, str]
) -> RemoteFile | None:
    """The file on the user's own index, by its sha256: a lock file names the place it was made
    with, which a machine behind a mirror does not reach. None where that is not known, or there is
    none."""
    other = _again(package, question, environment, every_platform=True) if file.sha256 else None
    if other is None:
        return None
    files = [*other.wheels, *([other.sdist] if other.sdist else [])]
    return next((found for found in files if found.sha256 == file.sha256), None)


def _again(
    package: Locked,
    question: Question,
    environment: Mapping[str, str],
    *,
    every_platform: bool = False,
) -> Locked | None:
    other = Question(
        lines=[f"{package.name}=={package.version}"],
        python_version=question.python_version,
        options=["--no-deps"],
        every_platform=every_platform,
    )
    with contextlib.suppress(ResolutionError):  # it is not there, or came by its address
        return next(iter(resolve(other, environment, None)), None)
    return None


def _merged(package: Locked, other: Locked | None, *, trusted: bool = False) -> Locked:
    if other is None or other.version != package.version:
        return package
    if not trusted and not _identities(package) & _identities(other):
        return package
    known = {wheel.name for wheel in package.wheels}
    more = tuple(wheel for wheel in other.wheels if wheel.name not in known)
    return replace(package, wheels=package.wheels + more, sdist=package.sdist or other.sdist)


def _identities(package: Locked) -> set[tuple[str, str]]:
    files: list[RemoteFile] = [*package.wheels, *([package.sdist] if package.sdist else [])]
    return {(file.name, file.sha256 or file.url) for file in files}
