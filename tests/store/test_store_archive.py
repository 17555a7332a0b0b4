"""Boxes in archives: saved, loaded, damaged."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from boxer.errors import ArtifactError, BoxerError, DamagedDownloadError, StoreError
from boxer.store import ImageStore, load, parse_reference, save
from tests.registry.modules import module

FIRST, SECOND = parse_reference("app:1"), parse_reference("localhost:5000/team/app:2")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    store = ImageStore(tmp_path / "store")
    store.put(FIRST, module(1))
    store.put(SECOND, module(2))
    path = tmp_path / "boxes.tar"
    path.write_bytes(b"".join(save(store, [FIRST, SECOND])))
    return path


def changed(archive: Path, change: dict[str, bytes | None]) -> Path:
    """The archive with other members; None: without it."""
    found = archive.with_name("changed.tar")
    with tarfile.open(archive) as old, tarfile.open(found, "w") as new:
        for member in old:
            file = old.extractfile(member)
            assert file
            data = change.get(member.name, file.read())
            if data is not None:
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
    return found


def test_boxes_come_back_with_their_names(archive: Path, tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "other")
    assert [image.reference for image in load(store, archive)] == [FIRST, SECOND]
    assert store.get(FIRST) == module(1)
    assert store.get(SECOND) == module(2)
    assert b"".join(save(store, [FIRST, SECOND])) == archive.read_bytes()


def test_a_folder_is_loaded_too_and_its_one_box_renamed(archive: Path, tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "one")
    store.put(FIRST, module(1))
    other = ImageStore(tmp_path / "other")
    load(other, tmp_path / "one", parse_reference("renamed"))
    assert other.get(parse_reference("renamed")) == module(1)
    with pytest.raises(StoreError, match="2 boxes"):
        load(other, archive, FIRST)


def test_a_damaged_archive_changes_no_name(archive: Path, tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "other")
    image = ImageStore(tmp_path / "store").find(FIRST)
    layer = f"blobs/sha256/{image.digest}"
    manifest = f"blobs/sha256/{image.manifest}"
    other = module(1)[:-1] + b"!"
    cases: list[tuple[dict[str, bytes | None], type[BoxerError]]] = [
        ({layer: other}, DamagedDownloadError),
        ({layer: module(1) + b"more"}, StoreError),
        ({layer: module(1)[:-1]}, DamagedDownloadError),
        ({layer: None}, StoreError),
        ({layer: b"no module"}, ArtifactError),
        ({manifest: b"{}"}, StoreError),
        ({manifest: None}, StoreError),
        ({"index.json": None}, StoreError),
        ({"index.json": b"{}"}, ArtifactError),
    ]
    for change, error in cases:
        with pytest.raises(error):
            load(store, changed(archive, change))
    assert list(store.list()) == []
    (tmp_path / "no.tar").write_bytes(b"no archive")
    with pytest.raises(StoreError, match="no tar archive"):
        load(store, tmp_path / "no.tar")
    (tmp_path / "cut.tar").write_bytes(archive.read_bytes()[:-150_000])
    with pytest.raises(BoxerError):
        load(store, tmp_path / "cut.tar")


def test_names_in_an_archive_lead_nowhere_else(archive: Path, tmp_path: Path) -> None:
    """An index's names are names of boxes, and members are found by digest alone."""
    index = (tmp_path / "store" / "index.json").read_bytes()
    for name in (b"../../../etc/passwd", b"/etc/passwd", b"", b"app:1/../../x"):
        store = ImageStore(tmp_path / "other")
        bad = index.replace(b'"app:1"', b'"' + name + b'"')
        with pytest.raises(StoreError, match="without a name"):
            load(store, changed(archive, {"index.json": bad}))
        assert list(store.list()) == []
