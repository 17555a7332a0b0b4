"""The room's answers to the pipeline: a base with the extension modules of a tree, and who builds.

Belongs here: joining a base, its SDK and a tree. Does not: the work itself.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from boxer.blobstore import cache_folder
from boxer.errors import NativePackageError
from boxer.filetree import Tree
from boxer.images import INSTALL_SDK, Base, BaseComponent
from boxer.packages.catalogue.buildsettings import settings_of
from boxer.packages.native import rust, toolfiles
from boxer.packages.native.brought import brought_for, brought_versions
from boxer.packages.native.crossbuild import build_wheel
from boxer.packages.native.headers import headers_text
from boxer.packages.native.linking import link
from boxer.packages.native.modules import (
    ExtensionModule,
    LinkedProgram,
    extension_modules,
    linked_programs,
    program_line,
    with_placeholders,
    with_program_lines,
)
from boxer.packages.native.rust import RustToolchain, find_rust
from boxer.packages.native.sdk import Sdk, find_sdk
from boxer.wasmformat import with_object

# Raised when packages are built otherwise than before.
GENERATION = 2
_UV_SECONDS = 3600.0
# A module of nothing: the program is the object it carries.
_NO_CODE = b"\0asm\1\0\0\0"


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds packages with native parts for one SDK; the `WheelBuilder` of this room.

    rust: the toolchains for Rust that there are.
    """

    sdk: Sdk
    rust: dict[str, RustToolchain] = field(default_factory=dict)

    @property
    def has_rust(self) -> bool:
        return bool(self.rust)

    @property
    def can_make_rust(self) -> bool:
        return rust.can_be_made()

    @property
    def brought(self) -> Mapping[str, str]:
        return brought_versions(self.sdk.folder)

    def wheel_of(self, source: bytes) -> tuple[str, bytes] | None:
        wheel = None if self.rust else brought_for(self.sdk.folder, source)
        return wheel.read() if wheel else None

    def make_rust(self, tell: Callable[[str], None]) -> str:
        reason = rust.make(tell)
        self.rust.update(find_rust())
        return reason

    def key(self, filename: str) -> str:
        settings = settings_of(filename)
        told = settings.digest
        if settings.rust in self.rust:
            told += self.rust[settings.rust].key
        return hashlib.sha256(f"{_sdk_key(self.sdk.folder)} {told}".encode()).hexdigest()

    def build(
        self, source: Path, folder: Path, environment: Mapping[str, str]
    ) -> tuple[Path | None, str]:
        done = build_wheel(self.sdk, source, folder, environment, _run_uv, self.rust)
        return done.wheel, done.log


def find_builder(base: Base) -> Builder | None:
    """Who builds for a base; None where it came without an SDK."""
    sdk = _sdk_of(base)
    return Builder(sdk, find_rust()) if sdk else None


def base_program(base: Base, name: str) -> bytes | None:
    """A C program that comes with a base, `curl`, as an executable file that is linked with it when
    the box is written; None where the base has none of that name."""
    sdk = _sdk_of(base)
    path = sdk.folder / "lib" / "tools" / f"{name}.o" if sdk else None
    return with_object(_NO_CODE, path.read_bytes()) if path and path.is_file() else None


def linked_base(base: Base, tree: Tree) -> Base:
    """The base with a tree's extension modules and C programs in it; itself if there are none.

    Raises `NativePackageError` where they cannot be linked.
    """
    return _linked(base, extension_modules(tree), linked_programs(tree))


def with_extensions(base: Base, tree: Tree) -> tuple[Base, Tree]:
    """The base and the tree of a box: the objects are in the base's code, no more in the tree."""
    modules, programs = extension_modules(tree), linked_programs(tree)
    if not modules and not programs:
        return base, tree
    linked = _linked(base, modules, programs)
    components = (*base.info.components, *_components(base, programs))
    linked = replace(linked, info=replace(base.info, components=components))
    return linked, with_placeholders(tree, modules, programs)


def _components(base: Base, programs: Sequence[LinkedProgram]) -> Iterator[BaseComponent]:
    """What the programs are made of that came with the base."""
    sdk = _sdk_of(base)
    tools = json.loads((sdk.folder / "sdk.json").read_text()).get("tools", {}) if sdk else {}
    held = {program.data for program in programs}
    for name, (source, version, license_) in tools.items():
        if sdk and (sdk.folder / "lib" / "tools" / f"{name}.o").read_bytes() in held:
            yield BaseComponent(source, version, license_)


def run_in_stage(base: Base, tree: Tree) -> tuple[Base, Tree, Mapping[bytes, bytes]]:
    """The base that runs a program of a stage, with the tree's extension modules and C programs in
    it; the tree it runs over; and what to put into the tree again, by what lies in its place.

    Raises `NativePackageError` where they cannot be linked.
    """
    programs = linked_programs(tree)
    linked = _linked(base, extension_modules(tree), programs)
    if not programs or not base.module:
        return linked, tree, {}
    kept = {program_line(p): tree.file(p.paths[0]).data for p in programs}
    return linked, with_program_lines(tree, programs), kept


def module_names(tree: Tree) -> tuple[str, ...]:
    """The dotted names of a tree's extension modules."""
    return tuple(module.name for module in extension_modules(tree))


def _linked(
    base: Base, modules: Sequence[ExtensionModule], programs: Sequence[LinkedProgram]
) -> Base:
    if not (modules or programs) or not base.module:
        return base
    sdk = _sdk_of(base)
    if sdk is None:
        first = programs[0].paths[0] if programs else modules[0].path
        raise NativePackageError(
            f"`{first}` is to be linked with the interpreter, and the base "
            f"{base.info.name} {base.info.variant} came without what that takes.",
            hint=INSTALL_SDK,
        )
    return replace(base, module=link(sdk, modules, cache_folder(), programs).module)


def _sdk_of(base: Base) -> Sdk | None:
    return find_sdk(base.info) if base.module else None


@functools.cache
def _sdk_key(folder: Path) -> str:
    """What wheels depend on: compiler, headers and settings, not the kernel or the interpreter."""
    told = Path(toolfiles.__file__).read_bytes()
    total = hashlib.sha256(f"{GENERATION}".encode() + headers_text() + told)
    settings = sorted((folder / "sysconfig").glob("*.py"))
    for path in (
        folder / "sdk.json",
        folder / "driver.py",
        folder / "include/pyconfig.h",
        *settings,
    ):
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _run_uv(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    from boxer.packages.uv import run_uv  # late: most builds of a box build no package

    done = run_uv(arguments, environment, _UV_SECONDS)
    return done.status, done.message
