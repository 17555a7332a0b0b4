from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxer.boxfile import Box
from boxer.errors import MountError
from boxer.runtime import Limits, Mount, run
from boxer.runtime.abi import Errno
from boxer.runtime.mounts import folders_of

MakeBox = Callable[..., Box]

# Opens the path at 64 (of `size` bytes) below the first mount, reads it, and prints it.
READ_FILE = """
(local $errno i32)
(local.set $errno
  (call $path_open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const {size}) (i32.const 0)
    (i64.const 0x2) (i64.const 0) (i32.const 0) (i32.const 32)))
(if (local.get $errno) (then (call $proc_exit (local.get $errno))))
(i32.store (i32.const 16) (i32.const 1024))
(i32.store (i32.const 20) (i32.const 4096))
(local.set $errno
  (call $fd_read (i32.load (i32.const 32)) (i32.const 16) (i32.const 1) (i32.const 36)))
(if (local.get $errno) (then (call $proc_exit (local.get $errno))))
(drop (call $fd_close (i32.load (i32.const 32))))
(drop (call $say (i32.const 1024) (i32.load (i32.const 36)) (i32.const 1)))
"""

# Creates the file at 64 and writes "data" (at 200) into it.
WRITE_FILE = """
(local $errno i32)
(i32.store (i32.const 200) (i32.const 0x61746164))
(local.set $errno
  (call $path_open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const {size}) (i32.const 1)
    (i64.const 0x40) (i64.const 0) (i32.const 0) (i32.const 32)))
(if (local.get $errno) (then (call $proc_exit (local.get $errno))))
(call $proc_exit (call $say (i32.const 200) (i32.const 4) (i32.load (i32.const 32))))
"""


def reader(box: MakeBox, name: str) -> Box:
    body = READ_FILE.format(size=len(name.encode()))
    return box(body, "path_open", "fd_read", "fd_close", image=name.encode())


def writer(box: MakeBox, name: str) -> Box:
    return box(WRITE_FILE.format(size=len(name.encode())), "path_open", image=name.encode())


def test_mounted_file_is_read(box: MakeBox, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(b"from the host")
    result = run(reader(box, "note.txt"), mounts=[Mount(tmp_path, "/data")])
    assert (result.exit_code, result.stdout) == (0, b"from the host")


def test_file_is_written_where_the_mount_allows(box: MakeBox, tmp_path: Path) -> None:
    assert run(writer(box, "new"), mounts=[Mount(tmp_path, "/data")]).exit_code == 0
    assert (tmp_path / "new").read_bytes() == b"data"


def test_read_only_mount_stays_as_it_was(box: MakeBox, tmp_path: Path) -> None:
    result = run(writer(box, "new"), mounts=[Mount(tmp_path, "/data", read_only=True)])
    assert result.exit_code != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "link", "up/secret"])
