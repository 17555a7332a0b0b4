"""Which boxes may be pulled and run: the user's policy file, containers-policy.json(5).

Belongs here: reading it, the rule of a name, whether a box meets it. Does not: signatures
themselves (`signatures`).

The file is $BOXER_POLICY, else boxer/policy.json below the user's configuration folder, else
/etc/boxer/policy.json. Without one every box may be run.

Invariants
1. A file that is there and not understood, to its last field, allows nothing.
2. Of a name's scopes the most specific counts, alone.
3. All requirements of the rule are met, or the box is refused.
4. What was signed must be this manifest, under this name.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxer.blobstore import read_limited, settings_folder
from boxer.errors import (
    BadReferenceError,
    InputTooLargeError,
    PolicyError,
    SignatureError,
)
from boxer.store.images import ImageStore, StoredImage
from boxer.store.manifests import Descriptor
from boxer.store.references import TaggedName, parse_reference
from boxer.store.signatures import LARGEST_PAYLOAD, SIGNATURE_LAYER, Signed, public_key, verify

_LARGEST = 1 << 20
# Transports: a registry's, by docker's name for it; and names of this machine only.
_REGISTRY, _LOCAL = "docker", "boxer"
_ACCEPT, _REJECT, _SIGNED = "insecureAcceptAnything", "reject", "sigstoreSigned"
_IDENTITIES = {
    "matchExact": (),
    "matchRepoDigestOrExact": (),
    "matchRepository": (),
    "exactReference": ("dockerReference",),
    "exactRepository": ("dockerRepository",),
}
Payloads = Sequence[tuple[bytes, Descriptor]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement. keys: PEM of public keys with their names, one of which must have signed.
    identity, identity_name: under which name; empty: its own, or its repository."""

    kind: str
    keys: tuple[tuple[str, bytes], ...] = ()
    identity: str = ""
    identity_name: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    path: Path
    default: tuple[Rule, ...]
    transports: Mapping[str, Mapping[str, tuple[Rule, ...]]]

    def rules(self, reference: TaggedName) -> tuple[Rule, ...]:
        scopes = self.transports.get(_REGISTRY if reference.host else _LOCAL, {})
        for scope in _scopes(reference):
            if scope in scopes:
                return scopes[scope]
        return self.default

    def wants_signatures(self, reference: TaggedName) -> bool:
        return any(rule.kind == _SIGNED for rule in self.rules(reference))

    def check(self, reference: TaggedName, digest: str, payloads: Payloads) -> None:
        """digest: of the manifest, hex. Raises `SignatureError`, `SigningKeyError`."""
        for rule in self.rules(reference):
            if rule.kind == _REJECT:
                raise SignatureError(
                    f"The policy `{self.path}` allows no box of the name `{reference}`.",
                    hint="See its rule for that name: docs/how-to/registry.md.",
                )
            if rule.kind == _SIGNED:
                by = f", as the policy `{self.path}` wants"
                _check_signed(rule, reference, digest, payloads, by)


def _check_signed(
    rule: Rule, reference: TaggedName, digest: str, payloads: Payloads, by: str
) -> None:
    """by: whose rule it is, for people. Raises `SignatureError`."""
    signed = verify([public_key(data, name) for name, data in rule.keys], payloads)
    if any(entry.digest == digest and _is_of(entry, rule, reference) for entry in signed):
        return
    names = ", ".join(f"`{name}`" for name, _ in rule.keys)
    found = "it has no signature"
    if payloads:
        found = "none of its signatures is of that key"
    if signed:
        found = "what that key has signed is another box or another name"
    raise SignatureError(
        f"`{reference}` is not signed by {names}{by}: {found}.",
        hint=f"Who has the key signs it: `boxer sign --key KEY.pem {reference}`. Then pull it.",
    )


def check_allowed(store: ImageStore, reference: TaggedName) -> None:
    """Whether a box of the store may be run. Raises `SignatureError`, `PolicyError`."""
    policy = read_policy()
    if policy is None:
        return
    image = store.find(reference)
    wanted = policy.wants_signatures(reference)
    policy.check(reference, image.manifest, _payloads(store, image) if wanted else [])


def check_signed(store: ImageStore, reference: TaggedName, name: str, key: bytes) -> str:
    """Whether a key, PEM, has signed a box of the store under its name; its manifest's digest.

    Raises `SignatureError`, `SigningKeyError`, `ImageMissingError`.
    """
    image = store.find(reference)
    rule = Rule(_SIGNED, ((name, key),))
    _check_signed(rule, reference, image.manifest, _payloads(store, image), "")
    return image.manifest


def _payloads(store: ImageStore, image: StoredImage) -> Payloads:
    found = []
    for _, manifest in store.attached(image):
        for layer in manifest.layers:
            if layer.media_type == SIGNATURE_LAYER and layer.size <= LARGEST_PAYLOAD:
                payload = store.blobs.get(layer.digest)
                found += [(payload, layer)] if payload is not None else []
    return found


def read_policy() -> Policy | None:
    """The user's policy; None: there is no file. Raises `PolicyError`."""
    for path in _places():
        try:
            data = read_limited(path, _LARGEST, f"`{path}`")
        except FileNotFoundError:
            if os.environ.get("BOXER_POLICY"):
                raise PolicyError(f"`{path}`, which BOXER_POLICY names, is not there.") from None
            continue
        except NotADirectoryError:
            continue
        except (OSError, InputTooLargeError) as error:
            raise PolicyError(f"`{path}` cannot be read: {error}") from None
        return _parse(path, data)
    return None


def _places() -> list[Path]:
    named = os.environ.get("BOXER_POLICY")
    if named:
        return [Path(named)]
    return [settings_folder() / "policy.json", Path("/etc/boxer/policy.json")]


