"""Which connections are made at all: TLS, its authorities, and plain HTTP where it may be."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxer.errors import InsecureRegistryError, RegistryError, RegistryPackagesError
from boxer.registry import Credentials, Transport, check_login, pull, push, transport
from boxer.store import ImageStore, check_signed, load, parse_reference, save
from tests.registry import fake
from tests.registry.fake import FakeRegistry
from tests.registry.modules import module
from tests.registry.test_registry_signatures import pair

pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "cert.pem", folder / "key.pem"
    pem[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    pem[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, plain))
    return pem


@pytest.fixture
def secure(
    registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeRegistry]:
    """A registry over TLS, whose authority nobody knows. `registry` is there for its home."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with fake.running(context) as running:
        yield running


def test_an_authority_that_is_not_known_is_refused_even_here(
    secure: FakeRegistry, store: ImageStore
) -> None:
    name = parse_reference(f"{secure.host}/team/app:1")
    store.put(name, module())
    for insecure in (False, True):
        with pytest.raises(RegistryError, match="CERTIFICATE_VERIFY_FAILED"):
            push(store, name, insecure=insecure)
    assert secure.asked == []


def test_an_authority_that_the_user_names_is_known(
    secure: FakeRegistry, store: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    name = parse_reference(f"{secure.host}/team/app:1")
    store.put(name, module())
    push(store, name)
    other = ImageStore(tmp_path / "other")
    pull(other, name)
    assert other.get(name) == module()


def test_nothing_leads_from_tls_to_plain_http(
    secure: FakeRegistry,
    registry: FakeRegistry,
    store: ImageStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    name = parse_reference(f"{secure.host}/team/app:1")
    store.put(name, module())
    push(store, name)
    secure.redirect = f"http://{registry.host}/v2/x"
    with pytest.raises(InsecureRegistryError):
        pull(ImageStore(tmp_path / "other"), name)
    secure.auth = "token"
    secure.realm = f"http://{registry.host}/token"
    with pytest.raises(InsecureRegistryError):
        check_login(Transport(secure.host), Credentials(fake.USER, fake.PASSWORD))
    assert registry.asked == []


def test_plain_http_elsewhere_has_to_be_asked_for(
    registry: FakeRegistry, store: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "is_loopback", lambda host: False)
    name = parse_reference(f"{registry.host}/team/app:1")
    store.put(name, module())
    with pytest.raises(InsecureRegistryError, match="plain HTTP"):
        push(store, name)
    assert registry.manifests == {}
    push(store, name, insecure=True)
    assert "team/app:1" in registry.manifests


def test_signatures_travel_in_archives(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    key, pem = pair()
    name = parse_reference(f"{registry.host}/team/app:1")
    store.put(name, module())
    push(store, name, key=key)
    pull(store, name)
    (tmp_path / "boxes.tar").write_bytes(b"".join(save(store, [name])))
    other = ImageStore(tmp_path / "other")
    load(other, tmp_path / "boxes.tar")
    assert check_signed(other, name, "key", pem)


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "urllib3", None)
    with pytest.raises(RegistryPackagesError) as caught:
        Transport("127.0.0.1:5000")
    assert caught.value.hint == "pip install 'boxer[registry]'"
