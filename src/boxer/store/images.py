"""The store of named boxes: `boxer build -t NAME:TAG` puts them in, `boxer run` finds them.

Belongs here: names in an image layout (`layout`). Does not: other layouts, archives (`archive`).

The index is what counts. tags/NAME/TAG.json says the same for the launcher, which reads no large
JSON: the sha256 of the box's file. It believes them while `.tags` names the index as it is.

Invariants
1. A name is given and taken in one replacement of the index.
2. A box whose name was given to another stays until `remove_unnamed`.
3. What is attached to a box (signatures) is gone with it.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from boxer.blobstore import data_folder, make_folder, sha256, write_atomically
from boxer.errors import (
    ArtifactError,
    BadReferenceError,
    ImageMissingError,
    StoreError,
    WriteError,
)
from boxer.store.layout import REF_NAME, Entry, Layout
from boxer.store.manifests import (
    MANIFEST,
    Descriptor,
    Manifest,
    box_layer,
    box_manifest,
    read_descriptor,
    read_manifest,
)
from boxer.store.references import TaggedName, parse_reference

_NAMED = "boxer.named"
ATTACHED = "boxer.attached"


@dataclass(frozen=True, slots=True)
class StoredImage:
    """digest: sha256 of the box's file, hex. size: its bytes. created: when it got the name,
    seconds since 1970; the box itself is of no time (SOURCE_DATE_EPOCH). manifest: sha256 of the
    manifest, hex, which registries know it by."""

    reference: TaggedName
    digest: str
    size: int
    created: float
    manifest: str


class ImageStore:
    """The user's boxes. root: `$XDG_DATA_HOME/boxer/images`, by default below ~/.local/share."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or _default_root()
        self._tags = self.root / "tags"
        self._current = self.root / ".tags"
        self.layout = Layout(self.root)
        self.blobs = self.layout.blobs
        if not self.layout.index.exists() and self._tags.is_dir():
            self._migrate()

    def put(self, reference: TaggedName, box: bytes) -> StoredImage:
        """Keeps a box under a name. Raises `WriteError`, `StoreError`."""
        manifest, config = box_manifest(box)
        for data in (box, config, manifest):
            self.blobs.put(data)
        self.name(reference, Descriptor(MANIFEST, sha256(manifest), len(manifest)))
        return self.find(reference)

    def name(
        self, reference: TaggedName, descriptor: Descriptor, attached: Iterable[Descriptor] = ()
    ) -> None:
        """Names a manifest whose blobs are here. attached: manifests about it, which replace what
        was attached before. Raises `WriteError`, `StoreError`."""
        fields = {**descriptor.to_json(), "annotations": {REF_NAME: str(reference), _NAMED: _now()}}
        whole = f"sha256:{descriptor.digest}"
        about = [{**entry.to_json(), "annotations": {ATTACHED: whole}} for entry in attached]
        with self._changed() as entries:
            for entry in entries:
                if _name_of(entry) == str(reference):
                    entry["annotations"] = {}
            known = {str(entry["digest"]) for entry in entries}
            about = [entry for entry in about if entry["digest"] not in known]
            entries[:] = [
                entry
                for entry in entries
                if entry["digest"] != whole or entry.get("annotations", {}).get(REF_NAME)
            ]
            entries += [fields, *about]

    def tag(self, reference: TaggedName, name: TaggedName) -> None:
        """Gives a box another name. Raises `ImageMissingError`, `WriteError`, `StoreError`."""
        image = self.find(reference)
        data, _ = self.manifest(image)
        self.name(name, Descriptor(MANIFEST, image.manifest, len(data)))

    def find(self, reference: TaggedName) -> StoredImage:
        """Raises `ImageMissingError`."""
        entry = self._entry(reference)
        image = self._image(reference, entry) if entry else None
        if image is None:
            raise _missing(reference)
        return image

    def get(self, reference: TaggedName) -> bytes:
        """The bytes of a box. Raises `ImageMissingError`."""
        data = self.blobs.get(self.find(reference).digest)
        if data is None:
            raise _missing(reference)
        return data

    def path(self, reference: TaggedName) -> Path:
        """The file of a box. Raises `ImageMissingError`."""
        self._refresh()
        return self.blobs.path(self.find(reference).digest)

    def manifest(self, image: StoredImage) -> tuple[bytes, Manifest]:
        """Raises `ImageMissingError`, `ArtifactError`."""
        data = self.blobs.get(image.manifest)
        if data is None:
            raise _missing(image.reference)
        return data, read_manifest(data, str(image.reference))

    def attached(self, image: StoredImage) -> builtins.list[tuple[bytes, Manifest]]:
        """The manifests about a box, with their bytes; one that is damaged is none."""
        found = []
        for entry in self.layout.entries():
            if entry.get("annotations", {}).get(ATTACHED) != f"sha256:{image.manifest}":
                continue
            data = self.blobs.get(read_descriptor(entry, str(self.layout.index)).digest)
            with suppress(ArtifactError):
                if data is not None:
                    found.append((data, read_manifest(data, str(image.reference))))
        return found

    def list(self) -> Iterator[StoredImage]:
        """All named boxes, sorted by name and tag."""
        named = {}
        for entry in self.layout.entries():
            with suppress(BadReferenceError):
                reference = parse_reference(_name_of(entry))
                named[reference.name, reference.tag, reference.digest] = reference, entry
        for _, (reference, entry) in sorted(named.items()):
            image = self._image(reference, entry)
            if image:
                yield image

    def remove(self, reference: TaggedName) -> bool:
        """Forgets a name, and the box if no other name is its own; whether the box is gone.

        Raises `ImageMissingError`.
        """
        image = self.find(reference)
        with self._changed() as entries:
            gone = [entry for entry in entries if _names(entry, reference)]
            return image.digest in self._take_out(gone, entries)

    def remove_unnamed(self) -> int:
        """Removes boxes whose names others have got; how many."""
        with self._changed() as entries:
            gone = [
                entry
                for entry in entries
                if not _name_of(entry) and not entry.get("annotations", {}).get(ATTACHED)
            ]
            self._take_out(gone, entries)
            return len(gone)

    def _take_out(self, gone: builtins.list[Entry], entries: builtins.list[Entry]) -> set[str]:
        kept = [entry for entry in entries if entry not in gone]
        left = {entry["digest"] for entry in kept}
        orphans = [entry for entry in kept if _is_orphan(entry, left)]
        entries[:] = [entry for entry in kept if entry not in orphans]
        return self.layout.remove_unneeded([*gone, *orphans], entries)

    def _entry(self, reference: TaggedName) -> Entry | None:
        for entry in self.layout.entries():
            if _names(entry, reference):
                return entry
        return None

    def _image(self, reference: TaggedName, entry: Entry) -> StoredImage | None:
        descriptor = read_descriptor(entry, str(self.layout.index))
        data = self.blobs.get(descriptor.digest)
        if data is None:
            return None
        try:
            layer = box_layer(read_manifest(data, str(reference)), str(reference))
        except ArtifactError:
            return None
        named = self._named(descriptor)
        return StoredImage(reference, layer.digest, layer.size, named, descriptor.digest)

    def _named(self, descriptor: Descriptor) -> float:
        """When it got its name; what others put in, when they did."""
        try:
            return datetime.fromisoformat(descriptor.annotations[_NAMED]).timestamp()
        except (KeyError, ValueError):
            with suppress(OSError):
                return self.blobs.path(descriptor.digest).stat().st_mtime
            return 0.0

    # --- what the launcher reads ---

    @contextmanager
    def _changed(self) -> Iterator[builtins.list[Entry]]:
        """The index's entries for the body. The launcher's files are written under the same lock,
        and not believed in between."""
        with self.layout.changed(self._write_tags) as entries:
            self._current.unlink(missing_ok=True)
            yield entries

    def _refresh(self) -> None:
        """Another program may have changed the index. What cannot be written costs time alone."""
        if self.layout.index.exists() and self._seen() != _identity(self.layout.index):
            with suppress(WriteError, StoreError), self._changed():
                pass

    def _seen(self) -> str:
        try:
            return self._current.read_text()
        except OSError:
            return ""

    def _write_tags(self, entries: builtins.list[Entry]) -> None:
        wanted = {}
        for entry in entries:
            with suppress(BadReferenceError):
                reference = parse_reference(_name_of(entry))
                image = self._image(reference, entry)
                if image and reference.tag and not reference.digest:
                    text = json.dumps({"digest": image.digest, "size": image.size})
                    wanted[self._tags / reference.name / f"{reference.tag}.json"] = text.encode()
        for path in list(self._tags.rglob("*.json")):
            if path not in wanted:
                path.unlink(missing_ok=True)
                _remove_empty(path.parent, self._tags)
        for path, data in wanted.items():
            if not path.is_file() or path.read_bytes() != data:
                make_folder(path.parent)
                write_atomically(path, data)
        make_folder(self._tags)
        write_atomically(self._current, _identity(self.layout.index).encode())

    def _migrate(self) -> None:
        """A store of before there was an index: tags/NAME/TAG.json was all that named boxes."""
        found = []
        for path in sorted(self._tags.rglob("*.json")):
            name = f"{path.parent.relative_to(self._tags)}:{path.name.removesuffix('.json')}"
            with suppress(OSError, ValueError, KeyError, TypeError, BadReferenceError):
                digest = str(json.loads(path.read_bytes())["digest"])
                found.append((parse_reference(name), digest, path.stat().st_mtime))
        entries = []
        for reference, digest, named in found:
            box = self.blobs.get(digest)
            if box is None:
                continue
            manifest, config = box_manifest(box)
            self.blobs.put(config)
            descriptor = Descriptor(MANIFEST, self.blobs.put(manifest), len(manifest))
            notes = {REF_NAME: str(reference), _NAMED: _text_of(named)}
            entries.append({**descriptor.to_json(), "annotations": notes})
        with self._changed() as present:
            if not present:  # another process was faster
                present += entries


