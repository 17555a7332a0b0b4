"""The compressed form of a base's files, kept between builds.

Belongs here: one cache file per base. Does not: compressing (`link`).

Compressing the standard library takes some seconds, and it is the same in every build on a base.

    boxer/deflated/BASE-DIGEST    bytes of what comes next; repeated: sha256 of the data, size, zlib
                                  stream; then, repeated, blocks: size, number of files, of each the
                                  sha256 of its data, offset and size, then size and bytes of what
                                  is stored; at the end the sha256 of all before it

Invariants
1. The bytes are those `link.deflate` and `link.blocks_of` give: with and without the cache a build
   is the same.
2. A cache that is damaged or cannot be written costs time, never correctness.
"""

from __future__ import annotations

import contextlib
import hashlib
import struct
from pathlib import Path

from boxer.blobstore import cache_folder, make_folder, write_atomically
from boxer.errors import WriteError
from boxer.filetree import File, Tree
from boxer.link import Block, blocks_of, deflate

_SIZE = struct.Struct("<I")
_PAIR = struct.Struct("<II")
_DIGEST = 32


class Deflated:
    """A `link.Deflate` that knows the files of one base already. blocks: those of its files."""

    def __init__(self, base_digest: str, base_tree: Tree, folder: Path | None = None) -> None:
        path = (folder or deflated_folder()) / base_digest
        kept = _read(path)
        if kept is None:
            known = {hashlib.sha256(data).digest(): deflate(data) for data in _contents(base_tree)}
            kept = known, blocks_of(base_tree)
            _write(path, *kept)
        self._known, self.blocks = kept

    def __call__(self, data: bytes) -> bytes:
        return self._known.get(hashlib.sha256(data).digest()) or deflate(data)


def deflated_folder() -> Path:
    """deflated/ in the cache."""
    return cache_folder() / "deflated"


def _contents(tree: Tree) -> list[bytes]:
    return [node.data for _, node in tree.walk() if isinstance(node, File)]


def _read(path: Path) -> tuple[dict[bytes, bytes], list[Block]] | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    body, digest = data[:-_DIGEST], data[-_DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        return None
    try:
        reader = _Reader(body)
        streams = reader.number()
        known = {}
        while reader.at < _SIZE.size + streams:
            data_digest = reader.bytes(_DIGEST)
            known[data_digest] = reader.bytes(reader.number())
        blocks = []
        while reader.at < len(body):
            blocks.append(reader.block())
    except struct.error:  # another version's
        return None
    return known, blocks


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.at = 0
        self._data = data

    def number(self) -> int:
        (number,) = _SIZE.unpack_from(self._data, self.at)
        self.at += _SIZE.size
        return int(number)

    def bytes(self, size: int) -> bytes:
        if size > len(self._data) - self.at:
            raise struct.error
        self.at += size
        return self._data[self.at - size : self.at]

    def block(self) -> Block:
        size, count = self.number(), self.number()
        places = {
            self.bytes(_DIGEST): (self.number(), self.number()) for _ in range(min(count, size))
        }
        return Block(self.bytes(self.number()), size, places)


def _write(path: Path, known: dict[bytes, bytes], blocks: list[Block]) -> None:
    streams = b"".join(
        digest + _SIZE.pack(len(packed)) + packed for digest, packed in known.items()
    )
    parts = [_SIZE.pack(len(streams)), streams]
    for block in blocks:
        parts.append(_PAIR.pack(block.size, len(block.places)))
        parts += [digest + _PAIR.pack(*place) for digest, place in block.places.items()]
        parts += [_SIZE.pack(len(block.stored)), block.stored]
    body = b"".join(parts)
    with contextlib.suppress(WriteError):
        make_folder(path.parent)
        write_atomically(path, (body, hashlib.sha256(body).digest()))
