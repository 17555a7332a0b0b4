"""Modules in Python that stand in a box in the place of packages in Rust, with their interface.

Belongs here: those modules, where they are taken, a distribution's wheel with one in it. Does not:
which packages have one (`native.toml`).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from importlib import resources

from boxer.packages.catalogue.known import substitute_for
from boxer.packages.compiler import can_have
from boxer.packages.files import has_pure_wheel
from boxer.packages.resolve import Locked
from boxer.packages.target import Target
from boxer.packages.wheel import Wheel, read_wheel

_METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: A module in Python with the interface of {name}, made for boxes
License: Apache-2.0
"""
_WHEEL = "Wheel-Version: 1.0\nGenerator: boxer\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest a zip archive can say


def substitutes(target: Target, packages: Sequence[Locked]) -> dict[str, Wheel]:
    """By normalised names, what is installed in the place of packages that cannot be built."""
    found = {}
    for package in packages:
        has_rust = can_have(package, target.wheels)
        module = substitute_for(package.key, package.version, has_rust=has_rust)
        if module and not has_pure_wheel(package, target.prefix.version):
            found[package.key] = substitute_wheel(package.key, package.version, module)
            target.listener.notice(
                f"`{package.name}` is native code (Rust): a module of Boxer's with its interface"
                " is installed in its place.",
                target.where,
                "It lacks nothing, and is slower where it is large.",
            )
    return found


def substitute_wheel(name: str, version: str, module: str) -> Wheel:
    """A wheel of a distribution of that name and version. module: a file of this folder."""
    code = resources.files(__package__).joinpath(module).read_text("utf-8")
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    files = {
        f"{module.removesuffix('.py')}/__init__.py": code,
        f"{info}/METADATA": _METADATA.format(name=name, version=version),
        f"{info}/WHEEL": _WHEEL,
        f"{info}/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, _TIME), text)
    return read_wheel(buffer.getvalue(), f"{stem}-py3-none-any.whl")
