"""Files named by the sha256 of what they hold.

Belongs here: keeping and finding bytes by digest. Does not: names for them (`describe`).

Invariants
1. `get` gives exactly the bytes of that digest or None: what was damaged on disk is removed and
   reported as absent, so that whoever made it makes it again.
2. Any number of processes may use one folder at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from boxer.blobstore.atomic import Chunk, make_folder, write_atomically
from boxer.errors import DamagedDownloadError

_PIECE = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


def sha256(data: Chunk) -> str:
    return hashlib.sha256(data).hexdigest()


class Blobs:
    """A folder of blobs: ROOT/sha256/DIGEST, the layout of an OCI image layout's blobs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Where the blob is, if it is. Raises ValueError for what is no digest."""
        if not _DIGEST.match(digest):
            raise ValueError(f"not a sha256 digest: {digest!r}")
        return self.root / "sha256" / digest

    def put(self, data: Chunk) -> str:
        """Keeps the bytes; gives their digest. Raises `WriteError`."""
        digest = sha256(data)
        if self.get(digest) is None:
            path = self.path(digest)
            make_folder(path.parent)
            write_atomically(path, data)
        return digest

    def receive(self, digest: str, pieces: Iterable[bytes]) -> None:
        """Keeps bytes that come in pieces, unless they are here; they are written beside, and
        get their name when their digest is the one that is wanted.

        Raises `DamagedDownloadError`, `WriteError`, and what `pieces` raises; nothing of it is
        left then.
        """
        path = self.path(digest)
        if self.is_whole(digest):
            return
        make_folder(path.parent)
        write_atomically(path, _checked(digest, pieces))

    def is_whole(self, digest: str) -> bool:
        """Whether the blob is here, as it was: its bytes are read, a piece at a time."""
        summed = hashlib.sha256()
        try:
            with self.path(digest).open("rb") as file:
                while piece := file.read(_PIECE):
                    summed.update(piece)
        except FileNotFoundError:
            return False
        return summed.hexdigest() == digest

    def remove(self, digest: str) -> None:
        """Forgets a blob. A machine that has mapped it keeps it until it ends."""
        self.path(digest).unlink(missing_ok=True)

    def get(self, digest: str) -> bytes | None:
        """The bytes, verified; None where there is no such blob (any more)."""
        if not _DIGEST.match(digest):
            return None
        path = self.path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        if sha256(data) != digest:
            path.unlink(missing_ok=True)
            return None
        return data


def _checked(digest: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    summed = hashlib.sha256()
    for piece in pieces:
        summed.update(piece)
        yield piece
    if summed.hexdigest() != digest:
        raise DamagedDownloadError(
            f"What came is not `sha256:{digest}`: its bytes are `sha256:{summed.hexdigest()}`.",
            hint="Try again; if it stays so, the copy is damaged where it comes from.",
        )
