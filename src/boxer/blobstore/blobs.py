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
from pathlib import Path

from boxer.blobstore.atomic import Chunk, make_folder, write_atomically

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
