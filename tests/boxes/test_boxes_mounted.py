"""Files of a mounted folder are the host's: bytes that are mapped, and modes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]


@pytest.fixture
def in_folder(boxer: Boxer, example: Example, tmp_path: Path) -> Callable[[str], str]:
    """Runs a program over `tmp_path` at /m: what it prints."""

    def run(program: str) -> str:
        words = ["run", "-v", f"{tmp_path}:/m", "-w", "/m", example("hello"), "python", "-c"]
        done = boxer(*words, program)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_a_mapping_writes_back_what_changed_alone(
    in_folder: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"a" * 10)
    in_folder(
        "import mmap, os\nf = os.open('file', os.O_RDWR)\nm = mmap.mmap(f, 10)\nm[9:10] = b'M'\n"
        "os.pwrite(f, b'W', 0)\nm.flush()\nm.close()"
    )
    assert (tmp_path / "file").read_bytes() == b"WaaaaaaaaM"


def test_mappings_and_descriptors_see_the_same_bytes(
    in_folder: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"a" * 5000)
    printed = in_folder(
        "import mmap, os\nf = os.open('file', os.O_RDWR)\na = mmap.mmap(f, 5000)\n"
        "b = mmap.mmap(os.open('file', os.O_RDONLY), 5000, access=mmap.ACCESS_READ)\n"
        "os.pwrite(f, b'one', 4999 - 2)\na[0:3] = b'two'\n"
        "print(a[4997:], b[4997:], os.pread(f, 3, 0))\nopen('file', 'r+b').truncate(4096)\n"
        "print(a[4997:], b[4997:])"
    )
    one, nothing = b"one", bytes(3)
    assert printed == f"{one!r} {one!r} {b'two'!r}\n{nothing!r} {nothing!r}\n"


def test_sqlite_reads_through_its_mapping_what_was_written(
    in_folder: Callable[[str], str],
) -> None:
    printed = in_folder(
        "import sqlite3\nfor journal in ('delete', 'wal'):\n"
        "    a = sqlite3.connect(f'{journal}.db'); b = sqlite3.connect(f'{journal}.db')\n"
        "    for c in (a, b):\n        c.execute('pragma mmap_size=1000000')\n"
        "        c.execute(f'pragma journal_mode={journal}')\n"
        "    a.execute('create table t (n, s)')\n    a.commit()\n"
        "    for n in range(200):\n        a.execute('insert into t values (?, ?)', (n, 's' * n))\n"
        "        a.commit()\n        assert b.execute('select max(n) from t').fetchone() == (n,)\n"
        "    copy = sqlite3.connect(f'{journal}-copy.db')\n"
        "    copy.execute('pragma mmap_size=1000000')\n    b.backup(copy)\n"
        "    a.execute('delete from t where n < 100')\n    a.commit()\n    a.backup(copy)\n"
        "    print(copy.execute('select count(*), sum(length(s)) from t').fetchone(),"
        " copy.execute('pragma integrity_check').fetchone())\n"
    )
    assert printed == "(100, 14950) ('ok',)\n" * 2


def test_modes_are_the_hosts(in_folder: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\necho run\n")
    (tmp_path / "tool").chmod(0o755)
    (tmp_path / "secret").write_text("")
    (tmp_path / "secret").chmod(0o600)
    printed = in_folder(
        "import os, shutil, tempfile\nprint(*(oct(os.stat(n).st_mode & 0o777)"
        " for n in ('tool', 'secret')), os.access('tool', os.X_OK), os.access('.', os.W_OK))\n"
        "shutil.copy('tool', 'copied')\nopen('/tmp/x', 'w').close()\nos.chmod('/tmp/x', 0o750)\n"
        "shutil.copy2('/tmp/x', 'brought')\nfd, name = tempfile.mkstemp(dir='.')\n"
        "os.rename(name, 'temporary')\nos.mkdir('private', 0o700)\nopen('plain', 'w').close()\n"
        "os.chmod('plain', 0o400)\nos.umask(0o027)\nopen('masked', 'w').close()\n"
    )
    assert printed == "0o755 0o600 True True\n"
    wanted = {"copied": "0o755", "brought": "0o750", "temporary": "0o600", "private": "0o700"}
    wanted |= {"plain": "0o400", "masked": "0o640"}
    assert {name: mode(tmp_path / name) for name in wanted} == wanted


def test_no_set_user_id_and_nothing_in_a_read_only_folder(
    boxer: Boxer, example: Example, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "file").chmod(0o644)
    program = (
        "import os\nfor path, mode in (('/w/file', 0o4755), ('/r/file', 0o600)):\n"
        "    try: os.chmod(path, mode)\n    except OSError as e: print(e.errno)"
    )
    mounts = ["-v", f"{tmp_path}:/w", "-v", f"{tmp_path}:/r:ro"]
    done = boxer("run", *mounts, example("hello"), "python", "-c", program)
    assert (done.stdout, mode(tmp_path / "file")) == ("1\n30\n", "0o644")


PROGRAM = Path(__file__).with_name("folder_program.py")


@pytest.mark.skipif(os.geteuid() != 0, reason="who runs it must be root, as in the box")
@pytest.mark.parametrize("seed", range(1, 5))
def test_a_mounted_folder_answers_as_the_hosts_own(
    boxer: Boxer, example: Example, tmp_path: Path, seed: int
) -> None:
    """Where this fails with a seed of your own, look at the first call that differs."""
    own, mounted = tmp_path / "own", tmp_path / "mounted"
    own.mkdir()
    mounted.mkdir()
    arguments = [str(seed), os.environ.get("BOXER_COMPARE_CALLS", "300")]
    expected = subprocess.run(
        [sys.executable, str(PROGRAM), *arguments],
        cwd=own,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    mounts = ["-v", f"{mounted}:/m", "-v", f"{PROGRAM.parent}:/programs:ro", "-w", "/m"]
    program = f"/programs/{PROGRAM.name}"
    done = boxer("run", *mounts, example("hello"), "python", program, *arguments)
    assert done.stderr == ""
    pairs = zip(expected.stdout.splitlines(), done.stdout.splitlines(), strict=True)
    assert [pair for pair in pairs if pair[0] != pair[1]][:3] == []
