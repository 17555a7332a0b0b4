"""Fetch: finds the pinned upstream archives and unpacks them.

Order: a folder the user names (BOXER_SOURCES), what was fetched before, the machine's own Debian
mirror (near, and already trusted), the upstream address. Every archive is compared with its pinned
sha256, wherever it came from.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
import tomllib
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipes import debian, tables
from recipes.failures import RecipeError
from recipes.workshop import cache_root, digest_of, product

PATCHES = Path(__file__).with_name("patches")


@dataclass(frozen=True)
class Archive:
    """One archive that serves: file name, sha256, and where it may be had."""

    file: str
    sha256: str
    url: str | None = None
    debian: str | None = None
    debian_file: str | None = None
    debian_release: str | None = None


@dataclass(frozen=True)
class Source:
    """An upstream project at a pinned version. changes: a file of `patches`, else NAME.toml."""

    name: str
    version: str
    license: str
    strip: str
    archives: tuple[Archive, ...]
    # Not shown: a digest is made of what the file says.
    changes: str = field(default="", repr=False)

    @property
    def patch(self) -> Path:
        """What is changed in it; the file need not be there."""
        return PATCHES / (self.changes or f"{self.name}.toml")


def load_sources() -> dict[str, Source]:
    """Reads sources.toml."""
    table = tomllib.loads(Path(__file__).with_name("sources.toml").read_text())
    return {name: read_source({"name": name, **entry}) for name, entry in table.items()}


def read_source(entry: dict[str, Any]) -> Source:
    """A source from its table."""
    archives = tuple(Archive(**archive) for archive in entry["archives"])
    return Source(**{**entry, "archives": archives})


def unpacked(source: Source) -> Path:
    """The source tree of `source` with our changes, fetched and unpacked on first use."""
    changes = source.patch
    parts: list[str | Path] = [repr(source), *([changes] if changes.exists() else [])]
    if changes.exists() and any("tables" in change for change in _changes(changes)):
        parts.append(Path(tables.__file__))
    digest = digest_of(parts)

    def make(folder: Path) -> None:
        with tarfile.open(fetch(source)) as archive:
            archive.extractall(folder, filter="data")
        if changes.exists():
            apply_changes(changes, folder / source.strip)

    return product(f"source-{source.name}", digest, make) / source.strip


def _changes(path: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads(path.read_text())["change"]
    return found


def apply_changes(changes: Path, tree: Path) -> None:
    """Makes each change of the file. `file`: it must fit exactly once. `files`, a pattern: every
    time it fits, at least once. `until`: what stands from `old` to this line is replaced, too.
    `tables`: a name for those of a header, which are compressed."""
    for change in _changes(changes):
        if "tables" in change:
            header = tree / change["file"]
            header.write_text(tables.compressed(header.read_text(), change["tables"]))
            continue
        old, new = re.escape(change["old"] + "\n"), change["new"].lstrip("\n").encode()
        if "until" in change:
            old += f"(?s:.*?^{re.escape(change['until'])}\n)"
        fits = re.compile(old.encode(), re.MULTILINE)
        pattern = change.get("files")
        paths = sorted(tree.glob(pattern)) if pattern else [tree / change["file"]]
        fitting = 0
        for path in paths:
            text, count = fits.subn(new.replace(b"\\", rb"\\"), path.read_bytes())
            fitting += count
            path.write_bytes(text)
        if not fitting or (not pattern and fitting > 1):
            place = pattern or change["file"]
            raise RecipeError(f"{changes.name}: `{change['old']}` is not once in {place}.")


def fetch(source: Source) -> Path:
    """The path of a verified archive of `source`. Raises RecipeError when none can be had."""
    store = cache_root() / "sources"
    store.mkdir(parents=True, exist_ok=True)
    named = os.environ.get("BOXER_SOURCES")
    tried: list[str] = []
    for archive in source.archives:
        for folder in ([Path(named)] if named else []) + [store]:
            for name in (archive.file, archive.debian_file):
                if name and _matches(folder / name, archive.sha256):
                    return folder / name
    for archive in source.archives:
        for seek in (_from_debian, _from_upstream):
            path, note = seek(archive, store)
            if path and _matches(path, archive.sha256):
                return path
            tried.append(note if not path else f"{path.name}: its sha256 is not the pinned one")
    wanted = source.archives[0]
    raise RecipeError(
        f"the source of {source.name} {source.version} could not be had: "
        + "; ".join(note for note in tried if note),
        f"put `{wanted.file}` into a folder and set BOXER_SOURCES to it",
    )


def _matches(path: Path, sha256: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _from_debian(archive: Archive, store: Path) -> tuple[Path | None, str]:
    if not archive.debian or not archive.debian_file:
        return None, ""
    return debian.fetch(
        archive.debian, archive.debian_file, store, archive.debian_release or debian.RELEASE
    )


def _from_upstream(archive: Archive, store: Path) -> tuple[Path | None, str]:
    if not archive.url or (store / archive.file).is_file():
        return None, ""
    path = store / archive.file
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with urllib.request.urlopen(archive.url, timeout=30) as answer:
            draft.write_bytes(answer.read())
        draft.rename(path)
    except (urllib.error.URLError, OSError) as error:
        draft.unlink(missing_ok=True)
        return None, f"{archive.url}: {error}"
    return path, ""
