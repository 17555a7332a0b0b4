"""The package managers of Linux distributions: apt-get, apt, apk, dnf, yum, microdnf.

Belongs here: reading their command lines, and what a package means in a box, which the catalogue
(systempackages.toml) says. Does not: installing anything: a box has no native packages.

A package is `present` (the box has what it is for), of `programs` (C programs that come with the
base, put where the package has them), `ignored` with a notice (it serves compiling or looking
around, and what needs it will say so), of `python` (pip installs it), of `python_programs`
(likewise, in an environment of its own), or is not in the catalogue: the build stops.
"""

from __future__ import annotations

import functools
import posixpath
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from boxer.errors import UnsupportedCommandError
from boxer.userland.commands.pip import pip
from boxer.userland.commands.uvtools import pipx
from boxer.userland.imageprograms import (
    add_package_programs,
    package_programs,
    remove_package_programs,
)
from boxer.userland.invocation import Command, Invocation

_HARMLESS = frozenset(
    [
        "list",
        "show",
        "policy",
        "search",
        "info",
        "config-manager",
        "build-dep",
        "update",
        "clean",
        "autoclean",
        "autoremove",
        "upgrade",
        "dist-upgrade",
        "full-upgrade",
        "check",
        "makecache",
        "remove",
        "purge",
        "del",
        "erase",
        "cache",
        "fix",
    ]
)
_INSTALL = frozenset(("install", "add", "reinstall"))
_WITH_VALUE = frozenset(
    ("-o", "-t", "-c", "--option", "--target-release", "--virtual", "--repository", "-X")
)
# Libraries, headers, fonts, debug symbols: nothing but native code asks for them.
_SERVES_COMPILING = re.compile(r"^lib|^fonts?-|-(?:dev|devel|libs|headers|doc|dbg)$")
# What is compiled against a program that no box has, and is not the program.
_HEADERS = re.compile(r"-(?:dev|devel|headers|doc|dbg)$")
_PYTHON_PREFIX = re.compile(r"^(?:python3|py3)-")
_PYTHON = re.compile(r"python3(?:\.\d+|\d+)?(?:-(?:pip|venv|distutils|minimal|setuptools|wheel))?")
_KINDS = ("refused", "programs", "ignored", "present")
_REMOVE = frozenset(("remove", "purge", "del", "erase"))
_SERVICE = "a service of its own, in machine code"
_NUMBER = re.compile(r"-?\d[\d.]*$")  # behind a name
_VERSION = re.compile(r"[=<>~/].*$|:[a-z0-9]+$")


def system_packages(call: Invocation) -> None:
    """apt-get and its kin. Raises UnsupportedCommandError for what a box cannot have."""
    argv = _operands(call.arguments)
    action = argv[0] if argv else ""
    if action in _REMOVE:
        _remove(call, argv[1:])
    if action in _HARMLESS or not argv:
        if action in ("update", "upgrade", "dist-upgrade", "full-upgrade"):
            call.notice(f"`{call.name} {action}` does nothing: a box has no system packages.")
        return
    if action not in _INSTALL:
        raise UnsupportedCommandError(
            f"`{call.name} {action}` cannot be done in a box: it has no system packages.",
            where=call.where,
            hint="Remove it from the RUN if the program does not need it.",
        )
    _install(call, argv[1:])


def _install(call: Invocation, packages: list[str]) -> None:
    catalogue = _catalogue()
    ignored, python = [], python_packages(packages)
    for package in packages:
        name = _VERSION.sub("", package)
        if name.startswith((".", "/")):
            raise _unknown(call, package)
        if name in catalogue["present"] or _PYTHON.fullmatch(name) or name in python:
            continue
        if name in package_programs() or name in catalogue["python_programs"]:
            continue
        if _add_linked(call, catalogue["programs"].get(name, [])):
            continue
        known = _family(name)
        refused = known in catalogue["refused"] and not (name != known and _HEADERS.search(name))
        if not refused and (known or _SERVES_COMPILING.search(name)):
            ignored.append(name)
        else:
            raise _unknown(call, name)
    for package in packages:
        add_package_programs(call.tree, _VERSION.sub("", package), call.epoch)
        _add_python(call, _VERSION.sub("", package))
    for package in packages:
        _add_python_program(call, _VERSION.sub("", package))
    if python and call.tree.get("/usr") is not None:
        listed = ", ".join(f"`{name}`" for name in python)
        call.notice(f"{listed}: pip installs these Python packages, in their newest versions.")
        pip(call.calling("/usr/local/bin/pip", "install", *python.values()))
    if ignored:
        listed = ", ".join(f"`{name}`" for name in ignored)
        call.notice(
            f"{listed}: not installed, a box has no system packages.",
            "Programs of theirs are not there when the box runs; Python packages that need them "
            "to be compiled stop the build by themselves.",
        )


