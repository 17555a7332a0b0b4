"""`boxer wheel`: one package to a wheel that boxes can hold.

Belongs here: the order: find the archive and build it, or find a wheel that is ready; link it by
itself, so that what a box does not have shows here and not when a box is built. Does not: any of
the work.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from boxer.errors import BaseMissingError, MissingPathError, PackageFetchError
from boxer.filetree import Tree
from boxer.images import INSTALL_SDK, BaseSource, bases_here
from boxer.listener import Listener, Silent
from boxer.packages.catalogue.emscripten import emscripten_wheel, has_emscripten_wheels
from boxer.packages.catalogue.known import resolve_what_works, working_versions
from boxer.packages.compiler import with_compiler
from boxer.packages.fetch import Fetcher
from boxer.packages.files import refuse_known
from boxer.packages.morefiles import with_files_elsewhere, with_files_for_all
from boxer.packages.native import find_builder, is_confining, linked_base, module_names
from boxer.packages.obtain import shown_building
from boxer.packages.placement import install
from boxer.packages.prefix import Prefix
from boxer.packages.resolve import Question
from boxer.packages.sdist import build_sdist, is_kept
from boxer.packages.settings import index_environment
from boxer.packages.wheel import read_wheel
from boxer.packages.wheelbuilder import WheelBuilder

_ARCHIVES = (".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True, slots=True)
class BuiltWheel:
    """modules: the dotted names of its extension modules. code_bytes: what they add to a box's
    module. seconds: None where the wheel was kept from before. confined: None then.
    source: the sha256 of the archive it was built from, or of the wheel that was found."""

    filename: str
    data: bytes
    modules: tuple[str, ...]
    code_bytes: int
    seconds: float | None
    confined: bool | None
    source: str


def build_wheel(
    package: str,
    *,
    base: str = "python",
    bases: BaseSource | None = None,
    listener: Listener | None = None,
) -> BuiltWheel:
    """Builds a package for the box. package: a source archive's path, or `NAME[==VERSION]`.
    listener: is told while the build goes on.

    The project's own code runs on this machine. Raises `NativePackageError` for a package that is
    known not to work or cannot be linked, `PackageBuildError`, `PackageFetchError`.
    """
    listener = listener or Silent()
    source = bases or bases_here()
    found = source.load(source.resolve(base))
    builder, python = find_builder(found), found.info.python
    if builder is None or python is None:
        raise BaseMissingError(
            f"The base {base} came without what packages are built with.",
            hint=INSTALL_SDK,
        )
    environment = index_environment({}, {})
    filename, data = _archive(package, environment, python.series, builder, listener)
    is_ready = filename.endswith(".whl")
    kept = is_ready or is_kept(data, filename, builder)
    began = time.monotonic()
    if is_ready:
        wheel = read_wheel(data, filename)
    elif kept:
        wheel = build_sdist(data, filename, environment, None, builder)
    else:
        with shown_building(filename, listener, "kept for next time"):
            wheel = build_sdist(data, filename, environment, None, builder)
    seconds = None if kept else time.monotonic() - began
    tree = Tree()
    install(tree, Prefix.of_base(python), wheel, (0, 0), 0, requested=True)
    added = len(linked_base(found, tree).module) - len(found.module)
    return BuiltWheel(
        filename=wheel.filename,
        data=wheel.archive,
        modules=module_names(tree),
        code_bytes=max(added, 0),
        seconds=seconds,
        confined=None if kept else is_confining(),
        source=hashlib.sha256(data).hexdigest(),
    )


def _archive(
    package: str,
    environment: dict[str, str],
    python_version: str,
    builder: WheelBuilder,
    listener: Listener,
) -> tuple[str, bytes]:
    path = Path(package)
    if package.endswith(_ARCHIVES):
        if not path.is_file():
            raise MissingPathError(f"`{package}` is no file.")
        return path.name, path.read_bytes()
    question = Question([package], python_version, options=["--no-deps"])
    limits = list(working_versions(has_rust=builder.has_rust, brought=builder.brought))
    (locked, *_), _ = resolve_what_works(question, environment, None, limits)
    if has_emscripten_wheels(locked.key):
        locked = with_files_for_all(locked, question, environment)
    refuse_known(locked, None)
    if emscripten_wheel(locked) is None:
        with_compiler(locked, None, builder, listener)
    ready = emscripten_wheel(locked)
    if ready is not None:
        return ready.name, Fetcher(environment, None).get(ready)
    if locked.sdist is None:
        # An index that was looked at first may have wheels only.
        elsewhere = with_files_elsewhere([locked], question, environment)
        locked = next(iter(elsewhere), locked)
    if locked.sdist is None:
        raise PackageFetchError(
            f"`{locked.name} {locked.version}` has no source archive in the index.",
            hint="Name another version: `boxer wheel NAME==VERSION`.",
        )
    return locked.sdist.name, Fetcher(environment, None).get(locked.sdist)
