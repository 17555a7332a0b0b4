from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.blobstore import Blobs, sha256


def test_what_is_put_is_got(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    digest = blobs.put(b"bytes")
    assert digest == sha256(b"bytes")
    assert blobs.get(digest) == b"bytes"
    assert blobs.put(b"bytes") == digest


def test_absent_is_none(tmp_path: Path) -> None:
    assert Blobs(tmp_path).get(sha256(b"x")) is None


def test_damaged_blob_is_removed_and_absent(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    digest = blobs.put(b"bytes")
    blobs.path(digest).write_bytes(b"bytez")
    assert blobs.get(digest) is None
    assert not blobs.path(digest).exists()


def test_put_mends_a_damaged_blob(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    digest = blobs.put(b"bytes")
    blobs.path(digest).write_bytes(b"bytez")
    blobs.put(b"bytes")
    assert blobs.get(digest) == b"bytes"


@given(name=st.text())
def test_what_is_no_digest_is_absent_and_no_path(name: str) -> None:
    blobs = Blobs(Path("unused"))
    if len(name) == 64 and set(name) <= set("0123456789abcdef"):
        return
    assert blobs.get(name) is None
    with pytest.raises(ValueError, match="not a sha256"):
        blobs.path(name)
