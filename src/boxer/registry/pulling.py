"""A box fetched from a registry into the store.

Invariants
1. The policy is asked before the box's bytes are fetched.
2. A name is given last: whatever fails before, the store names what it named before.
3. What came was checked against its digest while it was written, or it is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from boxer.blobstore import sha256
from boxer.errors import ArtifactError, DamagedDownloadError, RegistryError
from boxer.registry import deltas
from boxer.registry.client import Repository
from boxer.registry.opening import open_repository
from boxer.store import (
    DOCKER_LIST,
    INDEX,
    LARGEST_MANIFEST,
    MANIFEST,
    SIGNATURE_LAYER,
    Descriptor,
    ImageStore,
    Manifest,
    StoredImage,
    TaggedName,
    box_layer,
    check_module,
    describe_blob,
    is_signature,
    read_descriptor,
    read_index,
    read_manifest,
    read_policy,
)

_LARGEST_PAYLOAD = 64 << 10
_MOST_SIGNATURES = 64
_LARGEST_OTHER = 64 << 20


@dataclass(frozen=True, slots=True)
class Pulled:
    """fetched: bytes of the box that came; 0: it was here. base: the box that it was made of."""

    image: StoredImage
    fetched: int
    base: str = ""


@dataclass(frozen=True, slots=True)
class _Attached:
    descriptor: Descriptor
    data: bytes
    blobs: dict[str, bytes]
    payloads: list[tuple[bytes, Descriptor]]


def pull(
    store: ImageStore, reference: TaggedName, *, insecure: bool = False, whole: bool = False
) -> Pulled:
    """Fetches a box. insecure: over plain HTTP if need be. whole: without deltas.

    Raises `RegistryError` and its kinds, `ArtifactError`, `SignatureError`, `PolicyError`,
    `CredentialsError`, `WriteError`.
    """
    repository = open_repository(reference, insecure=insecure)
    data, manifest = _manifest_of_box(repository, reference)
    digest = sha256(data)
    layer = box_layer(manifest, str(reference))
    signatures = _signatures(repository, digest)
    policy = read_policy()
    if policy:
        policy.check(reference, digest, signatures.payloads if signatures else [])
    fetched, base = _fetch(store, repository, digest, layer, str(reference), whole)
    store.blobs.put(repository.small_blob(manifest.config, LARGEST_MANIFEST))
    for other in manifest.layers:  # what tools of others lay beside a module
        if other != layer:
            store.blobs.put(repository.small_blob(other, _LARGEST_OTHER))
    store.blobs.put(data)
    if signatures:
        for blob in [*signatures.blobs.values(), signatures.data]:
            store.blobs.put(blob)
    store.name(
        reference,
        Descriptor(MANIFEST, digest, len(data)),
        [signatures.descriptor] if signatures else [],
    )
    return Pulled(store.find(reference), fetched, base)


def attachment(reference: TaggedName, media_type: str, *, insecure: bool = False) -> bytes | None:
    """A document that was pushed with a box (`pushing.Attachment`); None: there is none of that
    type; of several, the last that the registry names.

    Raises `RegistryMissingError` where there is no such box, `RegistryError`, `ArtifactError`.
    """
    repository = open_repository(reference, insecure=insecure)
    data, _ = _manifest_of_box(repository, reference)
    found = [
        entry for entry in repository.referrers(sha256(data)) if entry.artifact_type == media_type
    ]
    if not found:
        return None
    about, _ = repository.manifest(f"sha256:{found[-1].digest}")
    layers = read_manifest(about, str(reference)).layers
    if len(layers) != 1:
        raise ArtifactError(f"What is attached to `{reference}` has {len(layers)} layers.")
    return repository.small_blob(layers[0], LARGEST_MANIFEST)


def _manifest_of_box(repository: Repository, reference: TaggedName) -> tuple[bytes, Manifest]:
    wanted = f"sha256:{reference.digest}" if reference.digest else reference.tag
    data, kind = repository.manifest(wanted)
    if kind in (INDEX, DOCKER_LIST):
        data, _ = repository.manifest(f"sha256:{_of_index(data, str(reference))}")
    return data, read_manifest(data, str(reference))


def _of_index(data: bytes, name: str) -> str:
    """The one manifest of an index that is for WebAssembly."""
    found = []
    for entry in read_index(data, name):
        platform = entry.get("platform")
        if isinstance(platform, dict) and platform.get("architecture") == "wasm":
            found.append(read_descriptor(entry, name).digest)
    if len(found) != 1:
        raise ArtifactError(
            f"`{name}` is an index in which {len(found)} manifests are for WebAssembly.",
            hint="Name the one that is meant by its digest: NAME@sha256:...",
        )
    return found[0]


def _signatures(repository: Repository, digest: str) -> _Attached | None:
    """What cosign has put beside a manifest. What cannot be read of it is no signature."""
    found = repository.find_manifest(f"sha256-{digest}.sig")
    if found is None:
        return None
    data, _ = found
    try:
        manifest = read_manifest(data, "its signatures")
    except ArtifactError:
        return None
    if not is_signature(manifest) or len(manifest.layers) > _MOST_SIGNATURES:
        return None
    blobs, payloads = {}, []
    for part in (manifest.config, *manifest.layers):
        blobs[part.digest] = repository.small_blob(part, _LARGEST_PAYLOAD)
        if part.media_type == SIGNATURE_LAYER:
            payloads.append((blobs[part.digest], part))
    return _Attached(describe_blob(MANIFEST, data), data, blobs, payloads)


def _fetch(
    store: ImageStore,
    repository: Repository,
    digest: str,
    layer: Descriptor,
    name: str,
    whole: bool,
) -> tuple[int, str]:
    """Gets the box's file into the store; how many bytes came, and of which base it was made."""
    if store.blobs.is_whole(layer.digest):
        return 0, ""
    if not whole:
        for offer in _usable(store, repository, digest, layer):
            # A delta that is damaged, or missing, is worth no more than none.
            with suppress(DamagedDownloadError, RegistryError, ArtifactError):
                return _by_delta(store, repository, offer, layer, name), offer.base
    pieces = _modules_only(repository.blob(layer), name)
    store.blobs.receive(layer.digest, pieces)
    return layer.size, ""


