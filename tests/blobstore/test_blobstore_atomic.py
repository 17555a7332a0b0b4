from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxer.blobstore import make_folder, write_atomically, write_file
from boxer.errors import WriteError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_all_chunks(tmp_path: Path) -> None:
    write_atomically(tmp_path / "box.wasm", [b"one", memoryview(b"two"), b""])
    assert (tmp_path / "box.wasm").read_bytes() == b"onetwo"
    assert names(tmp_path) == ["box.wasm"]


def test_mode_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "f", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o640


def test_replaces_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "f"
    target.write_bytes(b"old")
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"


def test_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, b"box")
        assert os.read(reader, 10) == b"box"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert names(tmp_path) == ["pipe"]


def test_hint_fits_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(WriteError) as caught:
        write_atomically(tmp_path / "none" / "box.wasm", b"")
    assert caught.value.hint == f"Make the folder first: `mkdir -p {tmp_path / 'none'}`."


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:3]))
    write_atomically(tmp_path / "f", b"0123456789")
    monkeypatch.undo()
    assert (tmp_path / "f").read_bytes() == b"0123456789"


def test_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"old")
    real = os.write
    room = iter([4, 4])

    def write(descriptor: int, data: memoryview) -> int:
        size = next(room, 0)
        if size == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[:size])

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(WriteError, match="No space left on device") as caught:
        write_atomically(tmp_path / "f", bytes(100))
    monkeypatch.undo()
    assert caught.value.reference == "cannot-write"
    assert (tmp_path / "f").read_bytes() == b"old"
    assert names(tmp_path) == ["f"]


def test_file_size_limit_of_the_process_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import pathlib, resource, sys\n"
        "from boxer.blobstore import write_atomically\n"
        "from boxer.errors import WriteError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        "    write_atomically(pathlib.Path(sys.argv[1]) / 'f', bytes(100_000))\n"
        "except WriteError as error:\n"
        "    print(error.reference)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "cannot-write\n"
    assert names(tmp_path) == []


def test_interrupted_chunks_leave_nothing(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"some"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "f", chunks())
    assert names(tmp_path) == []


def test_missing_folder_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(WriteError) as caught:
        write_atomically(tmp_path / "none" / "f", b"x")
    assert caught.value.hint is not None


def test_make_folder_refused_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(WriteError):
        make_folder(tmp_path / "f" / "g")


WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from boxer.blobstore import write_atomically, write_file

def chunks():
    yield b"x" * 1000
    os.kill(os.getpid(), signal.SIGKILL)

def fill(descriptor):
    os.write(descriptor, b"x" * 1000)
    os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[2])
if sys.argv[1] == "chunks":
    write_atomically(folder / "f", chunks())
else:
    write_file(folder / "f", fill)
"""


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="no files without names here")
@pytest.mark.parametrize("how", ["chunks", "fill"])
def test_a_process_that_is_killed_leaves_nothing(tmp_path: Path, how: str) -> None:
    try:
        os.close(os.open(tmp_path, os.O_TMPFILE | os.O_WRONLY))
    except OSError:
        pytest.skip("no files without names on this file system")
    ended = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, how, str(tmp_path)], check=False)
    assert ended.returncode == -9
    assert names(tmp_path) == []


def test_files_have_names_at_once_where_the_system_needs_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    write_atomically(tmp_path / "f", b"x")

    def fill(descriptor: int) -> None:
        os.write(descriptor, b"y")

    write_file(tmp_path / "g", fill)
    assert ((tmp_path / "f").read_bytes(), (tmp_path / "g").read_bytes()) == (b"x", b"y")
    assert names(tmp_path) == ["f", "g"]
