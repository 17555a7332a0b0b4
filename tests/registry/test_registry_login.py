"""Who a registry lets in, and where logins are kept: docker's own places."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest

from boxer.errors import (
    CredentialsError,
    InsecureRegistryError,
    RegistryDeniedError,
    RegistryError,
)
from boxer.registry import Credentials, Transport, check_login, forget, keep, pull, push
from boxer.store import ImageStore, parse_reference
from tests.registry.fake import BASIC, PASSWORD, USER, FakeRegistry
from tests.registry.modules import module

LOGIN = Credentials(USER, PASSWORD)
HELPER = """#!/bin/sh
echo "$1 $(cat)" >> {log}
case "$1" in
get) {get} ;;
esac
"""


def config(folder: Path) -> Path:
    return folder / "docker" / "config.json"


def write_config(folder: Path, fields: object) -> None:
    config(folder).parent.mkdir(exist_ok=True)
    config(folder).write_text(json.dumps(fields))


def helper(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, get: str) -> Path:
    program = folder / "bin" / f"docker-credential-{name}"
    program.parent.mkdir(exist_ok=True)
    program.write_text(HELPER.format(log=folder / "asked", get=get))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return folder / "asked"


@pytest.mark.parametrize("auth", ["basic", "token"])
def test_a_login_lets_push_and_pull(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path, auth: str
) -> None:
    registry.auth = auth
    name = parse_reference(f"{registry.host}/team/app")
    store.put(name, module())
    with pytest.raises(RegistryDeniedError, match=r"wants a login|refuses the login"):
        push(store, name)
    check_login(Transport(registry.host), LOGIN)
    keep(registry.host, LOGIN)
    push(store, name)
    other = ImageStore(tmp_path / "other")
    pull(other, name)
    assert other.get(name) == module()
    if auth == "token":
        [asked] = {json.dumps(request) for request in registry.token_requests[2:]}
        assert json.loads(asked) == {
            "service": ["the, service"], "scope": ["repository:a:pull,push"], "account": [USER],
        }  # fmt: skip
        said = {value for _, path, value in registry.asked if path != "/token"}
        assert BASIC not in said


@pytest.mark.parametrize("auth", ["basic", "token"])
def test_a_wrong_password_is_refused(registry: FakeRegistry, auth: str) -> None:
    registry.auth = auth
    with pytest.raises(RegistryDeniedError):
        check_login(Transport(registry.host), Credentials(USER, "another"))


def test_an_identity_token_is_exchanged(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    registry.auth = "token"
    auth = base64.b64encode(f"{USER}:".encode()).decode()
    entry = {"auth": auth, "identitytoken": registry.refresh_token}
    write_config(tmp_path, {"auths": {registry.host: entry}})
    name = parse_reference(f"{registry.host}/team/app")
    store.put(name, module())
    push(store, name)
    [first, *_] = registry.token_requests
    assert first["grant_type"] == ["refresh_token"]


def test_a_password_is_sent_to_no_other_host_in_the_clear(
    registry: FakeRegistry, store: ImageStore
) -> None:
    registry.auth = "token"
    registry.realm = "http://192.0.2.1/token"
    with pytest.raises(InsecureRegistryError):
        check_login(Transport(registry.host), LOGIN)


def test_a_password_does_not_follow_a_redirect(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    from tests.registry import fake

    registry.auth = "basic"
    keep(registry.host, LOGIN)
    name = parse_reference(f"{registry.host}/team/app")
    store.put(name, module())
    push(store, name)
    with fake.running() as elsewhere:
        elsewhere.blobs = registry.blobs
        digest = store.find(name).digest
        registry.redirect = f"http://{elsewhere.host}/v2/x/blobs/sha256:{digest}"
        with pytest.raises(RegistryError):  # the configuration is led astray, too
            pull(ImageStore(tmp_path / "other"), name, whole=True)
        assert elsewhere.asked
        assert {value for _, _, value in elsewhere.asked} == {""}


def test_logins_are_kept_where_docker_keeps_them(registry: FakeRegistry, tmp_path: Path) -> None:
    write_config(tmp_path, {"auths": {"other.example": {"auth": "eDp5"}}, "detachKeys": "ctrl-q"})
    where = keep(registry.host, LOGIN)
    assert where == str(config(tmp_path))
    assert stat.S_IMODE(config(tmp_path).stat().st_mode) == 0o600
    fields = json.loads(config(tmp_path).read_text())
    assert fields["detachKeys"] == "ctrl-q"
    text = base64.b64decode(fields["auths"][registry.host]["auth"]).decode()
    assert text == f"{USER}:{PASSWORD}"
    assert forget(registry.host)
    assert not forget(registry.host)
    assert list(json.loads(config(tmp_path).read_text())["auths"]) == ["other.example"]


@pytest.mark.parametrize("key", ["https://{}", "https://{}/v1/", "https://{}/v2/", "{}"])
def test_names_of_registries_as_docker_wrote_them(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path, key: str
) -> None:
    registry.auth = "basic"
    auth = BASIC.removeprefix("Basic ")
    write_config(tmp_path, {"auths": {key.format(registry.host): {"auth": auth}}})
    name = parse_reference(f"{registry.host}/team/app")
    store.put(name, module())
    push(store, name)


@pytest.mark.parametrize("kind", ["credsStore", "credHelpers"])
def test_credential_helpers_are_asked(
    registry: FakeRegistry,
    store: ImageStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    registry.auth = "basic"
    answer = json.dumps({"Username": USER, "Secret": PASSWORD})
    asked = helper(tmp_path, monkeypatch, "vault", f"echo '{answer}'")
    write_config(tmp_path, {kind: "vault" if kind == "credsStore" else {registry.host: "vault"}})
    name = parse_reference(f"{registry.host}/team/app")
    store.put(name, module())
    push(store, name)
    assert asked.read_text().splitlines()[0] == f"get {registry.host}"
    assert keep(registry.host, LOGIN) == "docker-credential-vault"
    assert PASSWORD not in config(tmp_path).read_text()
    assert forget(registry.host)
    orders = [line.split(" ", 1)[0] for line in asked.read_text().splitlines()]
    assert orders[-3:] == ["store", "get", "erase"]


def test_a_helper_that_knows_nothing_is_no_login(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, "vault", "echo credentials not found in native keychain; exit 1")
    write_config(tmp_path, {"credsStore": "vault"})
    name = parse_reference(f"{registry.host}/team/app")
    store.put(name, module())
    push(store, name)
    registry.auth = "basic"
    with pytest.raises(RegistryDeniedError, match="wants a login"):
        push(store, name)


@pytest.mark.parametrize(
    "fields",
    [
        {"credsStore": "../../evil"},
        {"credsStore": "not-there"},
        {"credsStore": 3},
        {"auths": {"HOST": {"auth": "no base64!"}}},
        {"auths": []},
        [],
    ],
)
def test_a_configuration_that_is_none(
    registry: FakeRegistry,
    store: ImageStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fields: object,
) -> None:
    registry.auth = "basic"
    write_config(tmp_path, json.loads(json.dumps(fields).replace("HOST", registry.host)))
    name = parse_reference(f"{registry.host}/team/app")
    store.put(name, module())
    with pytest.raises(CredentialsError):
        push(store, name)


def test_no_helper_of_the_current_folder_is_started(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.auth = "basic"
    asked = helper(tmp_path, monkeypatch, "vault", "echo '{}'")
    monkeypatch.chdir(tmp_path / "bin")
    monkeypatch.setenv("PATH", ":.:/usr/bin:/bin")
    write_config(tmp_path, {"credsStore": "vault"})
    name = parse_reference(f"{registry.host}/team/app")
    store.put(name, module())
    with pytest.raises(CredentialsError, match="is not there"):
        push(store, name)
    assert not asked.exists()
