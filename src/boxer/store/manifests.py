"""Manifests: what a box is in an OCI registry and in an image layout.

Belongs here: the JSON of manifests, written and read. Does not: where they lie (`layout`), how
they travel (`boxer.registry`).

A box is what the CNCF's TAG Runtime calls a Wasm OCI artifact: a configuration that names the
layer, and one layer, the file as it is. Sources: OCI image specification 1.1 (manifest,
descriptor); TAG Runtime, Wasm OCI Artifact layout.

Invariants
1. The same file gives the same manifest, and so the same digest.
2. Nothing in a manifest is believed: sizes and digests have their form, and are within limits, or
   it is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from boxer.blobstore import sha256
from boxer.boxfile import read_info
from boxer.errors import ArtifactError, BoxerError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
WASM_CONFIG = "application/vnd.wasm.config.v0+json"
WASM = "application/wasm"
EMPTY = "application/vnd.oci.empty.v1+json"
# What was written before there was a standard.
_OLD_WASM = ("application/vnd.module.wasm.content.layer.v1+wasm",
             "application/vnd.wasm.content.layer.v1+wasm")  # fmt: skip
# OCI distribution: registries take manifests of 4 MiB at least.
LARGEST_MANIFEST = 4 << 20
# What a box can be: a memory of 4 GiB, and less.
LARGEST_BOX = 1 << 32
_MOST_LAYERS = 1000
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})\Z")
_WASM_CORE = b"\0asm\1\0\0\0"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a manifest says of a blob, or of a manifest. digest: sha256, hex. size: bytes."""

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str = ""

    def to_json(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "mediaType": self.media_type,
            "digest": f"sha256:{self.digest}",
            "size": self.size,
        }
        if self.artifact_type:
            fields["artifactType"] = self.artifact_type
        if self.annotations:
            fields["annotations"] = dict(self.annotations)
        return fields


@dataclass(frozen=True, slots=True)
class Manifest:
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        fields: dict[str, Any] = {"schemaVersion": 2, "mediaType": MANIFEST}
        if self.artifact_type:
            fields["artifactType"] = self.artifact_type
        fields["config"] = self.config.to_json()
        fields["layers"] = [layer.to_json() for layer in self.layers]
        if self.subject:
            fields["subject"] = self.subject.to_json()
        if self.annotations:
            fields["annotations"] = dict(self.annotations)
        return encoded(fields)


def encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def describe(media_type: str, data: bytes, **annotations: str) -> Descriptor:
    return Descriptor(media_type, sha256(data), len(data), annotations)


def box_manifest(box: bytes) -> tuple[bytes, bytes]:
    """The manifest and the configuration of a box, as their bytes."""
    layer = describe(WASM, box)
    config = encoded(
        {
            "created": _created(box),
            "architecture": "wasm",
            "os": "wasip1",
            "layerDigests": [f"sha256:{layer.digest}"],
        }
    )
    return Manifest(describe(WASM_CONFIG, config), (layer,)).to_json(), config


def box_layer(manifest: Manifest, name: str) -> Descriptor:
    """The one layer of a box's manifest. Raises `ArtifactError`."""
    layers = [
        layer
        for layer in manifest.layers
        if layer.media_type == WASM or layer.media_type in _OLD_WASM
    ]
    if len(layers) == 1 and layers[0].size <= LARGEST_BOX:
        return layers[0]
    kinds = sorted({layer.media_type for layer in manifest.layers})
    if any("image.layer" in kind or "rootfs" in kind for kind in kinds):
        raise ArtifactError(
            f"`{name}` is a container image, not a box.",
            hint="A box is built from its Dockerfile: `boxer build -t NAME CONTEXT`.",
        )
    raise ArtifactError(
        f"`{name}` is no box: its layers are {', '.join(kinds) or 'none'}, or too large.",
        hint=f"A box has one layer of the type {WASM}.",
    )


def check_module(data: bytes, name: str) -> None:
    """Whether the first bytes are those of a WebAssembly core module. Raises `ArtifactError`."""
    if not data.startswith(_WASM_CORE):
        raise ArtifactError(
            f"The layer of `{name}` is no WebAssembly core module.",
            hint="Boxer runs core modules; components it does not.",
        )


def read_manifest(data: bytes, name: str) -> Manifest:
    """A manifest from its JSON. Raises `ArtifactError`."""
    fields = read_document(data, name)
    layers = fields.get("layers", [])
    if not isinstance(layers, list) or len(layers) > _MOST_LAYERS:
        raise _bad(name, "its layers are no list, or too many")
    subject = fields.get("subject")
    return Manifest(
        read_descriptor(fields.get("config"), name),
        tuple(read_descriptor(layer, name) for layer in layers),
        read_descriptor(subject, name) if subject is not None else None,
        _text(fields, "artifactType"),
        _annotations(fields),
    )


def read_index(data: bytes, name: str) -> list[dict[str, Any]]:
    """The descriptors of an index, each as its JSON, of which `read_descriptor` can make one."""
    entries = read_document(data, name).get("manifests", [])
    if not isinstance(entries, list):
        raise _bad(name, "its manifests are no list")
    for entry in entries:
        read_descriptor(entry, name)
    return entries


def read_document(data: bytes, name: str) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise _bad(name, "it is no JSON") from None
    if not isinstance(fields, dict) or fields.get("schemaVersion") != 2:
        raise _bad(name, "it is none of schema version 2")
    return fields


def read_descriptor(fields: object, name: str) -> Descriptor:
    """Raises `ArtifactError`."""
    if not isinstance(fields, dict):
        raise _bad(name, "a descriptor is no object")
    found = _DIGEST.match(_text(fields, "digest"))
    size = fields.get("size")
    if not found or not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise _bad(name, "a descriptor has no sha256 digest or no size")
    return Descriptor(
        _text(fields, "mediaType"), found[1], size, _annotations(fields),
        _text(fields, "artifactType"),
    )  # fmt: skip


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def _annotations(fields: Mapping[str, Any]) -> dict[str, str]:
    found = fields.get("annotations")
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _created(box: bytes) -> str:
    """The time the box says, which SOURCE_DATE_EPOCH rules; else the epoch."""
    try:
        seconds = read_info(box).created
    except BoxerError:
        seconds = 0
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bad(name: str, reason: str) -> ArtifactError:
    return ArtifactError(f"The manifest of `{name}` cannot be read: {reason}.")