def _usable(
    store: ImageStore, repository: Repository, digest: str, layer: Descriptor
) -> Iterator[deltas.Offer]:
    try:
        found = deltas.offers(repository.referrers(digest))
    except (RegistryError, ArtifactError):
        return
    for offer in found:
        is_worth_it = offer.size < layer.size and layer.size <= deltas.LARGEST
        if is_worth_it and (not offer.base or _has(store, offer.base)):
            yield offer


def _has(store: ImageStore, digest: str) -> bool:
    try:
        return store.blobs.path(digest).stat().st_size <= deltas.LARGEST
    except (OSError, ValueError):
        return False


def _by_delta(
    store: ImageStore, repository: Repository, offer: deltas.Offer, layer: Descriptor, name: str
) -> int:
    data, _ = repository.manifest(f"sha256:{offer.manifest.digest}")
    manifest = read_manifest(data, name)
    parts = [part for part in manifest.layers if part.media_type == deltas.LAYER]
    base = store.blobs.get(offer.base) if offer.base else b""
    if len(parts) != 1 or parts[0].size >= layer.size or base is None:
        raise ArtifactError(f"A delta of `{name}` is none.")
    pieces = deltas.unpack(repository.blob(parts[0]), layer.size, base)
    store.blobs.receive(layer.digest, _modules_only(pieces, name))
    return parts[0].size


def _modules_only(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The pieces, if the first begins as a module does."""
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= 8:
            break
    check_module(first, name)
    yield first
    yield from pieces
