"""From the distributions of a resolution to their wheels.

Belongs here: which file of each, fetching it, building it where there is no pure wheel, and all
that cannot run in a box told at once. Does not: what is resolved, what is done with the wheels
(`installer`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from boxer.ending import told_of_waiting
from boxer.errors import (
    BadWheelError,
    BoxerError,
    NativePackageError,
    PackageBuildError,
    Where,
)
from boxer.listener import Listener
from boxer.packages.catalogue import emscripten
from boxer.packages.compiler import with_compiler
from boxer.packages.fetch import Fetcher
from boxer.packages.files import choose, has_pure_wheel
from boxer.packages.morefiles import same_file, with_files_elsewhere, with_files_for_all
from boxer.packages.refusals import Refused, together
from boxer.packages.resolve import (
    ASKED,
    Locked,
    Question,
    RemoteFile,
    last_with_wheel,
    next_with_wheel,
    requirers,
)
from boxer.packages.sdist import build_sdist, is_kept, is_rust
from boxer.packages.target import Target
from boxer.packages.wheel import Wheel, read_wheel

_WORTH_TELLING = 1.0  # second


def obtain(
    target: Target, packages: list[Locked], question: Question, environment: Mapping[str, str]
) -> list[Wheel]:
    """The wheels of packages that come from an index. question: what they are the answer to.

    Raises NativePackageError, PackageFetchError, PackageBuildError.
    """
    files = _files(target, packages, question, environment)
    owners = dict(zip(files, packages, strict=True))

    def instead(file: RemoteFile) -> RemoteFile | None:
        named = question.answer is not None  # by a lock file, which is of another machine
        return same_file(file, owners[file], question, environment) if named else None

    contents = Fetcher(environment, target.where).get_all(files, instead)
    wheels: list[Wheel] = []
    failed: list[Refused] = []
    for package, file, data in zip(packages, files, contents, strict=True):
        if file.name.endswith(".whl"):
            wheels.append(checked_wheel(data, file.name, target.where))
            continue
        try:
            wheels.append(built(target, data, file.name, environment))
        except (NativePackageError, PackageBuildError) as error:
            failed.append((package, _explained(error, data, package, target)))
    if failed:
        raise _unbuilt(failed, question, environment)
    return wheels


class EarlierError(Exception):
    """Packages cannot be built, and earlier versions of them need not be. limits: constraints that
    ask for those. error: what is said where these cannot be had."""

    def __init__(self, limits: list[str], error: BoxerError) -> None:
        super().__init__(error.message)
        self.limits = limits
        self.error = error


def _explained(error: BoxerError, data: bytes, package: Locked, target: Target) -> BoxerError:
    """What is said first of a build that failed: that it takes a compiler that is not there."""
    has_rust = target.wheels is not None and target.wheels.has_rust
    if has_rust or not is_rust(data):
        return error
    return NativePackageError(
        f"`{package.name} {package.version}` has Rust in it, and the Rust compiler has not been"
        " made on this machine.",
        where=target.where,
        hint="Make it once: `make rust`. It may still fail then: not every crate is there.",
    )


def _line_of(version: str) -> tuple[str, ...]:
    """What versions that can take each other's place have in common: the first number, and the
    second where that is 0 (semver.org, 4)."""
    first, *rest = version.split(".")
    return (first, *rest[:1]) if first == "0" else (first,)


def _unbuilt(
    failed: list[Refused], question: Question, environment: Mapping[str, str]
) -> Exception:
    """The error of builds that failed, with the versions that need no build.

    Of what was asked for by name only a version of the same line takes the place; of what others
    need one that these allow.
    """
    limits = []
    needed_by = requirers(question, environment)
    for package, error in failed:
        later = next_with_wheel(package, environment, question.python_version)
        earlier = last_with_wheel(package, question, environment)
        if later is not None:
            python = question.python_version
            name = f"`{package.name} {later}`"
            error.hint = f"{name} is the next version that was made for Python {python}."
        elif earlier is not None:
            hint = f"Ask for `{package.name}=={earlier}`, the last version that needs no build."
            error.hint = f"{hint} {error.hint}" if isinstance(error, NativePackageError) else hint
            is_asked_for = ASKED in needed_by.get(package.key, (ASKED,))
            if not is_asked_for or _line_of(earlier) == _line_of(package.version):
                limits.append(f"{package.name}<={earlier}")
    error = together(failed, needed_by)
    return EarlierError(limits, error) if len(limits) == len(failed) else error


def with_pure_files(
    packages: list[Locked], question: Question, environment: Mapping[str, str]
) -> list[Locked]:
    """Looks in the default index too for those that have no pure wheel where they were found."""
    version = question.python_version
    impure = [package for package in packages if not has_pure_wheel(package, version)]
    more = {p.key: p for p in with_files_elsewhere(impure, question, environment)}
    for package in impure:
        if emscripten.has_emscripten_wheels(package.key):
            more[package.key] = with_files_for_all(package, question, environment)
    return [more.get(package.key, package) for package in packages]


def built(target: Target, data: bytes, name: str, environment: Mapping[str, str]) -> Wheel:
    """A wheel from a source archive; a notice says which has to be built now."""
    if is_kept(data, name, target.wheels):
        return build_sdist(data, name, environment, target.where, target.wheels)
    target.listener.notice(
        f"`{name}` is built from source: its build runs on this machine.", target.where, None
    )
    with shown_building(name, target.listener, "kept for next time"):
        return build_sdist(data, name, environment, target.where, target.wheels)


@contextmanager
def shown_building(name: str, listener: Listener, then: str = "") -> Iterator[None]:
    """Goes around a build that may take minutes: who watches sees what is built, and how long it
    takes. then: what becomes of it."""
    began = time.monotonic()

    def tell(seconds: float) -> None:
        listener.progress(f"building `{name}`: {seconds:.0f} s ..")

    with told_of_waiting(tell):
        yield
    seconds = time.monotonic() - began
    if seconds >= _WORTH_TELLING:
        kept = f"; it is {then}" if then else ""
        listener.progress(f"built `{name}` in {seconds:.1f} s{kept}")


def checked_wheel(data: bytes, name: str, where: Where | None) -> Wheel:
    try:
        return read_wheel(data, name)
    except BadWheelError as error:
        raise (error.at(where) if where else error) from None


def _files(
    target: Target, packages: list[Locked], question: Question, environment: Mapping[str, str]
) -> list[RemoteFile]:
    files: list[RemoteFile] = []
    refused: list[Refused] = []
    for package in packages:
        try:
            file = choose(package, target.where, target.prefix.version)
            if file is package.sdist:
                with_compiler(package, target.where, target.wheels, target.listener)
            files.append(file)
        except NativePackageError as error:
            refused.append((package, error))
    if refused:
        raise together(refused, requirers(question, environment))
    return files
