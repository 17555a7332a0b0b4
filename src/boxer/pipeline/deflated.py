"""The compressed form of a base's files, kept between builds.

Belongs here: one cache file per base. Does not: compressing (`link`).

Compressing the standard library takes over a second, and it is the same in every build on a base.

    boxer/deflated/BASE-DIGEST    repeated: sha256 of the data, size, zlib stream; at the end the
                                  sha256 of all before it

Invariants
1. The bytes are those `link.deflate` gives: with and without the cache a build is the same.
2. A cache that is damaged or cannot be written costs time, never correctness.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from boxer.blobstore import cache_folder, make_folder, write_atomically
from boxer.errors import WriteError
from boxer.filetree import File, Tree
from boxer.link import deflate

_SIZE = 4
_DIGEST = 32


class Deflated:
    """A `link.Deflate` that knows the files of one base already."""

    def __init__(self, base_digest: str, base_tree: Tree, folder: Path | None = None) -> None:
        path = (folder or deflated_folder()) / base_digest
        self._known = _read(path)
        if self._known is None:
            self._known = {
                hashlib.sha256(data).digest(): deflate(data) for data in _contents(base_tree)
            }
            _write(path, self._known)

    def __call__(self, data: bytes) -> bytes:
        assert self._known is not None
        return self._known.get(hashlib.sha256(data).digest()) or deflate(data)


def deflated_folder() -> Path:
    """deflated/ in the cache."""
    return cache_folder() / "deflated"


def _contents(tree: Tree) -> list[bytes]:
    return [node.data for _, node in tree.walk() if isinstance(node, File)]


def _read(path: Path) -> dict[bytes, bytes] | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    body, digest = data[:-_DIGEST], data[-_DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        return None
    known = {}
    at = 0
    while at < len(body):
        start = at + _DIGEST + _SIZE
        size = int.from_bytes(body[at + _DIGEST : start], "little")
        known[body[at : at + _DIGEST]] = body[start : start + size]
        at = start + size
    return known


def _write(path: Path, known: dict[bytes, bytes]) -> None:
    body = b"".join(
        digest + len(packed).to_bytes(_SIZE, "little") + packed for digest, packed in known.items()
    )
    with contextlib.suppress(WriteError):
        make_folder(path.parent)
        write_atomically(path, (body, hashlib.sha256(body).digest()))
