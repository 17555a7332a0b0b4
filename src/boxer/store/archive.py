"""Boxes in a file: an OCI image layout as a tar archive, as `docker load` and skopeo read it.

Belongs here: writing and reading one. Does not: the layout on disk (`layout`).

Invariants
1. The same boxes give the same archive.
2. What is loaded was checked against its digest and its size first; a name appears when all of
   its blobs are here.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from boxer.blobstore import Blobs, read_limited, sha256
from boxer.errors import BadReferenceError, StoreError
from boxer.store.images import ATTACHED, ImageStore, StoredImage
from boxer.store.layout import MARKER, REF_NAME
from boxer.store.manifests import (
    INDEX,
    LARGEST_MANIFEST,
    MANIFEST,
    Descriptor,
    box_layer,
    check_module,
    encoded,
    read_descriptor,
    read_index,
    read_manifest,
)
from boxer.store.references import TaggedName, parse_reference

_PIECE = 1 << 20
_MOST_MEMBERS = 100_000
_FULL_NAME = "io.containerd.image.name"


def save(store: ImageStore, references: Sequence[TaggedName]) -> Iterator[bytes]:
    """The bytes of an archive of these boxes and what is attached to them.

    Raises `ImageMissingError`, `ArtifactError`.
    """
    entries: list[dict[str, Any]] = []
    digests: dict[str, None] = {}
    for image in [store.find(reference) for reference in references]:
        manifest, parsed = store.manifest(image)
        names = {REF_NAME: str(image.reference), _FULL_NAME: str(image.reference)}
        whole = Descriptor(MANIFEST, image.manifest, len(manifest), names)
        entries.append(whole.to_json())
        found = [(manifest, parsed), *store.attached(image)]
        for data, _ in found[1:]:
            note = {ATTACHED: f"sha256:{image.manifest}"}
            entry = Descriptor(MANIFEST, sha256(data), len(data), note).to_json()
            entries += [entry] if entry not in entries else []
        for data, about in found:
            names_of = [sha256(data), about.config.digest, *(x.digest for x in about.layers)]
            digests |= dict.fromkeys(names_of)
    index = encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    yield from _member("oci-layout", MARKER)
    yield from _member("index.json", index)
    for digest in sorted(digests):
        yield from _file(f"blobs/sha256/{digest}", store.blobs, digest)
    yield bytes(2 * tarfile.BLOCKSIZE)


def load(store: ImageStore, source: Path, name: TaggedName | None = None) -> list[StoredImage]:
    """Puts the boxes of an archive, or of a layout's folder, into the store.

    name: for the one box in it, instead of what it is called there. Raises `StoreError`,
    `ArtifactError`, `WriteError`, OSError.
    """
    if source.is_dir():
        return _load(store, _Folder(source), name)
    try:
        with tarfile.open(source, "r:") as archive:
            return _load(store, _Archive(archive, source), name)
    except tarfile.TarError:
        raise StoreError(
            f"`{source}` is no tar archive, or damaged.",
            hint="`boxer save -o FILE.tar NAME` writes one.",
        ) from None


class _Folder:
    def __init__(self, root: Path) -> None:
        self.name = root
        self._root = root

    def open(self, path: str) -> IO[bytes] | None:
        found = self._root / path
        return found.open("rb") if found.is_file() else None


class _Archive:
    def __init__(self, archive: tarfile.TarFile, name: Path) -> None:
        self.name = name
        self._archive = archive
        self._members: dict[str, tarfile.TarInfo] = {}
        for count, member in enumerate(archive):
            if count >= _MOST_MEMBERS:
                raise StoreError(f"`{name}` has more than {_MOST_MEMBERS:,} members.")
            if member.isreg():
                self._members[member.name.removeprefix("./")] = member

    def open(self, path: str) -> IO[bytes] | None:
        member = self._members.get(path)
        return self._archive.extractfile(member) if member else None


def _load(
    store: ImageStore, source: _Folder | _Archive, name: TaggedName | None
) -> list[StoredImage]:
    entries = read_index(_read(source, "index.json"), str(source.name))
    described = [read_descriptor(entry, str(source.name)) for entry in entries]
    boxes = [entry for entry in described if ATTACHED not in entry.annotations]
    if name and len(boxes) != 1:
        raise StoreError(f"`{source.name}` has {len(boxes)} boxes; `--tag` names one.")
    loaded = []
    for entry in boxes:
        reference = name or _name_of(entry, source)
        _take(store, source, entry, is_box=True)
        whole = f"sha256:{entry.digest}"
        about = [other for other in described if other.annotations.get(ATTACHED) == whole]
        for other in about:
            _take(store, source, other, is_box=False)
        store.name(reference, Descriptor(MANIFEST, entry.digest, entry.size), about)
        loaded.append(store.find(reference))
    return loaded


def _name_of(entry: Descriptor, source: _Folder | _Archive) -> TaggedName:
    text = entry.annotations.get(_FULL_NAME) or entry.annotations.get(REF_NAME, "")
    try:
        return parse_reference(text)
    except BadReferenceError:
        raise StoreError(
            f"`{source.name}` has a box without a name.", hint="Give it one: `--tag NAME:TAG`."
        ) from None


def _take(
    store: ImageStore, source: _Folder | _Archive, entry: Descriptor, *, is_box: bool
) -> None:
    """Copies a manifest and what it names."""
    data = _read(source, f"blobs/sha256/{entry.digest}")
    if sha256(data) != entry.digest:
        raise _damaged(source, entry.digest)
    manifest = read_manifest(data, str(source.name))
    if is_box:
        layer = box_layer(manifest, str(source.name))
        with _blob(source, layer.digest) as file:
            check_module(file.read(8), str(source.name))
    for part in (manifest.config, *manifest.layers):
        store.blobs.receive(part.digest, _pieces(source, part))
    store.blobs.put(data)


def _pieces(source: _Folder | _Archive, part: Descriptor) -> Iterator[bytes]:
    with _blob(source, part.digest) as file:
        left = part.size
        while piece := file.read(min(_PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                raise _damaged(source, part.digest)
            yield piece


def _blob(source: _Folder | _Archive, digest: str) -> IO[bytes]:
    file = source.open(f"blobs/sha256/{digest}")
    if file is None:
        raise StoreError(f"`{source.name}` has no blob `sha256:{digest}`.")
    return file


def _read(source: _Folder | _Archive, path: str) -> bytes:
    file = source.open(path)
    if file is None:
        raise StoreError(
            f"`{source.name}` is no OCI image layout: it has no `{path}`.",
            hint="`boxer save -o FILE.tar NAME` writes one.",
        )
    with file:
        return read_limited(file, LARGEST_MANIFEST, f"`{path}` of `{source.name}`")  # type: ignore[arg-type]


def _damaged(source: _Folder | _Archive, digest: str) -> StoreError:
    return StoreError(f"`{source.name}` is damaged: its blob `sha256:{digest}` is another.")


def _member(name: str, data: bytes) -> Iterator[bytes]:
    yield _header(name, len(data))
    yield data
    yield bytes(-len(data) % tarfile.BLOCKSIZE)


def _file(name: str, blobs: Blobs, digest: str) -> Iterator[bytes]:
    path = blobs.path(digest)
    with path.open("rb") as file:
        size = path.stat().st_size
        yield _header(name, size)
        while piece := file.read(_PIECE):
            yield piece
        yield bytes(-size % tarfile.BLOCKSIZE)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o644
    return member.tobuf(tarfile.USTAR_FORMAT)
