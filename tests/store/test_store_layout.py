"""The store of named boxes as an OCI image layout: others' changes, old stores, many at once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from boxer.blobstore import Blobs, sha256
from boxer.errors import BadReferenceError, DamagedDownloadError, ImageMissingError, StoreError
from boxer.store import Descriptor, ImageStore, parse_reference
from tests.registry.modules import module

APP = parse_reference("app:1")


def index(store: ImageStore) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((store.root / "index.json").read_bytes())
    return found


def test_the_store_is_an_image_layout(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    image = store.put(APP, module())
    assert json.loads((tmp_path / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    [entry] = index(store)["manifests"]
    assert entry["annotations"]["org.opencontainers.image.ref.name"] == "app:1"
    assert entry["digest"] == f"sha256:{image.manifest}"
    assert (tmp_path / "blobs" / "sha256" / image.digest).read_bytes() == module()


def test_a_store_of_before_is_taken_over(tmp_path: Path) -> None:
    digest = Blobs(tmp_path / "blobs").put(module())
    for name in ("app/1.json", "team/app/latest.json", "gone/1.json", "bad/1.json"):
        path = tmp_path / "tags" / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"digest": digest, "size": len(module())}))
    (tmp_path / "tags/gone/1.json").write_text(json.dumps({"digest": "0" * 64, "size": 1}))
    (tmp_path / "tags/bad/1.json").write_text("no JSON")
    store = ImageStore(tmp_path)
    assert [str(image.reference) for image in store.list()] == ["app:1", "team/app:latest"]
    assert store.get(APP) == module()
    assert not store.remove(APP)
    assert store.remove(parse_reference("team/app"))
    assert list(ImageStore(tmp_path).list()) == []


def test_what_another_program_writes_into_the_index_counts(tmp_path: Path) -> None:
    """Also for the launcher, whose files are made anew."""
    store = ImageStore(tmp_path)
    first = store.put(APP, module(1))
    second = store.put(parse_reference("other"), module(2))
    fields = index(store)
    entries = fields["manifests"]
    assert isinstance(entries, list)
    entries[0]["digest"], entries[0]["size"] = entries[1]["digest"], entries[1]["size"]
    entries[0]["note"] = "mine"
    entries.append({"mediaType": "x/y", "digest": "sha256:" + "7" * 64, "size": 3})
    (tmp_path / "index.json").write_text(json.dumps(fields))
    assert store.get(APP) == module(2)
    assert store.path(APP).name == second.digest
    tag = json.loads((tmp_path / "tags" / "app" / "1.json").read_text())
    assert tag["digest"] == second.digest != first.digest
    store.tag(APP, parse_reference("third"))
    kept = index(store)["manifests"]
    assert isinstance(kept, list)
    assert kept[0]["note"] == "mine"
    assert kept[2]["mediaType"] == "x/y"


def test_a_box_whose_name_another_got_goes_when_it_is_asked_for(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    first = store.put(APP, module(1))
    store.put(APP, module(2))
    assert store.blobs.get(first.digest)
    assert store.remove_unnamed() == 1
    assert store.blobs.get(first.digest) is None
    assert store.get(APP) == module(2)
    store.put(APP, module(2))
    assert store.remove_unnamed() == 0


def test_what_is_attached_goes_with_its_box(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    image = store.put(APP, module())
    data, manifest = store.manifest(image)
    store.blobs.put(b'{"schemaVersion": 2, "config": {}}')
    kind = "application/vnd.oci.image.manifest.v1+json"
    config = manifest.config.to_json()
    about = json.dumps({"schemaVersion": 2, "config": config, "layers": []}).encode()
    store.blobs.put(about)
    attached = [Descriptor(kind, sha256(about), len(about))]
    store.name(APP, Descriptor(kind, image.manifest, len(data)), attached)
    assert [found[0] for found in store.attached(image)] == [about]
    assert store.remove(APP)
    assert store.blobs.get(sha256(about)) is None
    assert index(store)["manifests"] == []


def test_many_at_once_lose_no_name(tmp_path: Path) -> None:
    def put(number: int) -> None:
        for tag in range(5):
            ImageStore(tmp_path).put(parse_reference(f"app{number}:{tag}"), module(number))

    threads = [threading.Thread(target=put, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(ImageStore(tmp_path).list())) == 30
    assert len(list((tmp_path / "tags").rglob("*.json"))) == 30


def test_a_manifest_without_its_blobs_gets_no_name(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    image = store.put(APP, module())
    data, _ = store.manifest(image)
    store.remove(APP)
    digest = store.blobs.put(data)
    with pytest.raises(StoreError, match="has gone"):
        store.name(APP, Descriptor("application/vnd.oci.image.manifest.v1+json", digest, len(data)))
    with pytest.raises(ImageMissingError):
        store.find(APP)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schemaVersion": 2, "manifests": [3]}'])
def test_a_damaged_index_is_said_and_not_written_over(tmp_path: Path, text: str) -> None:
    store = ImageStore(tmp_path)
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(StoreError):
        store.put(APP, module())
    assert (tmp_path / "index.json").read_text() == text


def test_blobs_that_come_in_pieces_are_checked(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    blobs.receive(sha256(b"abc"), [b"a", b"bc"])
    assert blobs.get(sha256(b"abc")) == b"abc"
    with pytest.raises(DamagedDownloadError):
        blobs.receive(sha256(b"abd"), [b"a", b"bc"])
    assert [path.name for path in (tmp_path / "sha256").iterdir()] == [sha256(b"abc")]


@pytest.mark.parametrize(
    ("text", "host", "repository", "tag"),
    [
        ("app", "", "app", "latest"),
        ("team/app:1.0", "", "team/app", "1.0"),
        ("localhost/app", "localhost", "app", "latest"),
        ("localhost:5000/app", "localhost:5000", "app", "latest"),
        ("127.0.0.1:5000/team/app:v1", "127.0.0.1:5000", "team/app", "v1"),
        ("registry.example/a/b/c", "registry.example", "a/b/c", "latest"),
        ("registry.example/app@sha256:" + "a" * 64, "registry.example", "app", ""),
        ("registry.example/app:1@sha256:" + "a" * 64, "registry.example", "app", "1"),
    ],
)
def test_names(text: str, host: str, repository: str, tag: str) -> None:
    found = parse_reference(text)
    assert (found.host, found.repository, found.tag) == (host, repository, tag)
    assert parse_reference(str(found)) == found


@pytest.mark.parametrize(
    "text",
    ["", "App", "a//b", "/a", "a/", "a:b/c", "a:", "host:123456/a", "a@sha256:0", "../a", "a:.b",
     "a b", "a\n", "x" * 400, "a@md5:" + "0" * 64],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(BadReferenceError):
        parse_reference(text)