def test_nothing_outside_of_the_mount_is_reached(box: MakeBox, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to("../secret")
    (inside / "up").symlink_to("..")
    result = run(reader(box, name), mounts=[Mount(inside, "/data")])
    assert result.exit_code != 0
    assert result.stdout == b""


def test_streams_stay_ours_with_a_mount(box: MakeBox, tmp_path: Path) -> None:
    made = box(
        "(loop (drop (call $say (i32.const 64) (i32.const 4) (i32.const 1))) (br 0))",
        image=b"spam",
    )
    result = run(made, mounts=[Mount(tmp_path, "/data")], limits=Limits(output=6))
    assert (result.limit, result.stdout) == ("output", b"spamsp")


def test_status_above_125_arrives_with_a_mount(box: MakeBox, tmp_path: Path) -> None:
    made = box("(call $proc_exit (i32.const 200))")
    assert run(made, mounts=[Mount(tmp_path, "/data")]).exit_code == 200


def test_time_limit_holds_with_a_mount(box: MakeBox, tmp_path: Path) -> None:
    made = box("(loop (br 0))")
    result = run(made, mounts=[Mount(tmp_path, "/data")], limits=Limits(time=0.05))
    assert result.limit == "time"


def test_folder_name_reaches_the_guest_with_the_mark_of_a_host_that_knows_modes(
    box: MakeBox, tmp_path: Path
) -> None:
    made = box(
        """(drop (call $fd_prestat_dir_name (i32.const 3) (i32.const 1024) (i32.const 11)))
           (drop (call $say (i32.const 1024) (i32.const 11) (i32.const 1)))""",
        "fd_prestat_dir_name",
    )
    assert run(made, mounts=[Mount(tmp_path, "/data")]).stdout == b"modes:/data"


def test_what_is_no_folder_is_an_error_with_a_hint(box: MakeBox, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (("nope", "does not exist"), ("pipe", "is no folder and no file")):
        with pytest.raises(MountError, match=reason) as caught:
            run(box(""), mounts=[Mount(tmp_path / name, "/data")])
        assert caught.value.hint is not None


def mounted_file(mount: Mount) -> tuple[str, bytes, int]:
    with folders_of([mount]) as mounts:
        folder = Path(mounts[0].host)
        assert [entry.name for entry in folder.iterdir()] == ["file"]
        held = folder / "file"
        return mounts[0].guest, held.read_bytes(), held.stat().st_ino


def test_a_file_has_a_folder_of_its_own_for_a_run(tmp_path: Path) -> None:
    file, soft = tmp_path / "file", tmp_path / "soft"
    file.write_bytes(b"x")
    soft.symlink_to("file")
    for path in (file, soft):
        assert mounted_file(Mount(path, "/etc/x")) == ("file:/etc/x", b"x", file.stat().st_ino)
    assert file.stat().st_nlink == 1


def test_a_file_that_can_have_no_second_name_is_there_for_reading_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: object, target: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    file = tmp_path / "file"
    file.write_bytes(b"x")
    guest, data, number = mounted_file(Mount(file, "/x", True))
    assert (guest, data) == ("file:/x", b"x")
    assert number != file.stat().st_ino
    with pytest.raises(MountError, match="no second name"):
        mounted_file(Mount(file, "/x"))
    assert list(tmp_path.iterdir()) == [file]


def test_place_in_the_box_must_be_named(box: MakeBox, tmp_path: Path) -> None:
    with pytest.raises(MountError):
        run(box(""), mounts=[Mount(tmp_path, "")])


# Waits for descriptor 3 to be readable, and prints the event.
POLL = """
(i32.store8 (i32.const 72) (i32.const 1))
(i32.store (i32.const 80) (i32.const 3))
(if (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 32))
  (then (call $proc_exit (i32.const 1))))
(drop (call $say (i32.const 256) (i32.const 32) (i32.const 1)))
"""


def test_mounted_files_are_always_ready(box: MakeBox, tmp_path: Path) -> None:
    made = box(POLL, "poll_oneoff")
    told = run(made, mounts=[Mount(tmp_path, "/data")], limits=Limits(time=5)).stdout
    assert struct.unpack_from("<QHB", told) == (0, 0, 1)
    assert struct.unpack_from("<QHB", run(made).stdout) == (0, Errno.BADF, 1)


def test_wrong_address_given_to_a_file_function_is_a_crash(box: MakeBox, tmp_path: Path) -> None:
    body = READ_FILE.replace("(i32.const 64)", "(i32.const -5)").format(size=100)
    made = box(body, "path_open", "fd_read", "fd_close")
    result = run(made, mounts=[Mount(tmp_path, "/data")])
    assert result.exit_code == 134
    assert result.crash is not None
    assert "out of bounds" in result.crash


def test_many_runs_leave_no_descriptors_open(box: MakeBox, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(b"x")
    made = reader(box, "note.txt")
    run(made, mounts=[Mount(tmp_path, "/data")])
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(20):
        run(made, mounts=[Mount(tmp_path, "/data")])
    assert len(os.listdir("/proc/self/fd")) <= before + 2  # noqa: PTH208


# The parent has had the engine's threads work for it; a child has none of them.
FORKED = """
import os, sys
from boxer.errors import MountError
from boxer.runtime import Mount, run
from tests.runtime.test_runtime_mounts import reader
from tests.runtime.conftest import make_box

made, mounts = reader(make_box, "note.txt"), [Mount(sys.argv[1], "/data")]
print(run(made, mounts=mounts).stdout)
sys.stdout.flush()
if os.fork() == 0:
    try:
        run(made, mounts=mounts)
    except MountError as error:
        print("forked" in error.message, run(make_box("")).exit_code)
    sys.stdout.flush()
    os._exit(0)
os.wait()
print(run(made, mounts=mounts).stdout)
"""


def test_a_forked_process_is_told_that_it_cannot_mount(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(b"x")
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == f"{b'x'!r}\nTrue 0\n{b'x'!r}\n"
