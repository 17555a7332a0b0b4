"""The Rust compiler of packages that are known to be compiled by it for a box.

Belongs here: which take it, which can be had without it, having it made in time, and the refusal
where it cannot be. Does not: how it is made and called (`native`).
"""

from __future__ import annotations

from packaging.specifiers import SpecifierSet

from boxer.errors import NativePackageError, Where
from boxer.listener import Listener
from boxer.packages.catalogue.known import known_native
from boxer.packages.resolve import Locked
from boxer.packages.wheelbuilder import WheelBuilder


def takes_rust(package: Locked) -> bool:
    """Whether a package is known to be compiled by the Rust compiler, and so for a box."""
    known = known_native(package.key)
    plain = known is not None and SpecifierSet(known.plain or "<0").contains(package.version)
    return known is not None and known.rust and not plain


def can_have(package: Locked, builder: WheelBuilder | None) -> bool:
    """Whether a package with Rust in it can be compiled, or its wheel came with the builder."""
    if builder is None:
        return False
    return builder.has_rust or builder.brought.get(package.key) == package.version


def with_compiler(
    package: Locked, where: Where | None, builder: WheelBuilder | None, listener: Listener
) -> None:
    """Has the Rust compiler made for a package that takes it, where it is not there.

    Raises NativePackageError where it cannot be.
    """
    if not takes_rust(package) or can_have(package, builder):
        return
    known = known_native(package.key)
    instead = known.instead if known else ""
    what = f"`{package.name} {package.version}` has Rust in it"
    if builder is not None and package.key in builder.brought:
        version = builder.brought[package.key]
        raise NativePackageError(
            f"{what}, and Boxer was installed with its version {version} ready for boxes, which"
            " this is not.",
            where=where,
            hint=f"Ask for `{package.name}=={version}`.",
        )
    if builder is None or not builder.can_make_rust:
        raise NativePackageError(
            f"{what}, and the Rust compiler has not been made on this machine.",
            where=where,
            hint=f"Make it once, in a checkout of Boxer: `make rust`. Or: {instead}",
        )
    listener.notice(
        f"{what}: the Rust compiler is made now, once (500 MB of Debian's packages, some minutes).",
        where,
        None,
    )
    reason = builder.make_rust(listener.progress)
    if reason:
        raise NativePackageError(
            f"{what}, and the Rust compiler cannot be made: {reason}.", where=where, hint=instead
        )
