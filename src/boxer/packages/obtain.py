"""From the distributions of a resolution to their wheels.

Belongs here: which file of each, fetching it, building it where there is no pure wheel, and all
that cannot run in a box told at once. Does not: what is resolved, what is done with the wheels
(`installer`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boxer.errors import (
    BadWheelError,
    BoxerError,
    NativePackageError,
    PackageBuildError,
    Where,
)
from boxer.packages.catalogue import emscripten
from boxer.packages.fetch import Fetcher
from boxer.packages.files import choose, has_pure_wheel, refuse_without_compiler
from boxer.packages.morefiles import with_files_elsewhere, with_files_for_all
from boxer.packages.resolve import (
    ASKED,
    Locked,
    Question,
    RemoteFile,
    next_with_wheel,
    requirers,
)
from boxer.packages.sdist import build_sdist, is_kept
from boxer.packages.target import Target
from boxer.packages.wheel import Wheel, read_wheel

_MOST_NAMED = 8


def obtain(
    target: Target, packages: list[Locked], question: Question, environment: Mapping[str, str]
) -> list[Wheel]:
    """The wheels of packages that come from an index. question: what they are the answer to.

    Raises NativePackageError, PackageFetchError, PackageBuildError.
    """
    files = _files(target, packages, question, environment)
    contents = Fetcher(environment, target.where).get_all(files)
    wheels = []
    for package, file, data in zip(packages, files, contents, strict=True):
        if file.name.endswith(".whl"):
            wheels.append(checked_wheel(data, file.name, target.where))
            continue
        try:
            wheels.append(built(target, data, file.name, environment))
        except (NativePackageError, PackageBuildError) as error:
            raise _with_next_version(error, package, target, environment) from None
    return wheels


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
    if not is_kept(data, name, target.wheels):
        target.listener.notice(
            f"`{name}` is built from source: its build runs on this machine.", target.where, None
        )
    return build_sdist(data, name, environment, target.where, target.wheels)


def checked_wheel(data: bytes, name: str, where: Where | None) -> Wheel:
    try:
        return read_wheel(data, name)
    except BadWheelError as error:
        raise (error.at(where) if where else error) from None


def _files(
    target: Target, packages: list[Locked], question: Question, environment: Mapping[str, str]
) -> list[RemoteFile]:
    files, refused = [], []
    for package in packages:
        try:
            file = choose(package, target.where, target.prefix.version)
            if file is package.sdist:
                has_rust = target.wheels is not None and target.wheels.has_rust
                refuse_without_compiler(package, target.where, has_rust=has_rust)
            files.append(file)
        except NativePackageError as error:
            refused.append((package, error))
    if refused:
        needed_by = requirers(question, environment)
        raise _together([(error, _chain(package.key, needed_by)) for package, error in refused])
    return files


def _together(refused: Sequence[tuple[NativePackageError, str]]) -> NativePackageError:
    """One error for all the packages that cannot run in a box, so that none comes as a surprise."""
    first, chain = refused[0]
    hints = [first.hint or ""]
    for error, other in refused[1:_MOST_NAMED]:
        hints.append(f"Also: {' '.join(filter(None, (error.message, other, error.hint)))}")
    if len(refused) > _MOST_NAMED:
        hints.append(f"And {len(refused) - _MOST_NAMED} more.")
    message = f"{first.message} {chain}".strip()
    return NativePackageError(message, where=first.where, hint="\n".join(hints))


def _chain(key: str, needed_by: Mapping[str, Sequence[str]]) -> str:
    """Who asks for a package, from one that the user named on; empty for one of those itself."""
    way = _way_up(key, needed_by)
    if len(way) < 2:
        return ""
    top, *below = [*(f"`{name}`" for name in reversed(way[1:])), "it"]
    return f"{top} needs {', which needs '.join(below)}."


def _way_up(key: str, needed_by: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest way from a package to one that was asked for itself; empty if none is known."""
    ways = [[key]]
    seen = {key}
    for way in ways:  # grows while it is walked
        above = needed_by.get(way[-1], ())
        if ASKED in above:
            return way
        ways += [[*way, name] for name in above if name not in seen]
        seen.update(above)
    return []


def _with_next_version(
    error: BoxerError, package: Locked, target: Target, environment: Mapping[str, str]
) -> BoxerError:
    """The error of a build that failed, with the next version that was made for this Python."""
    version = next_with_wheel(package, environment, target.prefix.version)
    if version is None:
        return error
    python = target.prefix.version
    error.hint = (
        f"`{package.name} {version}` is the next version that was made for Python {python}."
    )
    return error