def _scopes(reference: TaggedName) -> Iterator[str]:
    """From the name itself to the host, then wildcards of the host, then all."""
    yield str(reference)
    if reference.tag and reference.digest:
        yield f"{reference.name}@sha256:{reference.digest}"
    name = reference.name
    while name:
        yield name
        name = name.rpartition("/")[0]
    parts = reference.host.partition(":")[0].split(".")
    for count in range(1, len(parts)):
        yield "*." + ".".join(parts[count:])
    yield ""


def _is_of(signed: Signed, rule: Rule, reference: TaggedName) -> bool:
    """Whether the name it was signed under is one that the rule takes for this box."""
    try:
        name = parse_reference(signed.name)
    except BadReferenceError:
        return False
    has_tag = ":" in signed.name.rpartition("/")[2]
    same_tag = has_tag and name.tag == reference.tag
    if rule.identity == "exactReference":
        return signed.name == rule.identity_name
    if rule.identity == "exactRepository":
        return name.name == rule.identity_name
    if name.name != reference.name:
        return False
    if rule.identity == "matchRepository":
        return True
    if rule.identity == "matchExact":
        return same_tag
    if rule.identity == "matchRepoDigestOrExact":
        return same_tag or bool(reference.digest)
    # cosign signs a repository's name, without a tag; a tag that is signed is meant.
    return not has_tag or same_tag or bool(reference.digest)


# --- the file ---


def _parse(path: Path, data: bytes) -> Policy:
    try:
        fields = json.loads(data, object_pairs_hook=lambda pairs: _unique(path, pairs))
    except (ValueError, RecursionError) as error:
        raise _bad(path, f"it is no JSON ({error})") from None
    _known(path, fields, "the policy", {"default", "transports"})
    if "default" not in fields:
        raise _bad(path, "it has no `default`")
    transports = fields.get("transports", {})
    if not isinstance(transports, dict):
        raise _bad(path, "`transports` is no object")
    read = {}
    for transport, scopes in transports.items():
        if not isinstance(scopes, dict):
            raise _bad(path, f"`{transport}` is no object")
        if transport in (_REGISTRY, _LOCAL):
            read[transport] = {
                scope: _rules(path, rules, f"`{transport}`, `{scope}`")
                for scope, rules in scopes.items()
            }
    return Policy(path, _rules(path, fields["default"], "`default`"), read)


def _unique(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _bad(path, "an object has the same name twice")
    return fields


def _rules(path: Path, rules: object, where: str) -> tuple[Rule, ...]:
    if not isinstance(rules, list) or not rules:
        raise _bad(path, f"{where} is no list of requirements")
    return tuple(_rule(path, rule, where) for rule in rules)


def _rule(path: Path, fields: object, where: str) -> Rule:
    if not isinstance(fields, dict):
        raise _bad(path, f"a requirement of {where} is no object")
    kind = fields.get("type")
    if kind in (_ACCEPT, _REJECT):
        _known(path, fields, where, {"type"})
        return Rule(kind)
    if kind != _SIGNED:
        raise _bad(path, f"{where} has the requirement `{kind}`, which Boxer does not know")
    keys = {"keyPath", "keyPaths", "keyData", "keyDatas"}
    _known(path, fields, where, {"type", "signedIdentity", *keys})
    if len(keys & fields.keys()) != 1:
        raise _bad(path, f"{where} names not exactly one of {', '.join(sorted(keys))}")
    identity, name = _identity(path, fields.get("signedIdentity"), where)
    return Rule(kind, tuple(_keys(path, fields, where)), identity, name)


def _keys(path: Path, fields: Mapping[str, Any], where: str) -> Iterator[tuple[str, bytes]]:
    for name in _texts(path, fields, "keyPath", where):
        try:
            yield name, read_limited(Path(name), _LARGEST, f"`{name}`")
        except (OSError, InputTooLargeError) as error:
            raise _bad(path, f"the key `{name}` of {where} cannot be read ({error})") from None
    for number, text in enumerate(_texts(path, fields, "keyData", where), 1):
        try:
            yield f"key {number} of {path}", base64.b64decode(text, validate=True)
        except binascii.Error:
            raise _bad(path, f"`keyData` of {where} is no base64") from None


def _texts(path: Path, fields: Mapping[str, Any], name: str, where: str) -> list[str]:
    """The value of a field, or of the one that has several."""
    values = [fields[name]] if name in fields else fields.get(f"{name}s", [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _bad(path, f"`{name}` of {where} is no text")
    if f"{name}s" in fields and not values:
        raise _bad(path, f"`{name}s` of {where} is empty")
    return values


def _identity(path: Path, fields: object, where: str) -> tuple[str, str]:
    if fields is None:
        return "", ""
    kind = fields.get("type") if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or kind not in _IDENTITIES:
        raise _bad(path, f"{where} has the identity `{kind}`, which Boxer does not know")
    wanted = _IDENTITIES[kind]
    _known(path, fields, where, {"type", *wanted})
    name = fields.get(wanted[0]) if wanted else ""
    if not isinstance(name, str):
        raise _bad(path, f"the identity of {where} has no `{wanted[0]}`")
    return kind, name


def _known(path: Path, fields: object, where: str, names: set[str]) -> None:
    if not isinstance(fields, dict):
        raise _bad(path, f"{where} is no object")
    unknown = sorted(fields.keys() - names)
    if unknown:
        raise _bad(path, f"{where} has the field `{unknown[0]}`, which Boxer does not know")


def _bad(path: Path, reason: str) -> PolicyError:
    return PolicyError(
        f"The policy `{path}` cannot be used: {reason}.",
        hint="Its format is containers-policy.json(5); no box is pulled or run until it is right.",
    )
