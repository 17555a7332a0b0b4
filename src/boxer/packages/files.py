"""Which of a distribution's files the box gets: a pure wheel, one for Pyodide, else its source.

Belongs here: reading wheel file names, the choice, and the refusal of what is known to be native.
Does not: fetching (`fetch`), building (`sdist`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import replace

from boxer.errors import NativePackageError, Where
from boxer.packages.catalogue.emscripten import (
    emscripten_wheel,
    has_emscripten_wheels,
    those_that_work,
)
from boxer.packages.catalogue.known import known_native, why_native
from boxer.packages.prefix import normalize
from boxer.packages.resolve import Locked, RemoteFile

_WHEEL_NAME = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-(?P<build>\d[^-]*))?"
    r"-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)


def is_pure_wheel(filename: str, python_version: str) -> bool:
    """Whether a wheel's name says that any machine with that Python can run it (PEP 425)."""
    match = _WHEEL_NAME.fullmatch(filename)
    if match is None or "any" not in match["platform"].split("."):
        return False
    if "none" not in match["abi"].split("."):
        return False
    minor = int(python_version.partition(".")[2])
    fits = {"py3", f"cp3{minor}", *(f"py3{n}" for n in range(minor + 1))}
    return bool(fits & set(match["python"].split(".")))


def has_pure_wheel(package: Locked, python_version: str) -> bool:
    return any(is_pure_wheel(wheel.name, python_version) for wheel in package.wheels)


def choose(package: Locked, where: Where | None, python_version: str) -> RemoteFile:
    """The file to take: of the pure wheels the one with the highest build number, else the source.

    Raises NativePackageError for a package that has neither, or is known to be native.
    """
    pure = [wheel for wheel in package.wheels if is_pure_wheel(wheel.name, python_version)]
    if pure:
        return max(pure, key=_build_number)
    linked = emscripten_wheel(package)
    if linked is not None:
        return linked
    refuse_known(package, where)
    if package.sdist is not None:
        return package.sdist
    if package.other:
        raise NativePackageError(
            f"`{package.name}` comes from a {package.other} source, which a build cannot fetch.",
            where=where,
            hint="Use a released version.",
        )
    raise NativePackageError(
        f"`{package.name} {package.version}` has files for other machines only, and no source.",
        where=where,
        hint="Use a version or a package that has a pure wheel (`-py3-none-any.whl`).",
    )


def users_without(package: Locked, python_version: str, *, has_rust: bool) -> Set[str]:
    """Which packages do without a native one, by normalised names: `uvicorn[standard]` brings three
    of them. Empty for one that is not known so, has a pure wheel, or is compiled for a box."""
    known = known_native(package.key)
    if known is None or has_pure_wheel(package, python_version):
        return set()
    can_be_compiled = has_rust or not known.rust
    built = can_be_compiled and why_native(package.key, package.version) is None
    return set() if built else set(known.optional_for)


def is_foreign_program(package: Locked, python_version: str) -> bool:
    """Whether a package brings a program for other machines, and nothing that others import."""
    known = known_native(package.key)
    return known is not None and known.program and not has_pure_wheel(package, python_version)


def what_is_lost(name: str) -> str:
    """What does not work without a package that is optional, as a sentence."""
    known = known_native(normalize(name))
    return (known and known.lost) or "It is slower, and lacks nothing else."


def refuse_known(package: Locked, where: Where | None) -> None:
    """Raises NativePackageError for a package that is known not to work in a box."""
    if has_emscripten_wheels(package.key) and emscripten_wheel(package) is None:
        versions, instead = those_that_work(package.key)
        raise NativePackageError(
            f"`{package.name} {package.version}` cannot run in a box: it is native code (Rust), and"
            f" there are wheels for WebAssembly of the versions `{versions}` only.",
            where=where,
            hint=instead,
        )
    reason = why_native(package.key, package.version)
    if reason is not None:
        why, instead = reason
        raise NativePackageError(
            f"`{package.name} {package.version}` cannot run in a box: {why}.",
            where=where,
            hint=instead,
        )


def with_allowed_files(package: Locked, hashes: Mapping[str, Set[str]]) -> Locked:
    """The package with only those files that its requirement's hashes allow, if it has any."""
    allowed = hashes.get(package.key)
    if allowed is None:
        return package
    wheels = tuple(wheel for wheel in package.wheels if wheel.sha256 in allowed)
    sdist = package.sdist if package.sdist and package.sdist.sha256 in allowed else None
    return replace(package, wheels=wheels, sdist=sdist)


def _build_number(wheel: RemoteFile) -> tuple[int, str]:
    match = _WHEEL_NAME.fullmatch(wheel.name)
    build = (match["build"] if match else None) or ""
    digits = re.match(r"\d*", build)
    return (int(digits[0]) if digits and digits[0] else -1, wheel.name)
