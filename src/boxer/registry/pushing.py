"""A box sent from the store to a registry.

Invariants
1. The tag is written last: whoever pulls before gets what it named before, whole; whoever pulls
   after finds the signature and what is attached.
2. What the registry has is not sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boxer.blobstore import sha256
from boxer.errors import ArtifactError, ImageMissingError, RegistryError, SignatureError
from boxer.registry import deltas
from boxer.registry.client import Repository, artifact
from boxer.registry.opening import open_repository
from boxer.store import (
    MANIFEST,
    Descriptor,
    ImageStore,
    Manifest,
    StoredImage,
    TaggedName,
    box_layer,
    is_signature,
    read_manifest,
    sign,
    signature_manifest,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_MOST_SIGNATURES = 60


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document about a box, such as its bill of materials."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Pushed:
    """sent: bytes of the box that were sent; 0: it was there. deltas: of what base (empty: none)
    and how large each is."""

    image: StoredImage
    sent: int
    deltas: tuple[tuple[str, int], ...] = ()


def push(
    store: ImageStore,
    reference: TaggedName,
    *,
    insecure: bool = False,
    key: PrivateKeyTypes | None = None,
    attachments: Sequence[Attachment] = (),
    bases: Sequence[TaggedName] = (),
    with_deltas: bool = True,
    tell: Callable[[str], None] = lambda text: None,
) -> Pushed:
    """Sends a box under its own name. key: signs it. bases: boxes of the store that who pulls may
    have; what the tag named before is one, if it is here. tell: gets a line before each long step.

    Raises `RegistryError` and its kinds, `ImageMissingError`, `ArtifactError`, `CredentialsError`.
    """
    image = store.find(reference)
    data, manifest = store.manifest(image)
    layer = box_layer(manifest, str(reference))
    repository = open_repository(reference, insecure=insecure)
    subject = Descriptor(MANIFEST, image.manifest, len(data))
    earlier = _earlier(store, repository, reference) if with_deltas and reference.tag else []
    tell(f"sending {layer.size / 1e6:.1f} MB")
    sent = 0
    for part in (manifest.config, *manifest.layers):
        was_sent = repository.put_blob(part.digest, store.blobs.path(part.digest))
        sent += part.size if was_sent and part == layer else 0
    # What is attached names a manifest that must be there for some registries.
    repository.put_manifest(f"sha256:{image.manifest}", data)
    for attachment in attachments:
        kind = attachment.media_type
        _attach(repository, artifact(kind, attachment.data, kind, subject, {}), attachment.data)
    made = []
    if with_deltas and layer.size <= deltas.LARGEST:
        tell("packing")
        named = [store.find(base).digest for base in bases]
        made = _send_deltas(store, repository, subject, layer, ["", *earlier, *named])
    _send_signatures(repository, store, image, key)
    if reference.tag:
        repository.put_manifest(reference.tag, data)
    return Pushed(image, sent, tuple(made))


def sign_pushed(
    store: ImageStore, reference: TaggedName, key: PrivateKeyTypes, *, insecure: bool = False
) -> str:
    """Signs what a registry has under a name; gives the digest of its manifest, hex. If the store
    has a box of that name, it must be that one: who signs shall know what.

    Raises `RegistryError` and its kinds, `SignatureError`, `CredentialsError`.
    """
    repository = open_repository(reference, insecure=insecure)
    wanted = f"sha256:{reference.digest}" if reference.digest else reference.tag
    data, _ = repository.manifest(wanted)
    digest = sha256(data)
    with suppress(ImageMissingError):
        own = store.find(reference).manifest
        if own != digest:
            raise SignatureError(
                f"`{reference}` is `sha256:{digest}` in the registry, and `sha256:{own}` here;"
                " it was not signed.",
                hint=f"Pull or push it first, or name what is meant: {reference.name}@sha256:...",
            )
    name = f"{reference.name}:{reference.tag}" if reference.tag else reference.name
    _add_signatures(repository, digest, [sign(key, digest, name)])
    return digest


def _earlier(store: ImageStore, repository: Repository, reference: TaggedName) -> list[str]:
    """The box that the tag names now, by its file's digest, if it is here."""
    with suppress(ArtifactError, OSError, ValueError):
        found = repository.find_manifest(reference.tag)
        if found:
            digest = box_layer(read_manifest(found[0], str(reference)), str(reference)).digest
            if store.blobs.path(digest).stat().st_size <= deltas.LARGEST:
                return [digest]
    return []


def _send_deltas(
    store: ImageStore,
    repository: Repository,
    subject: Descriptor,
    layer: Descriptor,
    bases: Sequence[str],
) -> list[tuple[str, int]]:
    """Those that are worth it: each at most half of the smallest before it."""
    there = {(offer.base) for offer in deltas.offers(repository.referrers(subject.digest))}
    box = store.blobs.get(layer.digest)
    made: list[tuple[str, int]] = []
    smallest = layer.size
    for base in dict.fromkeys(bases):
        start = store.blobs.get(base) if base else b""
        if box is None or start is None or base in there or base == layer.digest:
            continue
        packed = deltas.pack(box, start)
        if len(packed) > smallest * 0.8:
            continue
        smallest = min(smallest, len(packed))
        notes = deltas.notes_of(base, len(packed))
        manifest = artifact(deltas.KIND, packed, deltas.LAYER, subject, notes)
        _attach(repository, manifest, packed)
        made.append((base, len(packed)))
    return made


def _attach(repository: Repository, manifest: Manifest, blob: bytes) -> None:
    repository.put_blob(manifest.config.digest, b"{}")
    repository.put_blob(manifest.layers[0].digest, blob)
    repository.attach(manifest)


def _send_signatures(
    repository: Repository, store: ImageStore, image: StoredImage, key: PrivateKeyTypes | None
) -> None:
    """Those that the store has of the box, and one of the key's."""
    found = []
    for _, manifest in store.attached(image):
        if is_signature(manifest):
            for layer in manifest.layers:
                payload = store.blobs.get(layer.digest)
                found += [(payload, layer)] if payload is not None else []
    if key is not None:
        reference = image.reference
        name = f"{reference.name}:{reference.tag}" if reference.tag else reference.name
        found.append(sign(key, image.manifest, name))
    if found:
        _add_signatures(repository, image.manifest, found)


def _add_signatures(
    repository: Repository, digest: str, added: Sequence[tuple[bytes, Descriptor]]
) -> None:
    tag = f"sha256-{digest}.sig"
    layers: list[Descriptor] = []
    found = repository.find_manifest(tag)
    if found:
        layers = list(read_manifest(found[0], tag).layers)
    for payload, layer in added:
        if all(_key(layer) != _key(other) for other in layers):
            repository.put_blob(layer.digest, payload)
            layers.append(layer)
    if len(layers) > _MOST_SIGNATURES:
        raise RegistryError(f"`{tag}` has more than {_MOST_SIGNATURES} signatures.")
    manifest, config = signature_manifest(layers)
    repository.put_blob(read_manifest(manifest, tag).config.digest, config)
    repository.put_manifest(tag, manifest)


def _key(layer: Descriptor) -> tuple[str, tuple[tuple[str, str], ...]]:
    return layer.digest, tuple(sorted(layer.annotations.items()))
