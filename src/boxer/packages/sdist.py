"""Wheels built from source.

Belongs here: building a source archive or a project folder through its own back end: with its
native parts for the box where there is a `WheelBuilder`, else, or if that fails, with everything
switched off that would compile; keeping what came out. Does not: judging packages by name
(`files`), the compiler (`boxer.packages.native`).

A build runs the project's own code on this machine, as `pip install` of it does.

Invariants
1. No compiler of this machine is used: what would be native is built for the box, fails, or is left
   out by the project itself.
2. A wheel is accepted by what is in it: if it holds no native file of another machine it can be
   installed, whatever its name.
3. A wheel is kept under the sha256 of its source and of what it was built with.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import re
import sys
import tarfile
import tomllib
import zlib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

from boxer.blobstore import Blobs, cache_folder, make_folder, write_atomically
from boxer.ending import temporary_folder
from boxer.errors import (
    BadWheelError,
    BoxerError,
    NativePackageError,
    PackageBuildError,
    Where,
    WriteError,
)
from boxer.packages.settings import uv_options
from boxer.packages.uv import run_uv
from boxer.packages.wheel import Wheel, read_wheel
from boxer.packages.wheelbuilder import WheelBuilder

_TIMEOUT_SECONDS = 600.0
_MAX_SDIST_BYTES = 1 << 30
_TAIL_LINES = 12
_MAX_PROJECT_BYTES = 1 << 20
_TOP_PROJECT = re.compile(r"[^/]+/pyproject\.toml")
_RUST = re.compile(r"[\"'](?:maturin|setuptools-rust)\b")
_LONGEST_LINE = 300
# A back end that called one of the compilers that always fail (switches.toml), or wants Rust.
_COMPILES = re.compile(r"(?m)^\s*false -|'false'|\bcargo\b|\brustc\b|Unknown compiler")


def build_sdist(
    data: bytes,
    filename: str,
    environment: Mapping[str, str],
    where: Where | None,
    native: WheelBuilder | None = None,
) -> Wheel:
    """A wheel from a source archive. Raises PackageBuildError, NativePackageError."""
    brought = native.wheel_of(data) if native else None
    if brought is not None:
        return _read(brought[1], brought[0], where)
    key = _key(data, filename, native)
    kept = _kept(key)
    if kept is not None:
        return kept
    with temporary_folder("boxer-sdist-") as folder:
        source = folder / Path(filename).name
        source.write_bytes(data)
        wheel, built = _best(source, folder, filename, environment, where, native)
    _keep(key, wheel.filename, built)
    return wheel


def is_kept(data: bytes, filename: str, native: WheelBuilder | None = None) -> bool:
    """Whether the wheel of a source archive was built before, or came with the builder."""
    if native is not None and native.wheel_of(data) is not None:
        return True
    return _kept(_key(data, filename, native)) is not None


def is_rust(data: bytes) -> bool:
    """Whether a source archive says that it has Rust in it: by its back end, or cargo's file."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            names = [name for name in archive.getnames() if name.count("/") <= 2]
            project = next((n for n in names if _TOP_PROJECT.fullmatch(n)), None)
            file = archive.extractfile(project) if project else None
            text = file.read(_MAX_PROJECT_BYTES).decode("utf-8", "replace") if file else ""
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return False
    return any(name.endswith("/Cargo.toml") for name in names) or bool(_RUST.search(text))


def _key(data: bytes, filename: str, native: WheelBuilder | None) -> str:
    parts = hashlib.sha256(data).digest() + _switches_digest()
    return hashlib.sha256(parts + (native.key(filename).encode() if native else b"")).hexdigest()


def build_folder(
    source: Path,
    name: str,
    environment: Mapping[str, str],
    where: Where | None,
    native: WheelBuilder | None = None,
    words: Callable[[str], str] = str,
) -> Wheel:
    """A wheel from a project folder of the box. source: where it was written to on this machine.
    words: makes what a build says speak of the box. Raises as `build_sdist`."""
    label = name or "the project"
    with temporary_folder("boxer-project-") as folder:
        try:
            try:  # most projects are pure, which is quicker
                return _build(source, folder, label, environment, where)[0]
            except (NativePackageError, PackageBuildError):
                if native is None:
                    raise
            return _best(source, folder, label, environment, where, native)[0]
        except (NativePackageError, PackageBuildError) as error:
            error.message = words(error.message)
            if isinstance(error, PackageBuildError):
                error.hint = "Correct the project's files; `pip install .` beside them says more."
            raise


