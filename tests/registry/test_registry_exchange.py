"""Boxes pushed and pulled: what a registry has afterwards, and what the store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from boxer.blobstore import sha256
from boxer.errors import (
    ArtifactError,
    BadReferenceError,
    BoxerError,
    DamagedDownloadError,
    ImageMissingError,
    InsecureRegistryError,
    RegistryError,
    RegistryMissingError,
)
from boxer.registry import Attachment, fetch, pull, push
from boxer.store import ImageStore, TaggedName, parse_reference
from tests.registry.fake import FakeRegistry
from tests.registry.modules import module, soft_module


def named(registry: FakeRegistry, tag: str = "1") -> TaggedName:
    return parse_reference(f"{registry.host}/team/app:{tag}")


def names(store: ImageStore) -> list[str]:
    return [str(image.reference) for image in store.list()]


def files(store: ImageStore) -> list[Path]:
    folder = store.root / "blobs" / "sha256"
    return sorted(folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize("has_referrers", [True, False])
@pytest.mark.parametrize("make", [module, soft_module])
def test_a_box_comes_back_as_it_was(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path, has_referrers: bool, make: type
) -> None:
    registry.has_referrers = has_referrers
    box, name = make(), named(registry)
    sent = store.put(name, box)
    document = Attachment("application/vnd.cyclonedx+json", b'{"bomFormat": "CycloneDX"}')
    pushed = push(store, name, attachments=[document])
    assert pushed.sent == len(box)
    other = ImageStore(tmp_path / "other")
    pulled = pull(other, name)
    assert other.get(name) == box
    assert pulled.image.manifest == sent.manifest
    assert (pulled.fetched < len(box)) == (make is soft_module)
    assert pull(other, name).fetched == 0
    assert push(store, name).sent == 0


def test_what_a_registry_gets_is_a_wasm_artifact(registry: FakeRegistry, store: ImageStore) -> None:
    name, box = named(registry), module()
    store.put(name, box)
    push(store, name)
    manifest = json.loads(registry.manifests["team/app:1"][0])
    [layer] = manifest["layers"]
    config = json.loads(registry.blobs[manifest["config"]["digest"]])
    assert manifest["config"]["mediaType"] == "application/vnd.wasm.config.v0+json"
    assert layer["mediaType"] == "application/wasm"
    assert registry.blobs[layer["digest"]] == box
    assert (config["architecture"], config["os"]) == ("wasm", "wasip1")
    assert config["layerDigests"] == [layer["digest"]]


def test_who_has_an_earlier_box_fetches_what_differs(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    first, second = module(), module(change=b"one more line")
    name, later = named(registry), named(registry, "2")
    store.put(name, first)
    push(store, name)
    store.put(later, second)
    push(store, later, bases=[name])
    other = ImageStore(tmp_path / "other")
    pull(other, name)
    pulled = pull(other, later)
    assert other.get(later) == second
    assert pulled.fetched < 1000
    assert pulled.base == store.find(name).digest
    fresh = ImageStore(tmp_path / "fresh")
    assert pull(fresh, later).fetched == len(second)
    assert pull(ImageStore(tmp_path / "whole"), later, whole=True).fetched == len(second)


def test_what_a_tag_named_before_is_a_base_by_itself(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    name, other = named(registry), ImageStore(tmp_path / "other")
    store.put(name, module())
    push(store, name)
    pull(other, name)
    store.put(name, module(change=b"one more line"))
    push(store, name)
    assert pull(other, name).fetched < 1000
    assert other.get(name) == module(change=b"one more line")


def test_a_damaged_delta_costs_the_whole(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    name, box = named(registry), soft_module()
    store.put(name, box)
    push(store, name)
    [delta] = [digest for digest, data in registry.blobs.items() if data[:4] == b"(\xb5/\xfd"]
    packed = registry.blobs[delta]
    registry.blobs[delta] = packed[:-9] + bytes(9)
    other = ImageStore(tmp_path / "other")
    assert pull(other, name).fetched == len(box)
    assert other.get(name) == box


def test_a_box_is_pulled_by_its_digest(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    name = named(registry)
    image = store.put(name, module())
    push(store, name)
    store.put(name, module(2))
    push(store, name)
    other = ImageStore(tmp_path / "other")
    exact = parse_reference(f"{name.name}@sha256:{image.manifest}")
    pull(other, exact)
    assert other.get(exact) == module()
    assert names(other) == [str(exact)]
    assert other.remove(exact)
    assert files(other) == []


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        ("blob", DamagedDownloadError),
        ("short", DamagedDownloadError),
        ("endless", RegistryError),
        ("break", RegistryError),
        ("manifest-bytes", DamagedDownloadError),
    ],
)
def test_a_registry_that_lies_or_breaks_off_leaves_the_store_as_it_was(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path, broken: str, error: type[Exception]
) -> None:
    name, other = named(registry), ImageStore(tmp_path / "other")
    store.put(name, module())
    push(store, name)
    pull(other, name)
    store.put(name, module(2))
    push(store, name)
    before = files(other)
    registry.broken = broken
    with pytest.raises(error):
        pull(other, name)
    assert other.get(name) == module()
    assert files(other) == before


@pytest.mark.parametrize("broken", ["upload", "manifest"])
def test_a_push_that_breaks_off_changes_no_tag(
    registry: FakeRegistry, store: ImageStore, broken: str
) -> None:
    name = named(registry)
    store.put(name, module())
    push(store, name)
    before = registry.manifests["team/app:1"]
    registry.broken = broken
    store.put(name, module(2))
    with pytest.raises(RegistryError, match="cannot be talked to"):
        push(store, name)
    assert registry.manifests["team/app:1"] == before
    registry.broken = ""
    push(store, name)
    assert registry.manifests["team/app:1"] != before


def test_a_manifest_of_something_else_is_no_box(registry: FakeRegistry, store: ImageStore) -> None:
    name = named(registry)
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": 1}
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 1}
    digest = {"digest": "sha256:" + "0" * 64}
    manifest = {"schemaVersion": 2, "config": config | digest, "layers": [layer | digest]}
    kind = "application/vnd.oci.image.manifest.v1+json"
    registry.manifests["team/app:1"] = json.dumps(manifest).encode(), kind
    with pytest.raises(ArtifactError, match="container image"):
        pull(store, name)
    manifest["layers"] = [digest | {"mediaType": "application/wasm", "size": 1 << 33}]
    registry.manifests["team/app:1"] = json.dumps(manifest).encode(), kind
    with pytest.raises(ArtifactError, match="too large"):
        pull(store, name)
    for text in (b"[]", b"{", b"[" * 100_000, b'{"schemaVersion": 2, "layers": 3}'):
        registry.manifests["team/app:1"] = text, kind
        with pytest.raises(ArtifactError):
            pull(store, name)
    assert files(store) == []


def test_what_others_lay_beside_a_module_comes_along(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    name = named(registry)
    store.put(name, module())
    push(store, name)
    data, kind = registry.manifests["team/app:1"]
    fields = json.loads(data)
    digest = f"sha256:{sha256(b'a policy')}"
    registry.blobs[digest] = b"a policy"
    fields["layers"].append({"mediaType": "text/plain", "digest": digest, "size": 8})
    registry.manifests["team/app:more"] = json.dumps(fields).encode(), kind
    other = ImageStore(tmp_path / "other")
    pull(other, named(registry, "more"))
    assert other.get(named(registry, "more")) == module()
    assert other.blobs.get(digest.removeprefix("sha256:")) == b"a policy"


def test_of_an_index_the_manifest_for_wasm_is_taken(
    registry: FakeRegistry, store: ImageStore, tmp_path: Path
) -> None:
    name = named(registry)
    image = store.put(name, module())
    push(store, name)
    kind = "application/vnd.oci.image.index.v1+json"
    size = len(registry.manifests["team/app:1"][0])
    entries = [
        {"digest": f"sha256:{digest}", "size": size, "platform": {"architecture": kind_of}}
        for digest, kind_of in ((image.manifest, "wasm"), ("0" * 64, "amd64"))
    ]
    index = {"schemaVersion": 2, "manifests": entries}
    registry.manifests["team/app:all"] = json.dumps(index).encode(), kind
    other, both = ImageStore(tmp_path / "other"), named(registry, "all")
    assert pull(other, both).image.digest == image.digest
    index["manifests"] = entries[1:]
    registry.manifests["team/app:all"] = json.dumps(index).encode(), kind
    with pytest.raises(ArtifactError, match="0 manifests"):
        pull(other, both)


def test_what_is_no_module_is_not_kept(registry: FakeRegistry, store: ImageStore) -> None:
    name = named(registry)
    store.put(name, b"no module at all, but long enough")
    push(store, name)
    other = ImageStore(store.root.parent / "other")
    with pytest.raises(ArtifactError, match="no WebAssembly core module"):
        pull(other, name)
    assert files(other) == []


def test_a_name_is_missing_here_or_there(registry: FakeRegistry, store: ImageStore) -> None:
    with pytest.raises(RegistryMissingError, match="MANIFEST_UNKNOWN"):
        pull(store, named(registry))
    with pytest.raises(ImageMissingError):
        push(store, named(registry))
    store.put(parse_reference("app"), module())
    with pytest.raises(BadReferenceError, match="names no registry"):
        push(store, parse_reference("app"))


def test_a_registry_that_is_not_there(store: ImageStore, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be talked to"):
        pull(store, parse_reference("127.0.0.1:9/app"))


def test_plain_http_stays_on_this_host(registry: FakeRegistry, store: ImageStore) -> None:
    """Neither an upload's place nor a redirect leads to plain HTTP elsewhere."""
    name = named(registry)
    store.put(name, module())
    push(store, name)
    registry.redirect = "http://192.0.2.1/secret"
    store.put(name, module(2))
    with pytest.raises(InsecureRegistryError):
        push(store, name)
    other = ImageStore(store.root.parent / "other")
    with pytest.raises(InsecureRegistryError):
        pull(other, name)
    registry.redirect = "file:///etc/passwd"
    with pytest.raises(InsecureRegistryError):
        pull(other, name)


def test_fetching_happens_when_a_box_is_missing(
    registry: FakeRegistry, store: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = named(registry)
    store.put(name, module())
    push(store, name)
    said: list[str] = []
    fetch(str(name), tell=said.append)
    fetch(str(name), tell=said.append)
    assert said == [f"fetching `{name}`"]
    assert ImageStore().get(name) == module()
    store.put(name, module(2))
    push(store, name)
    fetch(str(name))
    assert ImageStore().get(name) == module()
    fetch(str(name), always=True)
    assert ImageStore().get(name) == module(2)
    for local in ("app", "./a/b.wasm", "team/app:1", "no name"):
        fetch(local)


def test_errors_of_a_registry_reach_no_terminal_raw(
    registry: FakeRegistry, store: ImageStore
) -> None:
    name = named(registry)
    store.put(name, module())
    registry.redirect = "/v2/team/app/blobs/uploads/1"  # without the state it is refused
    with pytest.raises(BoxerError) as caught:
        push(store, name)
    assert "DIGEST_INVALID" in str(caught.value)
    assert "\x1b" not in str(caught.value)
