"""Signatures of manifests, as cosign writes them: key-based, kept beside what they are of.

Belongs here: making and checking one. Does not: whose key is wanted (`policy`), where signatures
lie (`boxer.registry`, `images`).

A signature is a manifest at the tag `sha256-DIGEST.sig` whose layers are payloads, each with its
signature as an annotation. A payload is JSON that names a manifest's digest and the name it was
signed under. Sources: sigstore/cosign, SIGNATURE_SPEC; containers/image, containers-signature(5).

Invariant: a payload counts only when its bytes have been checked against a key; then it is read.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boxer.blobstore import sha256
from boxer.errors import RegistryPackagesError, SigningKeyError
from boxer.store.manifests import Descriptor, Manifest, describe, encoded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

SIGNATURE_LAYER = "application/vnd.dev.cosign.simplesigning.v1+json"
_SIGNATURE = "dev.cosignproject.cosign/signature"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_TYPES = ("cosign container image signature", "atomic container signature")
LARGEST_PAYLOAD = 64 << 10
# One is enough of each signer; who attacks shall not have us check without end.
_MOST = 64
_PASSWORD = "COSIGN_PASSWORD"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a key has signed: a manifest's digest (hex), under the name of a box."""

    digest: str
    name: str


def is_signature(manifest: Manifest) -> bool:
    return any(layer.media_type == SIGNATURE_LAYER for layer in manifest.layers)


def private_key(data: bytes, name: str) -> PrivateKeyTypes:
    """A key from its PEM; the password of an encrypted one is the variable COSIGN_PASSWORD.

    Raises `SigningKeyError`, `RegistryPackagesError`.
    """
    serialization = _cryptography("hazmat.primitives.serialization")
    if b"ENCRYPTED SIGSTORE PRIVATE KEY" in data or b"ENCRYPTED COSIGN PRIVATE KEY" in data:
        raise SigningKeyError(
            f"`{name}` is a key in cosign's own encryption, which Boxer does not read.",
            hint="Make one in PEM with openssl, which cosign imports: `cosign import-key-pair`.",
        )
    password = os.environ.get(_PASSWORD, "").encode() or None
    try:
        key = serialization.load_pem_private_key(data, password)
    except TypeError:
        raise SigningKeyError(
            f"`{name}` is encrypted, or a password is given for one that is not.",
            hint=f"The password is the variable {_PASSWORD}.",
        ) from None
    except (ValueError, _unsupported()):
        raise SigningKeyError(
            f"`{name}` is no private key in PEM, or its password is another.",
            hint=_MAKE_ONE,
        ) from None
    _scheme(key.public_key(), name)
    return key  # type: ignore[no-any-return]


def public_key(data: bytes, name: str) -> PublicKeyTypes:
    """A key from its PEM. Raises `SigningKeyError`, `RegistryPackagesError`."""
    serialization = _cryptography("hazmat.primitives.serialization")
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, _unsupported()):
        raise SigningKeyError(
            f"`{name}` is no public key in PEM.",
            hint=f"Of a private one: `openssl pkey -in KEY.pem -pubout -out {name}`.",
        ) from None
    _scheme(key, name)
    return key  # type: ignore[no-any-return]


def sign(key: PrivateKeyTypes, digest: str, name: str) -> tuple[bytes, Descriptor]:
    """A payload and its layer. digest: of the manifest, hex. name: of the box, HOST/NAME[:TAG]."""
    payload = encoded(
        {
            "critical": {
                "identity": {"docker-reference": name},
                "image": {"docker-manifest-digest": f"sha256:{digest}"},
                "type": _TYPES[0],
            },
            "optional": None,
        }
    )
    signature = key.sign(payload, *_scheme(key.public_key(), "the key"))  # type: ignore[union-attr, arg-type]
    text = base64.b64encode(signature).decode()
    return payload, describe(SIGNATURE_LAYER, payload, **{_SIGNATURE: text})


def signature_manifest(layers: Sequence[Descriptor]) -> tuple[bytes, bytes]:
    """The manifest that holds signatures, and its configuration."""
    config = encoded(
        {
            "architecture": "",
            "os": "",
            "created": "0001-01-01T00:00:00Z",
            "config": {},
            "rootfs": {
                "type": "layers",
                "diff_ids": [f"sha256:{layer.digest}" for layer in layers],
            },
        }
    )
    return Manifest(describe(_CONFIG, config), tuple(layers)).to_json(), config


def verify(
    keys: Iterable[PublicKeyTypes], payloads: Iterable[tuple[bytes, Descriptor]]
) -> list[Signed]:
    """What the keys have signed of the payloads, each with its layer."""
    wanted = list(keys)
    found = []
    for payload, layer in list(payloads)[:_MOST]:
        if layer.digest == sha256(payload) and any(_holds(key, payload, layer) for key in wanted):
            signed = _read(payload)
            if signed:
                found.append(signed)
    return found


def _holds(key: Any, payload: bytes, layer: Descriptor) -> bool:
    invalid = _cryptography("exceptions").InvalidSignature
    try:
        signature = base64.b64decode(layer.annotations.get(_SIGNATURE, ""), validate=True)
        key.verify(signature, payload, *_scheme(key, "the key"))
    except (binascii.Error, ValueError, invalid):
        return False
    return True


def _read(payload: bytes) -> Signed | None:
    try:
        critical = json.loads(payload)["critical"]
        digest, name = critical["image"]["docker-manifest-digest"], critical["identity"]
        reference = name["docker-reference"]
        is_one = critical["type"] in _TYPES and isinstance(digest, str)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not is_one or not digest.startswith("sha256:") or not isinstance(reference, str):
        return None
    return Signed(digest.removeprefix("sha256:"), reference)


def _scheme(key: object, name: str) -> tuple[object, ...]:
    """What `sign` and `verify` of a key take besides the bytes: as cosign does, with SHA-256."""
    ec = _cryptography("hazmat.primitives.asymmetric.ec")
    rsa = _cryptography("hazmat.primitives.asymmetric.rsa")
    ed25519 = _cryptography("hazmat.primitives.asymmetric.ed25519")
    hashes = _cryptography("hazmat.primitives.hashes")
    if isinstance(key, ed25519.Ed25519PublicKey):
        return ()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return (ec.ECDSA(hashes.SHA256()),)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        padding = _cryptography("hazmat.primitives.asymmetric.padding")
        return padding.PKCS1v15(), hashes.SHA256()
    raise SigningKeyError(
        f"`{name}` is none of ECDSA, Ed25519, and RSA of 2048 bits or more.", hint=_MAKE_ONE
    )


_MAKE_ONE = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out KEY.pem"


def _unsupported() -> type[Exception]:
    return _cryptography("exceptions").UnsupportedAlgorithm  # type: ignore[no-any-return]


def _cryptography(module: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"cryptography.{module}")
    except ImportError:
        raise RegistryPackagesError(
            "Signatures need the package cryptography.", hint="pip install 'boxer[registry]'"
        ) from None