def _best(
    source: Path,
    folder: Path,
    label: str,
    environment: Mapping[str, str],
    where: Where | None,
    native: WheelBuilder | None,
) -> tuple[Wheel, bytes]:
    """The wheel with its native parts, else the one without, else why there is none."""
    if native is None:
        return _build(source, folder, label, environment, where)
    (folder / "native").mkdir()
    path, said = native.build(source, folder / "native", environment)
    if path is not None:
        data = path.read_bytes()
        wheel = _read(data, path.name, where)
        require_pure(wheel, label, where)
        return wheel, data
    try:
        return _build(source, folder, label, environment, where)
    except (NativePackageError, PackageBuildError):
        raise PackageBuildError(
            f"`{label}` cannot be built for a box:\n{_tail(said.replace(f'{folder}/', ''))}",
            where=where,
            hint="Use another version, or a package that is pure Python.",
        ) from None


def _build(
    source: Path, folder: Path, label: str, environment: Mapping[str, str], where: Where | None
) -> tuple[Wheel, bytes]:
    out = folder / "wheel-out"
    quiet = {**environment, **native_switches()}
    arguments = ["build", "--wheel", "--python", sys.executable, *uv_options(environment)]
    arguments += ["--out-dir", str(out), str(source)]
    result = run_uv(arguments, quiet, _TIMEOUT_SECONDS)
    built = sorted(out.glob("*.whl")) if out.is_dir() else []
    if result.status != 0 or not built:
        raise _failed(label, result.message, where)
    data = built[0].read_bytes()
    wheel = _read(data, built[0].name, where)
    require_pure(wheel, label, where)
    return wheel, data


def _read(data: bytes, filename: str, where: Where | None) -> Wheel:
    try:
        return read_wheel(data, filename)
    except BadWheelError as error:
        raise error.at(where) if where else error from None


def require_pure(wheel: Wheel, label: str, where: Where | None) -> None:
    """Raises NativePackageError for a wheel that holds a native file."""
    native = wheel.native_files()
    if native:
        raise NativePackageError(
            f"`{label}` has native code in it (`{native[0]}`), which a box cannot run.",
            where=where,
            hint="Use a version or a package that is pure Python.",
        )


def _failed(label: str, message: str, where: Where | None) -> BoxerError:
    if _COMPILES.search(message):
        return NativePackageError(
            f"`{label}` needs a compiler: it has native code and no pure wheel.",
            where=where,
            hint="Use a version or a package that is pure Python.",
        )
    return PackageBuildError(
        f"`{label}` has no pure wheel, and cannot be built without a compiler:\n{_tail(message)}",
        where=where,
        hint="Use a version or a package that is pure Python.",
    )


def _tail(message: str) -> str:
    lines = [line.rstrip()[:_LONGEST_LINE] for line in message.splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:])


@functools.cache
def native_switches() -> dict[str, str]:
    """Variables by which projects leave their native parts out, and compilers that always fail."""
    text = resources.files(__package__).joinpath("switches.toml").read_text("utf-8")
    table: dict[str, dict[str, str]] = tomllib.loads(text)
    return {**table["compilers"], **table["projects"]}


def _switches_digest() -> bytes:
    return hashlib.sha256(repr(sorted(native_switches().items())).encode()).digest()


def _folder() -> Path:
    return cache_folder() / "wheels"


def _kept(key: str) -> Wheel | None:
    """A wheel that was built before; None if there is none or it is damaged."""
    try:
        filename, digest = (_folder() / key).read_text("utf-8").split()
    except (OSError, ValueError):
        return None
    data = Blobs(_folder()).get(digest) if len(digest) == 64 else None
    if data is None:
        return None
    try:
        return read_wheel(data, filename)
    except BadWheelError:
        return None


def _keep(key: str, filename: str, data: bytes) -> None:
    with contextlib.suppress(WriteError):  # a cache that is full is no reason to stop
        make_folder(_folder())
        digest = Blobs(_folder()).put(data)
        write_atomically(_folder() / key, f"{filename} {digest}\n".encode())
