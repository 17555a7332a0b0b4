"""The store of named boxes: an OCI image layout, names, signatures, and who may be run.

What takes cryptography is imported when it is needed.
"""

from boxer.store.archive import load, save
from boxer.store.images import ImageStore, StoredImage
from boxer.store.layout import REF_NAME, Layout
from boxer.store.manifests import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    EMPTY,
    INDEX,
    LARGEST_BOX,
    LARGEST_MANIFEST,
    MANIFEST,
    WASM,
    WASM_CONFIG,
    Descriptor,
    Manifest,
    box_layer,
    check_module,
    encoded,
    read_descriptor,
    read_index,
    read_manifest,
)
from boxer.store.manifests import describe as describe_blob
from boxer.store.policy import Policy, Rule, check_allowed, check_signed, read_policy
from boxer.store.references import TaggedName, parse_reference
from boxer.store.signatures import (
    SIGNATURE_LAYER,
    is_signature,
    private_key,
    public_key,
    sign,
    signature_manifest,
    verify,
)

__all__ = [
    "DOCKER_LIST",
    "DOCKER_MANIFEST",
    "EMPTY",
    "INDEX",
    "LARGEST_BOX",
    "LARGEST_MANIFEST",
    "MANIFEST",
    "REF_NAME",
    "SIGNATURE_LAYER",
    "WASM",
    "WASM_CONFIG",
    "Descriptor",
    "ImageStore",
    "Layout",
    "Manifest",
    "Policy",
    "Rule",
    "StoredImage",
    "TaggedName",
    "box_layer",
    "check_allowed",
    "check_module",
    "check_signed",
    "describe_blob",
    "encoded",
    "is_signature",
    "load",
    "parse_reference",
    "private_key",
    "public_key",
    "read_descriptor",
    "read_index",
    "read_manifest",
    "read_policy",
    "save",
    "sign",
    "signature_manifest",
    "verify",
]
