"""Folders that pools and started machines have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import boxer

pytestmark = pytest.mark.base

READ = "import subprocess; subprocess.run('cat /data/in.txt /conf', shell=True)"


@pytest.fixture
def mounts(tmp_path: Path) -> list[boxer.Mount]:
    """A folder at /data and a file at /conf."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "in.txt").write_text("mounted")
    (tmp_path / "conf").write_text("on")
    return [boxer.Mount(tmp_path / "folder", "/data"), boxer.Mount(tmp_path / "conf", "/conf")]


def test_calls_and_runs_of_a_pool_have_its_folders(
    box: boxer.Box, mounts: list[boxer.Mount], tmp_path: Path
) -> None:
    with box.pool(2, mounts=mounts) as pool:
        assert pool.call("os:listdir", "/data") == ["in.txt"]
        assert pool.run(["python", "-c", READ]).stdout == b"mountedon"
        copies = [f"/data/{n}" for n in range(8)]
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda to: pool.call("shutil:copyfile", "/conf", to), copies))
        assert len(pool.call("os:listdir", "/data")) == 9
    assert (tmp_path / "folder" / "7").read_text() == "on"
    assert (tmp_path / "conf").stat().st_nlink == 1


def test_a_started_machine_keeps_files_open(box: boxer.Box, mounts: list[boxer.Mount]) -> None:
    with box.start(mounts=mounts) as machine:
        machine.exec("file = open('/data/in.txt')")
        assert machine.exec("print(file.read(5), open('/conf').read())").stdout == b"mount on\n"
        assert machine.exec("print(file.read())").stdout == b"ed\n"


def test_a_machine_with_folders_is_neither_forked_nor_committed(
    box: boxer.Box, mounts: list[boxer.Mount], tmp_path: Path
) -> None:
    with box.start(mounts=mounts) as machine:
        with pytest.raises(boxer.BoxerError, match="cannot be forked"):
            machine.fork()
        with pytest.raises(boxer.BoxerError, match="cannot be frozen"):
            machine.commit(tmp_path / "next.wasm")
        assert machine.exec("print(open('/conf').read())").stdout == b"on\n"
    assert not (tmp_path / "next.wasm").exists()