def _name_of(entry: Entry) -> str:
    annotations = entry.get("annotations")
    name = annotations.get(REF_NAME) if isinstance(annotations, dict) else None
    return name if isinstance(name, str) else ""


def _names(entry: Entry, reference: TaggedName) -> bool:
    """Whether it is the entry that a reference means; a digest counts within its repository."""
    if not reference.digest:
        return _name_of(entry) == str(reference)
    if entry["digest"] != f"sha256:{reference.digest}":
        return False
    with suppress(BadReferenceError):
        return parse_reference(_name_of(entry)).name == reference.name
    return False


def _is_orphan(entry: Entry, left: set[str]) -> bool:
    subject = entry.get("annotations", {}).get(ATTACHED)
    return subject is not None and subject not in left


def _identity(path: Path) -> str:
    """What changes with any change of a file; `native/plan.c` writes it the same way."""
    status = path.stat()
    return (
        f"{status.st_dev:x}-{status.st_ino:x}-{status.st_size:x}-"
        f"{status.st_mtime_ns:x}-{status.st_ctime_ns:x}"
    )


def _remove_empty(folder: Path, root: Path) -> None:
    with suppress(OSError):  # one that holds other names
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _text_of(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _missing(reference: TaggedName) -> ImageMissingError:
    hint = "`boxer images` lists them; `boxer build -t NAME CONTEXT` makes one."
    if reference.host:
        hint = f"`boxer pull {reference}` fetches it."
    return ImageMissingError(f"There is no box named `{reference}`.", hint=hint)


def _default_root() -> Path:
    return data_folder() / "images"
