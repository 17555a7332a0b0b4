"""One repository of a registry: blobs, manifests, and what refers to a manifest.

Belongs here: OCI distribution 1.1, a method for each of its endpoints that is used. Does not:
what a box is made of (`push`, `pull`).

Invariants
1. What comes is exactly of the size and the digest that was asked for, or an error.
2. A blob is written nowhere here: it comes in pieces, checked by whoever keeps it.
3. Tags change by `put_manifest` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from boxer.blobstore import sha256
from boxer.errors import DamagedDownloadError, RegistryError, RegistryMissingError
from boxer.registry.login import Session
from boxer.registry.transport import Answer, checked
from boxer.store import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    EMPTY,
    INDEX,
    LARGEST_MANIFEST,
    MANIFEST,
    Descriptor,
    Manifest,
    describe_blob,
    encoded,
    read_descriptor,
    read_index,
)

_KINDS = (MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_LIST)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_OCTETS = "application/octet-stream"
# Pages of referrers that are read.
_MOST_PAGES = 20


class Repository:
    """name: within the registry."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.name = name
        self.registry = session.transport.registry
        self._path = f"/v2/{name}"

    def manifest(self, reference: str) -> tuple[bytes, str]:
        """The bytes of a manifest and their media type. reference: a tag, or `sha256:...`.

        Raises `RegistryMissingError`, `DamagedDownloadError`, `RegistryError`.
        """
        accepted = {"Accept": ", ".join(_KINDS)}
        answer = self._get(f"manifests/{reference}", accepted)
        checked(answer, f"`{self.name}:{reference}`", 200)
        data = answer.read(LARGEST_MANIFEST)
        digest = f"sha256:{sha256(data)}"
        stated = answer.headers.get("Docker-Content-Digest", digest)
        wanted = reference if ":" in reference else digest
        if digest != wanted or (stated != digest and stated.startswith("sha256:")):
            raise DamagedDownloadError(
                f"`{self.registry}` sends another manifest for `{self.name}:{reference}`:"
                f" `{digest}`.",
                hint="Nothing of it was kept. Try again; if it stays so, tell its operator.",
            )
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        return data, kind

    def find_manifest(self, reference: str) -> tuple[bytes, str] | None:
        """The same; None where it has none."""
        try:
            return self.manifest(reference)
        except RegistryMissingError:
            return None

    def blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """The bytes of a blob in pieces; the digest is for whoever keeps them to check.

        Raises `RegistryMissingError`, `DamagedDownloadError`, `RegistryError`.
        """
        answer = self._get(f"blobs/sha256:{descriptor.digest}", {})
        checked(answer, f"the blob `sha256:{descriptor.digest}`", 200)
        length = answer.headers.get("Content-Length", str(descriptor.size))
        if length != str(descriptor.size):
            answer.close()
            raise self._wrong_size(descriptor, length)
        came = 0
        for piece in answer.pieces(descriptor.size):
            came += len(piece)
            yield piece
        if came != descriptor.size:
            raise self._wrong_size(descriptor, str(came))

    def small_blob(self, descriptor: Descriptor, most: int) -> bytes:
        """A whole blob of at most so many bytes, checked."""
        if descriptor.size > most:
            raise RegistryError(
                f"`{self.registry}` has a blob of {descriptor.size:,} bytes where at most"
                f" {most:,} can be."
            )
        data = b"".join(self.blob(descriptor))
        if sha256(data) != descriptor.digest:
            raise DamagedDownloadError(
                f"`{self.registry}` sends another blob for `sha256:{descriptor.digest}`."
            )
        return data

    def has_blob(self, digest: str) -> bool:
        answer = self._session.request("HEAD", f"{self._path}/blobs/sha256:{digest}")
        answer.close()
        return answer.status == 200

    def put_blob(self, digest: str, source: bytes | Path) -> bool:
        """Sends a blob unless it is there; whether it was sent. Raises `RegistryError`."""
        if self.has_blob(digest):
            return False
        what = f"an upload to `{self.name}`"
        answer = checked(self._session.request("POST", f"{self._path}/blobs/uploads/"), what, 202)
        place = answer.headers.get("Location")
        answer.read(LARGEST_MANIFEST)
        if not place:
            raise RegistryError(f"`{self.registry}` does not say where an upload goes.")
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        headers = {"Content-Type": _OCTETS, "Content-Length": str(size)}
        target = _with_digest(self._session.transport.absolute(place), digest)
        body = source if isinstance(source, bytes) else _opening(source)
        done = self._session.request("PUT", target, headers, body)
        checked(done, f"the blob `sha256:{digest}`", 201, 204).close()
        return True

    def put_manifest(self, reference: str, data: bytes, kind: str = MANIFEST) -> Answer:
        """Sends a manifest, under a tag or its digest. Raises `RegistryError`."""
        answer = self._session.request(
            "PUT", f"{self._path}/manifests/{reference}", {"Content-Type": kind}, data
        )
        checked(answer, f"`{self.name}:{reference}`", 201, 200, 202)
        answer.read(LARGEST_MANIFEST)
        return answer

    def attach(self, manifest: Manifest) -> None:
        """Sends a manifest that has a subject, and sees to it that it is found from there."""
        subject = manifest.subject
        if subject is None:
            raise ValueError("it is attached to nothing")
        data = manifest.to_json()
        answer = self.put_manifest(f"sha256:{sha256(data)}", data)
        if answer.headers.get("OCI-Subject"):
            return
        # OCI distribution 1.1, referrers tag schema: where the registry has no referrers API.
        tag = f"sha256-{subject.digest}"
        found = self.find_manifest(tag)
        entries = read_index(found[0], tag) if found else []
        own: dict[str, Any] = Descriptor(
            MANIFEST, sha256(data), len(data), manifest.annotations, manifest.artifact_type
        ).to_json()
        if all(entry["digest"] != own["digest"] for entry in entries):
            index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*entries, own]}
            self.put_manifest(tag, encoded(index), INDEX)

    def referrers(self, digest: str) -> list[Descriptor]:
        """The manifests about one, by the referrers API or the tag that stands in for it."""
        name = f"what refers to `sha256:{digest}`"
        url, found = f"{self._path}/referrers/sha256:{digest}", []
        for _ in range(_MOST_PAGES):
            answer = self._session.request("GET", url, {"Accept": INDEX})
            if answer.status in (400, 404, 405):
                answer.close()
                return self._referrers_by_tag(digest)
            checked(answer, name, 200)
            data = answer.read(LARGEST_MANIFEST)
            found += [read_descriptor(entry, name) for entry in read_index(data, name)]
            link = re.search(r'<([^>]+)>\s*;\s*rel="?next"?', answer.headers.get("Link", ""))
            if not link:
                return found
            url = link[1]
        return found

    def _referrers_by_tag(self, digest: str) -> list[Descriptor]:
        tag = f"sha256-{digest}"
        found = self.find_manifest(tag)
        entries = read_index(found[0], tag) if found else []
        return [read_descriptor(entry, tag) for entry in entries]

    def _get(self, path: str, headers: dict[str, str]) -> Answer:
        return self._session.request("GET", f"{self._path}/{path}", headers)

    def _wrong_size(self, descriptor: Descriptor, came: str) -> DamagedDownloadError:
        return DamagedDownloadError(
            f"`{self.registry}` sends {came} bytes for `sha256:{descriptor.digest}`, which has"
            f" {descriptor.size}.",
            hint="Nothing of it was kept. Try again; if it stays so, tell its operator.",
        )


def artifact(
    kind: str, blob: bytes, media_type: str, subject: Descriptor, annotations: dict[str, str]
) -> Manifest:
    """A manifest of one blob about another manifest (OCI image 1.1, guidelines for artifacts)."""
    config = describe_blob(EMPTY, b"{}")
    layer = describe_blob(media_type, blob)
    plain = Descriptor(subject.media_type, subject.digest, subject.size)
    return Manifest(config, (layer,), plain, kind, annotations)


def _with_digest(url: str, digest: str) -> str:
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode({"digest": f"sha256:{digest}"})]))
    return urlunsplit(parts._replace(query=query))


def _opening(path: Path) -> Any:
    def opened() -> IO[bytes]:
        return path.open("rb")

    return opened
