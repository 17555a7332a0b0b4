"""An OCI image layout on disk: blobs by digest, and an index of manifests.

Belongs here: reading the index, changing it, what is still needed of the blobs. Does not: what a
box's name means (`images`). Source: OCI image specification 1.1, image layout.

Invariants
1. The index is one file that is replaced, by one process at a time; whoever reads takes no lock.
2. Every blob an index of ours names is there when the index is written.
3. A blob is removed only when it was of a manifest that is taken out, and no other names it.
4. What other programs wrote into the index is kept as it is.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from boxer.blobstore import Blobs, exclusive, make_folder, read_limited, write_atomically
from boxer.errors import ArtifactError, InputTooLargeError, StoreError
from boxer.store.manifests import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    INDEX,
    MANIFEST,
    encoded,
    read_document,
    read_index,
)

REF_NAME = "org.opencontainers.image.ref.name"
Entry = dict[str, Any]
# 100,000 names.
_LARGEST_INDEX = 64 << 20
_NAMING = (MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_LIST)
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
MARKER = b'{"imageLayoutVersion":"1.0.0"}'


class Layout:
    """root: the folder of `index.json`; it is made when something is put in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.index = root / "index.json"
        self.blobs = Blobs(root / "blobs")

    def entries(self) -> list[Entry]:
        """The index's descriptors. Raises `StoreError`."""
        try:
            data = read_limited(self.index, _LARGEST_INDEX, f"`{self.index}`")
            return read_index(data, str(self.index))
        except FileNotFoundError:
            return []
        except (OSError, ArtifactError, InputTooLargeError) as error:
            raise StoreError(
                f"`{self.index}` cannot be read: {error}",
                hint="Put it away; boxes named by it must be built or pulled again.",
            ) from None

    @contextlib.contextmanager
    def changed(self, written: Callable[[list[Entry]], None]) -> Iterator[list[Entry]]:
        """The entries, for the body to change; written when it ends well. written: called after
        that, still under the lock. Raises `StoreError`, `WriteError`."""
        make_folder(self.root)
        with exclusive(self.root / ".lock", StoreError):
            entries = self.entries()
            before = {str(entry["digest"]) for entry in entries}
            yield entries
            self._check([entry for entry in entries if str(entry["digest"]) not in before])
            write_atomically(self.root / "oci-layout", MARKER)
            fields = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
            write_atomically(self.index, encoded(fields))
            written(entries)

    def remove_unneeded(self, gone: Iterable[Entry], entries: list[Entry]) -> set[str]:
        """Removes the blobs of `gone` that no entry needs; gives their digests."""
        needed = {digest for entry in entries for digest in self.reachable(entry)}
        unneeded = {digest for entry in gone for digest in self.reachable(entry)} - needed
        for digest in unneeded:
            self.blobs.remove(digest)
        return unneeded

    def reachable(self, entry: Entry) -> set[str]:
        """The digests of a manifest and of all it names, hex."""
        found: set[str] = set()
        todo = [entry]
        while todo:
            descriptor = todo.pop()
            digest = str(descriptor.get("digest", "")).removeprefix("sha256:")
            if digest in found or not _DIGEST.match(digest):
                continue
            found.add(digest)
            if descriptor.get("mediaType") in _NAMING:
                todo += self._named_by(digest)
        return found

    def _named_by(self, digest: str) -> list[Entry]:
        data = self.blobs.get(digest)
        if data is None:
            return []
        try:
            fields = read_document(data, digest)
        except ArtifactError:
            return []
        named = [fields.get("config"), *_list(fields, "layers"), *_list(fields, "manifests")]
        return [entry for entry in named if isinstance(entry, dict)]

    def _check(self, entries: list[Entry]) -> None:
        for digest in {digest for entry in entries for digest in self.reachable(entry)}:
            if not self.blobs.path(digest).is_file():
                raise StoreError(
                    f"The blob `sha256:{digest}` has gone from `{self.root}`.",
                    hint="Build or pull the box again.",
                )


def _list(fields: Entry, name: str) -> list[Any]:
    found = fields.get(name)
    return found if isinstance(found, list) else []
