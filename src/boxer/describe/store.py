"""The store of named boxes: `boxer build -t NAME:TAG` puts them in, `boxer run` finds them.

Layout: NAME/TAG.json names the sha256 of a file below blobs/. A tag is rewritten atomically; the
box it named before stays until nothing names it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from boxer.blobstore import Blobs, make_folder, write_atomically
from boxer.describe.references import TaggedName
from boxer.errors import ImageMissingError


@dataclass(frozen=True, slots=True)
class StoredImage:
    """digest: sha256 of the box's file, hex. size: its bytes. created: when it got the name,
    seconds since 1970; the box itself is of no time (SOURCE_DATE_EPOCH)."""

    reference: TaggedName
    digest: str
    size: int
    created: float


class ImageStore:
    """The user's boxes. root: `$XDG_DATA_HOME/boxer/images`, by default below ~/.local/share."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or _default_root()
        self._tags = self.root / "tags"
        self.blobs = Blobs(self.root / "blobs")

    def put(self, reference: TaggedName, box: bytes) -> StoredImage:
        """Keeps a box under a name. Raises `WriteError`."""
        digest = self.blobs.put(box)
        entry = {"digest": digest, "size": len(box)}
        path = self._path(reference)
        make_folder(path.parent)
        write_atomically(path, json.dumps(entry).encode())
        return StoredImage(reference, digest, len(box), path.stat().st_mtime)

    def get(self, reference: TaggedName) -> bytes:
        """The bytes of a box. Raises `ImageMissingError`."""
        image = self._read(reference)
        data = self.blobs.get(image.digest) if image else None
        if data is None:
            raise _missing(reference)
        return data

    def path(self, reference: TaggedName) -> Path:
        """The file of a box. Raises `ImageMissingError`."""
        image = self._read(reference)
        if image is None:
            raise _missing(reference)
        return self.blobs.path(image.digest)

    def list(self) -> Iterator[StoredImage]:
        """All named boxes, sorted by name and tag."""
        for path in sorted(self._tags.rglob("*.json")):
            name = str(path.parent.relative_to(self._tags))
            image = self._read(TaggedName(name, path.name.removesuffix(".json")))
            if image:
                yield image

    def remove(self, reference: TaggedName) -> bool:
        """Forgets a name, and the box if no other name is its own; whether the box is gone.

        Raises `ImageMissingError`.
        """
        image = self._read(reference)
        if image is None:
            raise _missing(reference)
        path = self._path(reference)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # a folder that holds other names
            for folder in path.parents[: len(reference.name.split("/"))]:
                folder.rmdir()
        if any(other.digest == image.digest for other in self.list()):
            return False
        self.blobs.remove(image.digest)
        return True

    def _path(self, reference: TaggedName) -> Path:
        return self._tags / reference.name / f"{reference.tag}.json"

    def _read(self, reference: TaggedName) -> StoredImage | None:
        try:
            path = self._path(reference)
            entry = json.loads(path.read_bytes())
            created = path.stat().st_mtime
            return StoredImage(reference, str(entry["digest"]), int(entry["size"]), created)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _missing(reference: TaggedName) -> ImageMissingError:
    return ImageMissingError(
        f"There is no box named `{reference}`.",
        hint="`boxer images` lists them; `boxer build -t NAME CONTEXT` makes one.",
    )


def _default_root() -> Path:
    home = os.environ.get("XDG_DATA_HOME")
    root = Path(home) if home and Path(home).is_absolute() else Path.home() / ".local" / "share"
    return root / "boxer" / "images"
