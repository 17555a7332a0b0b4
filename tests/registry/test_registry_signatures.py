"""Signatures and the policy: which boxes are pulled, and which run."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxer.describe import load_bytes
from boxer.errors import PolicyError, SignatureError, SigningKeyError
from boxer.registry import pull, push, sign_pushed
from boxer.store import ImageStore, check_signed, parse_reference, private_key, public_key
from tests.registry.fake import FakeRegistry
from tests.registry.modules import module

pytest.importorskip("cryptography")

from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

KINDS: dict[str, Callable[[], Any]] = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}


def pair(kind: str = "p256") -> tuple[Any, bytes]:
    """A private key, and the PEM of its public one."""
    key = KINDS[kind]()
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    return private_key(pem, "key"), public


def policy(folder: Path, *rules: object, scope: str = "", default: str = "reject") -> Path:
    path = folder / "config" / "boxer" / "policy.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    scopes = {"docker": {scope: list(rules)}} if rules else {}
    path.write_text(json.dumps({"default": [{"type": default}], "transports": scopes}))
    return path


def signed(pem: bytes, **identity: object) -> dict[str, object]:
    rule = {"type": "sigstoreSigned", "keyData": base64.b64encode(pem).decode()}
    return rule | ({"signedIdentity": identity} if identity else {})


@pytest.mark.parametrize("kind", KINDS)
def test_a_box_signed_by_the_wanted_key_is_pulled_and_run(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path, kind: str
) -> None:
    key, pem = pair(kind)
    name = parse_reference(f"{registry.host}/team/app:1")
    store.put(name, module())
    push(store, name, key=key)
    policy(tmp_path, signed(pem))
    pull(ImageStore(), name)
    assert load_bytes(str(name)) == module()
    assert check_signed(ImageStore(), name, "key", pem) == store.find(name).manifest


def test_no_signature_and_another_key_are_refused_before_a_byte_is_kept(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    (key, _), (_, other) = pair(), pair()
    name = parse_reference(f"{registry.host}/team/app:1")
    store.put(name, module())
    push(store, name)
    policy(tmp_path, signed(other))
    with pytest.raises(SignatureError, match="no signature"):
        pull(ImageStore(), name)
    sign_pushed(store, name, key)
    with pytest.raises(SignatureError, match="none of its signatures"):
        pull(ImageStore(), name)
    assert not (ImageStore().root / "blobs").exists()
    assert not [path for _, path, _ in registry.asked if path.endswith(store.find(name).digest)][3:]


def test_a_signature_is_of_one_box_under_one_name(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    key, pem = pair()
    name = parse_reference(f"{registry.host}/team/app:1")
    other = parse_reference(f"{registry.host}/team/other:1")
    later = parse_reference(f"{registry.host}/team/app:2")
    for reference in (name, other, later):
        store.put(reference, module())
    push(store, name, key=key)
    push(store, other)
    push(store, later)
    signature = registry.manifests[f"team/app:sha256-{store.find(name).manifest}.sig"]
    # Somebody lays the signature beside other boxes.
    registry.manifests[f"team/other:sha256-{store.find(name).manifest}.sig"] = signature
    store.put(parse_reference(f"{registry.host}/team/app:3"), module(3))
    third = parse_reference(f"{registry.host}/team/app:3")
    push(store, third)
    registry.manifests[f"team/app:sha256-{store.find(third).manifest}.sig"] = signature
    policy(tmp_path, signed(pem))
    pull(ImageStore(), name)
    for wrong in (other, later, third):
        with pytest.raises(SignatureError, match="another box or another name"):
            pull(ImageStore(), wrong)
    policy(tmp_path, signed(pem, type="matchRepository"))
    pull(ImageStore(), later)
    with pytest.raises(SignatureError):
        pull(ImageStore(), other)
    policy(tmp_path, signed(pem, type="exactReference", dockerReference=str(name)))
    pull(ImageStore(), other)


def test_what_the_registry_has_is_signed_only_if_it_is_what_is_here(
    registry: FakeRegistry, store: ImageStore
) -> None:
    key, _ = pair()
    name = parse_reference(f"{registry.host}/team/app:1")
    store.put(name, module())
    push(store, name)
    store.put(name, module(2))
    with pytest.raises(SignatureError, match="it was not signed"):
        sign_pushed(store, name, key)
    assert not [tag for tag in registry.manifests if tag.endswith(".sig")]
    push(store, name)
    assert sign_pushed(store, name, key) == store.find(name).manifest


def test_what_is_in_the_store_is_held_against_the_policy_when_it_runs(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    key, pem = pair()
    name = parse_reference(f"{registry.host}/team/app:1")
    store.put(name, module())
    push(store, name)
    pull(ImageStore(), name)
    assert load_bytes(str(name)) == module()
    policy(tmp_path, signed(pem))
    with pytest.raises(SignatureError, match="no signature"):
        load_bytes(str(name))
    sign_pushed(store, name, key)
    pull(ImageStore(), name)
    assert load_bytes(str(name)) == module()
    # A retagged box has the signature, of another name.
    ImageStore().tag(name, parse_reference(f"{registry.host}/team/safe:1"))
    with pytest.raises(SignatureError):
        load_bytes(f"{registry.host}/team/safe:1")


def test_the_most_specific_scope_counts(registry: FakeRegistry, tmp_path: Path) -> None:
    store = ImageStore()
    local, name = parse_reference("app"), parse_reference(f"{registry.host}/team/app:1")
    store.put(local, module())
    store.put(name, module())
    accept = {"type": "insecureAcceptAnything"}
    path = policy(tmp_path, accept, scope=f"{registry.host}/team")
    load_bytes(str(name))
    with pytest.raises(SignatureError, match="allows no box"):
        load_bytes("app")
    policy(tmp_path, {"type": "reject"}, scope=f"{registry.host}/team/app:1",
           default="insecureAcceptAnything")  # fmt: skip
    load_bytes("app")
    with pytest.raises(SignatureError):
        load_bytes(str(name))
    fields = json.loads(path.read_text())
    fields["transports"]["boxer"] = {"": [accept]}
    fields["default"] = [{"type": "reject"}]
    path.write_text(json.dumps(fields))
    load_bytes("app")


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"default": []}', '{"default": [{"type": "signedBy"}]}',
        '{"default": [{"type": "reject", "more": 1}]}', '{"default": [{"type": "reject"}], "x": 1}',
        '{"default": [{"type": "sigstoreSigned"}]}',
        '{"default": [{"type": "sigstoreSigned", "keyPath": "/not/there"}]}',
        '{"default": [{"type": "sigstoreSigned", "keyData": "!"}]}',
        '{"default": [{"type": "sigstoreSigned", "keyDatas": []}]}',
        '{"default": [{"type": "reject"}], "default": [{"type": "insecureAcceptAnything"}]}',
        '{"default": [{"type": "reject"}], "transports": {"docker": {"": []}}}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_a_policy_that_is_not_understood_allows_nothing(
    registry: FakeRegistry, tmp_path: Path, text: str
) -> None:
    ImageStore().put(parse_reference("app"), module())
    policy(tmp_path).write_text(text)
    with pytest.raises(PolicyError):
        load_bytes("app")


def test_a_policy_that_is_named_must_be_there(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    ImageStore().put(parse_reference("app"), module())
    monkeypatch.setenv("BOXER_POLICY", "/not/there")
    with pytest.raises(PolicyError, match="is not there"):
        load_bytes("app")


def test_a_damaged_signature_counts_for_nothing(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    key, pem = pair()
    name = parse_reference(f"{registry.host}/team/app:1")
    store.put(name, module())
    push(store, name, key=key)
    tag = f"team/app:sha256-{store.find(name).manifest}.sig"
    data, kind = registry.manifests[tag]
    fields = json.loads(data)
    notes = fields["layers"][0]["annotations"]
    right = notes["dev.cosignproject.cosign/signature"]
    policy(tmp_path, signed(pem))
    for wrong in ("", "!", right[:-8] + "AAAAAAA=", base64.b64encode(b"0" * 70).decode()):
        notes["dev.cosignproject.cosign/signature"] = wrong
        registry.manifests[tag] = json.dumps(fields).encode(), kind
        with pytest.raises(SignatureError):
            pull(ImageStore(), name)
    registry.manifests[tag] = b"no manifest", kind
    with pytest.raises(SignatureError):
        pull(ImageStore(), name)


def test_openssl_takes_the_signature_for_what_it_is(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    key, pem = pair()
    name = parse_reference(f"{registry.host}/team/app:1")
    image = store.put(name, module())
    push(store, name, key=key)
    manifest = json.loads(registry.manifests[f"team/app:sha256-{image.manifest}.sig"][0])
    [layer] = manifest["layers"]
    payload = registry.blobs[layer["digest"]]
    assert json.loads(payload)["critical"]["identity"]["docker-reference"] == str(name)
    signature = layer["annotations"]["dev.cosignproject.cosign/signature"]
    (tmp_path / "payload").write_bytes(payload)
    (tmp_path / "signature").write_bytes(base64.b64decode(signature))
    (tmp_path / "key.pem").write_bytes(pem)
    words = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature"]
    done = subprocess.run([*words, "payload"], cwd=tmp_path, capture_output=True, check=False)
    assert done.stdout == b"Verified OK\n"


def test_keys_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    locked = key.private_bytes(
        s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"word")
    )
    weak = rsa.generate_private_key(65537, 1024)
    small = weak.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    monkeypatch.delenv("COSIGN_PASSWORD", raising=False)
    for data in (b"", b"no key", locked, small,
                 b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"):  # fmt: skip
        with pytest.raises(SigningKeyError):
            private_key(data, "key.pem")
    monkeypatch.setenv("COSIGN_PASSWORD", "word")
    assert private_key(locked, "key.pem")
    with pytest.raises(SigningKeyError):
        public_key(b"no key", "key.pub")
