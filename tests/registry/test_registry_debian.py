"""Debian's registry (2.8, without the referrers API) and skopeo, on loopback."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxer.errors import RegistryDeniedError, RegistryMissingError
from boxer.registry import Attachment, Credentials, Transport, check_login, keep, pull, push
from boxer.store import ImageStore, load, parse_reference
from tests.debian import environment, started, unpacked
from tests.ports import free_port
from tests.registry.conftest import at_home
from tests.registry.modules import module

# bcrypt of `a pass:word`, the only sum that this registry reads.
HTPASSWD = "reader:$2b$05$abcdefghijklmnopqrstuu10lxYOyE3chuoYxKhfTNqEK/po8Rjfe\n"
SKOPEO = ("skopeo", "libgpgme11", "libassuan0", "libdevmapper1.02.1", "libgpg-error0")


@contextlib.contextmanager
def registry(folder: Path, auth: str = "") -> Iterator[str]:
    program = unpacked("docker-registry") / "usr/bin/docker-registry"
    port = free_port()
    text = f"""
version: 0.1
log: {{accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder / "data"}}}}}
http: {{addr: '127.0.0.1:{port}'}}
{auth}
"""
    (folder / "registry.yml").write_text(text)
    with started([program, "serve", folder / "registry.yml"], port):
        yield f"127.0.0.1:{port}"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    at_home(tmp_path, monkeypatch)
    with registry(tmp_path) as running:
        yield running


def copy(source: object, target: object, home: Path) -> None:
    """`skopeo copy`, as it comes, between plain registries and layouts."""
    files = unpacked(*SKOPEO)
    env = {**environment(files), "HOME": str(home)}
    libraries = [str(path) for path in (files / "lib").glob("*-linux-gnu")]
    env["LD_LIBRARY_PATH"] += ":" + ":".join(libraries)
    flags = ["--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false"]
    words = [str(files / "usr/bin/skopeo"), *flags, str(source), str(target)]
    done = subprocess.run(words, env=env, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_boxes_go_there_and_come_back(host: str, tmp_path: Path) -> None:
    """Deltas and what is attached are found by the tag that stands in for the referrers API."""
    store, other = ImageStore(tmp_path / "store"), ImageStore(tmp_path / "other")
    name = parse_reference(f"{host}/team/app:1")
    store.put(name, module())
    push(store, name, attachments=[Attachment("application/vnd.cyclonedx+json", b"{}")])
    pull(other, name)
    store.put(name, module(change=b"one more line"))
    pushed = push(store, name, attachments=[Attachment("application/vnd.cyclonedx+json", b"{}")])
    assert [base for base, _ in pushed.deltas] == [other.find(name).digest]
    assert pull(other, name).fetched < 1000
    assert other.get(name) == module(change=b"one more line")
    with pytest.raises(RegistryMissingError):
        pull(other, parse_reference(f"{host}/team/app:3"))


def test_a_password_is_needed_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    auth = f"auth: {{htpasswd: {{realm: tests, path: {tmp_path / 'htpasswd'}}}}}"
    with registry(tmp_path, auth) as host:
        store, name = ImageStore(tmp_path / "store"), parse_reference(f"{host}/team/app:1")
        store.put(name, module())
        with pytest.raises(RegistryDeniedError):
            push(store, name)
        with pytest.raises(RegistryDeniedError):
            check_login(Transport(host), Credentials("reader", "another"))
        login = Credentials("reader", "a pass:word")
        check_login(Transport(host), login)
        keep(host, login)
        push(store, name)
        pull(ImageStore(), name)
        assert ImageStore().get(name) == module()


def test_skopeo_copies_boxes(host: str, tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "store")
    name = parse_reference(f"{host}/team/app:1")
    store.put(name, module())
    push(store, name)
    copy(f"docker://{name}", f"docker://{host}/copied/app:2", tmp_path)
    other = ImageStore(tmp_path / "other")
    there = pull(other, parse_reference(f"{host}/copied/app:2"))
    assert there.image.manifest == store.find(name).manifest
    # Out of the store's own folder, and into a layout that is loaded.
    copy(f"oci:{store.root}:{name}", f"docker://{host}/own/app:3", tmp_path)
    copy(f"docker://{host}/own/app:3", f"oci:{tmp_path}/layout:app:3", tmp_path)
    load(other, tmp_path / "layout")
    assert other.get(parse_reference("app:3")) == module()
    # Straight into the store.
    copy(f"docker://{host}/own/app:3", f"oci:{other.root}:straight:1", tmp_path)
    assert other.get(parse_reference("straight:1")) == module()
