"""Reading up to a limit, and waiting for one another."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from boxer.blobstore import locked, read_limited
from boxer.errors import InputTooLargeError


def test_as_much_as_the_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 10)
    assert read_limited(tmp_path / "f", 10, "it") == b"x" * 10
    assert read_limited(io.BytesIO(b"abc"), 10, "it") == b"abc"


@pytest.mark.parametrize("endless", [Path("/dev/zero"), io.BytesIO(b"x" * 3_000_000)])
def test_more_is_refused(endless: Path | io.BytesIO) -> None:
    with pytest.raises(InputTooLargeError, match="`it` is larger than 2 MiB"):
        read_limited(endless, 2 << 20, "`it`")


HOLD = """
import sys
from pathlib import Path
from boxer.blobstore import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("ends", ["by itself", "killed"])
def test_a_second_process_waits_and_says_so(tmp_path: Path, ends: str) -> None:
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        heard = []

        def waiting() -> None:
            heard.append("waiting")
            assert holder.stdin is not None
            if ends == "killed":
                holder.kill()
            else:
                holder.stdin.close()

        with locked(lock, waiting):
            heard.append("mine")
    assert heard == ["waiting", "mine"]


def test_where_no_lock_can_be_had_work_is_done_all_the_same(tmp_path: Path) -> None:
    with locked(tmp_path / "none" / "lock"):
        pass