def _remove(call: Invocation, packages: list[str]) -> None:
    """Takes the programs out again that an installation put there."""
    for package in packages:
        remove_package_programs(call.tree, _VERSION.sub("", package))
        for path in _catalogue()["programs"].get(_VERSION.sub("", package), []):
            if call.tree.get(path, follow=False) is not None:
                call.tree.remove(path)


def _add_linked(call: Invocation, paths: Sequence[str]) -> bool:
    """Puts C programs of the base where a package has them; whether the base has them."""
    found = {path: call.ports.programs(posixpath.basename(path)) for path in paths}
    for path, data in found.items():
        if data is not None:
            call.tree.make_directories(posixpath.dirname(path), 0o755, 0, 0, call.epoch)
            call.tree.add_file(path, data, 0o755, 0, 0, call.epoch)
    return bool(found) and None not in found.values()


def _family(name: str) -> str:
    """The package of the catalogue that one belongs to: distributions call the parts of a program
    by its name and a word more (`git-lfs`, `nginx-module-geoip`), and put versions behind names
    (`php8.3-cli`). Empty for none, and for Python packages, which have names of their own."""
    catalogue = _catalogue()
    words = name.split("-")
    for count in range(len(words), 0, -1):
        begun = "-".join(words[:count])
        for candidate in (begun, _NUMBER.sub("", begun)):
            if any(candidate in catalogue[kind] for kind in _KINDS):
                return "" if _PYTHON_PREFIX.match(name) and candidate != name else candidate
    return ""


def python_packages(argv: list[str]) -> dict[str, str]:
    """The Python packages of distributions among them, and what they are called on the index."""
    names = [_VERSION.sub("", word) for word in argv]
    listed = _catalogue()["python"]
    found = {name: _PYTHON_PREFIX.sub("", name) for name in names if _PYTHON_PREFIX.match(name)}
    return {name: listed[short] for name, short in found.items() if short in listed}


def _add_python(call: Invocation, package: str) -> None:
    """The path of a distribution's Python, with which the first lines of scripts are written."""
    names = {"python-is-python3": "/usr/bin/python"}
    link = names.get(package, "/usr/bin/python3" if _PYTHON.fullmatch(package) else "")
    python = "/usr/local/bin/python3"
    if link and call.tree.get(python) is not None and call.tree.get(link, follow=False) is None:
        call.tree.make_directories("/usr/bin", 0o755, 0, 0, call.epoch)
        call.tree.add_symlink(link, python, 0, 0, call.epoch)


def _add_python_program(call: Invocation, package: str) -> None:
    """A program in Python, in an environment of its own, and what a distribution has beside it."""
    known = _catalogue()["python_programs"].get(package)
    if known is None:
        return
    call.notice(f"`{package}`: pip installs it, in its newest version.")
    installing = call.calling("pipx", "install", known["name"])
    installing.env = {**call.env, "PIPX_HOME": "/usr/share/pipx", "PIPX_BIN_DIR": "/usr/bin"}
    pipx(installing)
    beside = {**known, **known.get("alpine", {})} if call.name == "apk" else known
    for folder in beside.get("folders", ()):
        call.tree.make_directories(folder, 0o755, 0, 0, call.epoch)
    for path, text in beside.get("files", {}).items():
        call.tree.make_directories(posixpath.dirname(path), 0o755, 0, 0, call.epoch)
        call.tree.add_file(path, text.lstrip().encode(), 0o644, 0, 0, call.epoch)


def _operands(arguments: list[str]) -> list[str]:
    argv = []
    rest = iter(arguments)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            argv.append(word)
    return argv


def _unknown(call: Invocation, package: str) -> UnsupportedCommandError:
    reason = _catalogue()["refused"].get(_family(package))
    if reason is None and _PYTHON_PREFIX.match(package):
        raise UnsupportedCommandError(
            f"`{package}` is a Python package of the distribution, which a box has not.",
            where=call.where,
            hint=f"`pip install {_PYTHON_PREFIX.sub('', package)}` in its place.",
        )
    why = f": {reason}" if reason else ": it is machine code of a Linux distribution"
    hint = "Remove it if the program runs without it, or use a pure-Python package instead."
    if reason == _SERVICE:
        hint = "Leave it in a container beside the box, and start the application itself with CMD."
    return UnsupportedCommandError(
        f"The system package `{package}` cannot be installed in a box{why}.",
        where=call.where,
        hint=hint,
    )


@functools.cache
def _catalogue() -> Mapping[str, Mapping[str, Any]]:
    text = resources.files(__package__).joinpath("systempackages.toml").read_text("utf-8")
    return tomllib.loads(text)


_NAMES = ("apt-get", "apt", "apk", "dnf", "yum", "microdnf", "aptitude", "apt-cache")
COMMANDS = {name: Command(system_packages, makes_programs=True) for name in _NAMES}
