"""Contexts and Dockerfiles that come on standard input."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from boxer.cli import main
from boxer.cli.contexts import context_folder
from boxer.errors import ArchiveError
from boxer.pipeline import check

STANDARD_INPUT = Path("-")
TEXT = b'FROM python:3.13\nCMD ["python"]\n'


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as writer:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            writer.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def test_a_folder_is_what_it_is(tmp_path: Path) -> None:
    with context_folder(tmp_path, Path("x")) as found:
        assert found == (tmp_path, Path("x"))


def test_a_dockerfile_alone_has_an_empty_context(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, TEXT)
    with context_folder(STANDARD_INPUT, None) as (folder, dockerfile):
        assert dockerfile is None
        assert [path.name for path in folder.iterdir()] == ["Dockerfile"]
        assert (folder / "Dockerfile").read_bytes() == TEXT
    assert not folder.exists()


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress])
def test_an_archive_is_a_context(
    monkeypatch: pytest.MonkeyPatch, compress: Callable[[bytes], bytes]
) -> None:
    feed(monkeypatch, compress(archive({"docker/Own": TEXT, "app.py": b"print(1)"})))
    with context_folder(STANDARD_INPUT, Path("docker/Own")) as (folder, dockerfile):
        assert dockerfile is not None
        assert dockerfile.read_bytes() == TEXT
        assert (folder / "app.py").read_bytes() == b"print(1)"


@pytest.mark.parametrize("name", ["../out", "/etc/boxer-was-here"])
def test_an_archive_writes_nothing_outside(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    feed(monkeypatch, archive({name: b"x"}))
    if name.startswith("/"):  # as tar does: below the folder
        with context_folder(STANDARD_INPUT, None) as (folder, _):
            assert (folder / name.lstrip("/")).is_file()
    else:
        with pytest.raises(ArchiveError), context_folder(STANDARD_INPUT, None):
            pass
    assert not Path(name).exists()


def test_a_dockerfile_on_standard_input_has_a_context(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    feed(monkeypatch, b"FROM python:3.13\nMAINTAINER me\n")
    found = check(tmp_path, STANDARD_INPUT)
    assert [str(finding.where) for finding in found] == ["-:2"]


def test_a_context_on_the_network_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "-q", "https://example.org/project.git"]) == 1
    assert "clone or download it" in capsys.readouterr().err


def test_no_folder_of_ours_is_named_in_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, place in (
        (b"FROM scratch\nNONSENSE\n", "Dockerfile:2"),
        (b"FROM scratch\nCOPY none /\n", "Dockerfile:2"),
    ):
        feed(monkeypatch, text)
        assert main(["build", "-o", "x.wasm", "-"]) == 1
        said = capsys.readouterr().err
        assert f"  --> {place}\n" in said
        assert "boxer-context-" not in said
    feed(monkeypatch, archive({"other": b""}))
    assert main(["build", "-o", "x.wasm", "-"]) == 1
    assert "There is no `Dockerfile` in `-`." in capsys.readouterr().err
