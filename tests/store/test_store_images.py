"""Named boxes: kept once however many names they have, and gone with the last of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxer.errors import ImageMissingError
from boxer.store import ImageStore, parse_reference


def test_a_box_is_gone_with_its_last_name(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "images")
    first, second, other = map(parse_reference, ("team/app:1", "team/app:2", "other"))
    digest = store.put(first, b"a box").digest
    store.put(second, b"a box")
    store.put(other, b"another")
    assert not store.remove(first)
    assert store.get(second) == b"a box"
    assert store.remove(second)
    assert store.blobs.get(digest) is None
    assert [image.reference for image in store.list()] == [other]
    assert [path.name for path in (tmp_path / "images" / "tags").iterdir()] == ["other"]


def test_a_name_that_is_not_there_cannot_be_removed(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "images")
    store.put(parse_reference("app"), b"a box")
    with pytest.raises(ImageMissingError):
        store.remove(parse_reference("app:2"))
    assert store.get(parse_reference("app")) == b"a box"
