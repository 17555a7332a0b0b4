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
from boxer.errors import ArchiveError, ArchiveLimitError, InputTooLargeError
from boxer.filetree import Tree, write_tar
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


def bomb(size: int) -> bytes:
    """An archive, packed, of one file of zeros."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed:
        entry = tarfile.TarInfo("zeros")
        entry.size = size
        packed.write(entry.tobuf())
        for _ in range(size >> 20):
            packed.write(bytes(1 << 20))
    return out.getvalue()


def test_an_archive_that_unpacks_to_too_much_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("boxer.cli.contexts.MOST_BYTES", 1 << 20)
    feed(monkeypatch, bomb(8 << 20))
    with pytest.raises(ArchiveLimitError), context_folder(STANDARD_INPUT, None):
        pass
    assert not list(tmp_path.iterdir())


def test_an_archive_of_too_many_files_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("boxer.cli.contexts.MOST_ENTRIES", 10)
    feed(monkeypatch, archive({f"f{number}": b"" for number in range(11)}))
    with pytest.raises(ArchiveLimitError), context_folder(STANDARD_INPUT, None):
        pass
    assert not list(tmp_path.iterdir())


def test_standard_input_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxer.cli.contexts.MOST_BYTES", 1 << 20)
    with Path("/dev/zero").open("rb") as zeros:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=zeros))
        with pytest.raises(InputTooLargeError), context_folder(STANDARD_INPUT, None):
            pass


@pytest.mark.parametrize("arguments", [["check", "-f", "/dev/zero", "."], ["inspect", "/dev/zero"]])
def test_a_file_without_an_end_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert "boxer-bug" not in capsys.readouterr().err


def test_modes_links_and_times_of_an_archive_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree()
    tree.add_file("/d/f", b"x", mode=0o4555, mtime=1_000_000_000)
    tree.add_link("/d/g", "/d/f")
    tree.add_symlink("/d/l", "/nowhere/at/all")
    tree.directory("/d").mode = 0o555
    out = io.BytesIO()
    write_tar(tree, out)
    feed(monkeypatch, out.getvalue())
    with context_folder(STANDARD_INPUT, None) as (folder, _):
        status = (folder / "d/f").stat()
        assert (status.st_mode & 0o7777, status.st_mtime) == (0o4755, 1_000_000_000)
        assert (folder / "d/g").samefile(folder / "d/f")
        assert (folder / "d/l").readlink() == Path("/nowhere/at/all")
    assert not folder.exists()
