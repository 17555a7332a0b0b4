"""The finished bases on this machine, as `recipes/` makes them.

Belongs here: the layout of the folder (`NAME-VARIANT/current`, `NAME-VARIANT/DIGEST/{base.json,
module.wasm,tree.tar}`) and the check of what is in it. Does not: making a base.

Invariants
1. Nothing of a base is used before its sha256 has been compared, once in a process.
2. A damaged base is an error, never repaired or skipped here.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

from boxer.errors import ArchiveError, BaseDamagedError, BaseMissingError
from boxer.filetree import Tree, read_tar
from boxer.images.artifact import ANEW, Base, BaseInfo, read_info, scratch
from boxer.images.artifacts import bases_roots, unusable_cache
from boxer.images.references import BaseReference, resolve
from boxer.images.table import base_package, known_bases

_DIGEST = re.compile(r"[0-9a-f]{16,128}")


@dataclass(frozen=True, slots=True)
class BaseListing:
    """One line of `boxer bases`. Where a base has not been made, all but its name is None.

    folder: where it lies. size: bytes.
    """

    name: str
    variant: str
    version: str | None = None
    digest: str | None = None
    size: int | None = None
    folder: Path | None = None


class BaseFolder:
    """The bases below some folders, of which the first that has one counts; a `BaseSource`."""

    def __init__(self, *roots: Path) -> None:
        self.roots = roots
        self._loaded: dict[tuple[str, str], Base] = {}

    def resolve(self, reference: str) -> BaseReference:
        """The base a `FROM` reference means. Raises UnknownBaseError."""
        return resolve(reference)

    def load(self, reference: BaseReference) -> Base:
        """Reads and checks a base; a second call gives the same object.

        Raises BaseMissingError where it has not been made, BaseDamagedError where its files are not
        what base.json says.
        """
        if reference.is_scratch:
            return scratch()
        key = (reference.name, reference.variant)
        if key not in self._loaded:
            self._loaded[key] = self._read(*key)
        return self._loaded[key]

    def info(self, name: str, variant: str) -> BaseInfo:
        """What a base's base.json says; its files are not read. Raises as `load`."""
        return self._info(self._current(name, variant))

    def list(self) -> list[BaseListing]:
        """Every base Boxer knows, with what is known of those that have been made."""
        return [self._listing(base.name, base.variant) for base in known_bases()]

    def _listing(self, name: str, variant: str) -> BaseListing:
        try:
            folder = self._current(name, variant)
        except BaseMissingError:
            return BaseListing(name, variant)
        info = self._info(folder)
        size = sum(stored.size for stored in info.files.values())
        return BaseListing(name, variant, info.version, info.recipe_digest, size, folder)

    def _current(self, name: str, variant: str) -> Path:
        for root in self.roots:
            note = root / f"{name}-{variant}" / "current"
            try:
                digest = note.read_text("ascii", "replace").strip()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise _unreadable(note, error) from error
            if not _DIGEST.fullmatch(digest):
                raise _damaged(f"`{note}` does not name a base.")
            return note.with_name(digest)
        hint = f"Install it: `pip install {base_package(name, variant)}`; or make it in a checkout"
        raise BaseMissingError(
            f"The base {name} {variant} is not on this machine{unusable_cache(self.roots)}.",
            hint=f"{hint} of Boxer: `make bases`.",
        )

    def _info(self, folder: Path) -> BaseInfo:
        path = folder / "base.json"
        info = read_info(_read_file(path).decode("utf-8", "replace"), str(path))
        if info.recipe_digest != folder.name:
            raise _damaged(f"`{path}` is of another base than its folder's name says.")
        return info

    def _read(self, name: str, variant: str) -> Base:
        folder = self._current(name, variant)
        info = self._info(folder)
        # A base of C programs has none: the program is one.
        module = _checked(folder, "module.wasm", info) if "module.wasm" in info.files else b""
        tree = Tree()
        try:
            read_tar(tree, io.BytesIO(_checked(folder, "tree.tar", info)))
        except ArchiveError as error:
            raise _damaged(f"`{folder / 'tree.tar'}`: {error.message}") from error
        return Base(info, module, tree)


@functools.cache
def _folder(roots: tuple[Path, ...]) -> BaseFolder:
    return BaseFolder(*roots)


def bases_here() -> BaseFolder:
    """The bases of this machine: those of packages that are installed, and those made here."""
    return _folder(tuple(bases_roots()))


def load(reference: BaseReference) -> Base:
    """A base of this machine. Raises BaseMissingError, BaseDamagedError."""
    return bases_here().load(reference)


def list_bases() -> list[BaseListing]:
    """The bases there are, made or not."""
    return bases_here().list()


def _checked(folder: Path, name: str, info: BaseInfo) -> bytes:
    path = folder / name
    stored = info.files.get(name)
    if stored is None:
        raise _damaged(f"`{folder / 'base.json'}` does not list `{name}`.")
    data = _read_file(path)
    if len(data) != stored.size or hashlib.sha256(data).hexdigest() != stored.sha256:
        raise _damaged(f"`{path}` is not the file that was made: its sha256 differs.")
    return data


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> BaseDamagedError:
    return _damaged(f"`{path}` cannot be read: {error.strerror}.")


def _damaged(message: str) -> BaseDamagedError:
    return BaseDamagedError(message, hint=ANEW)
