"""A mounted folder with several threads and processes over it, and their way out of it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]
Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to mount, with a secret beside it."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret").write_text("SECRET")
    return inside


@pytest.fixture
def in_folder(boxer: Boxer, example: Example, folder: Path) -> Run:
    """Runs a program over the folder at /m: what it prints."""

    def run(program: str, *options: str) -> str:
        words = ["run", *(options or ("-v", f"{folder}:/m")), "-w", "/m", example("hello")]
        done = boxer(*words, "python", "-c", program)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


CHILDREN_SHARE_AN_OFFSET = """
import os
f = os.open('file', os.O_RDWR | os.O_CREAT)
os.write(f, b'abcdef')
os.lseek(f, 0, os.SEEK_SET)
if os.fork() == 0:
    os.read(f, 3)
    os.write(f, b'X')
    os._exit(0)
os.wait()
print(os.lseek(f, 0, os.SEEK_CUR), os.read(f, 9))
"""


def test_an_inherited_descriptor_has_one_offset(in_folder: Run, folder: Path) -> None:
    assert in_folder(CHILDREN_SHARE_AN_OFFSET) == "4 b'ef'\n"
    assert (folder / "file").read_text() == "abcXef"


CHILDREN_APPEND = """
import os
f = os.open('log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for child in range(4):
    if os.fork() == 0:
        for _ in range(25):
            os.write(f, b'%d\\n' % child)
        os._exit(0)
for _ in range(4):
    os.wait()
"""


def test_what_children_append_is_all_there(in_folder: Run, folder: Path) -> None:
    in_folder(CHILDREN_APPEND)
    assert sorted((folder / "log").read_text().split()) == sorted("0123" * 25)


CHILD_AND_PARENT_MAP = """
import mmap, os
f = os.open('file', os.O_RDWR | os.O_CREAT)
os.ftruncate(f, 8192)
shared, own = mmap.mmap(f, 8192), mmap.mmap(f, 8192, flags=mmap.MAP_PRIVATE)
if os.fork() == 0:
    shared[5000:5005] = b'child'
    own[0:3] = b'own'
    os._exit(0)
os.wait()
print(shared[5000:5005], own[0:3])
shared.flush()
"""


def test_processes_share_a_mapping_of_a_mounted_file(in_folder: Run, folder: Path) -> None:
    assert in_folder(CHILD_AND_PARENT_MAP) == f"{b'child'!r} {bytes(3)!r}\n"
    assert (folder / "file").read_bytes() == bytes(5000) + b"child" + bytes(3187)


TAKE_THE_LOCK = """
import fcntl
f = open('lock', 'r+')
try:
    fcntl.{lock}(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print('taken')
except BlockingIOError:
    print('busy')
"""
LOCK = """
import fcntl, subprocess, sys
f = open('lock', 'w')
for lock in ('flock', 'lockf'):
    for how in (fcntl.LOCK_EX, fcntl.LOCK_UN):
        getattr(fcntl, lock)(f, how)
        code = {code!r}.format(lock=lock)
        print(subprocess.run([sys.executable, '-c', code], stdout=-1, text=True).stdout, end='')
"""


def test_processes_lock_a_mounted_file(in_folder: Run) -> None:
    assert in_folder(LOCK.format(code=TAKE_THE_LOCK)) == "busy\ntaken\n" * 2


INSERT = """
import sqlite3, threading

def work():
    base = sqlite3.connect('base', timeout=300)
    for _ in range(5):
        with base:
            base.execute('insert into t values (1)')
    base.close()

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
SQLITE = """
import sqlite3, subprocess, sys
base = sqlite3.connect('base')
print(base.execute('pragma journal_mode={mode}').fetchone()[0])
base.execute('create table t (n)')
base.commit()
running = [subprocess.Popen([sys.executable, '-c', {code!r}]) for _ in range(3)]
print([process.wait() for process in running], base.execute('select sum(n) from t').fetchone())
"""


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_is_written_by_threads_of_processes(in_folder: Run, mode: str) -> None:
    printed = in_folder(SQLITE.format(code=INSERT, mode=mode))
    assert printed == f"{mode}\n[0, 0, 0] (45,)\n"


POOL = """
import multiprocessing, os

def square(n):
    with open(f'{n}', 'w') as file:
        file.write(str(n * n))
    return os.getpid()

with multiprocessing.get_context('fork').Pool(4) as pool:
    print(len(set(pool.map(square, range(40)))) > 1)
print(sum(int(open(name).read()) for name in os.listdir('.')))
"""


def test_multiprocessing_over_a_mounted_folder(in_folder: Run, folder: Path) -> None:
    assert in_folder(POOL) == f"True\n{sum(n * n for n in range(40))}\n"
    assert len(list(folder.iterdir())) == 40


HAMMER = """
import os, threading

def work(own):
    for turn in range(30):
        name, text = f'{own}-{turn % 4}', f'{own} {turn}' * 500
        with open(name, 'w') as file:
            file.write(text)
        assert open(name).read() == text
        assert name in os.listdir('.') and os.stat(name).st_size == len(text)
        os.rename(name, name + 'x')
        os.unlink(name + 'x')
    done.append(own)

done = []
threads = [threading.Thread(target=work, args=(own,)) for own in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(done), os.listdir('.'))
"""


def test_eight_threads_hammer_a_mounted_folder(in_folder: Run) -> None:
    assert in_folder(HAMMER) == f"{list(range(8))} []\n"


SHELL = """
import os, subprocess
with open('out', 'w') as out:
    out.write('first\\n')
    out.flush()
    subprocess.run(['sh', '-c', 'echo second; mkdir sub; cd sub; pwd >&2'], stdout=out, stderr=out)
print(subprocess.run('cat', stdin=open('out'), shell=True, stdout=-1, text=True).stdout, end='')
"""


def test_a_mounted_file_is_the_stream_of_a_child(in_folder: Run, folder: Path) -> None:
    assert in_folder(SHELL) == "first\nsecond\n/m/sub\n"
    assert sorted(os.listdir(folder)) == ["out", "sub"]  # noqa: PTH208


# Each attempt prints what it found, or the number of its error; in a child as in the parent.
ATTEMPTS = """
import os

def attempt():
    f = os.open('/m', os.O_RDONLY)
    ways = [
        lambda: open('/m/../secret').read(), lambda: open('/m/link').read(),
        lambda: open('/m/up/secret').read(), lambda: open(f'/proc/self/fd/{f}/up/secret').read(),
        lambda: open(f'/dev/fd/{f}/../secret').read(), lambda: open('/m/deep/../../secret').read(),
        lambda: open('/m/up/inside/up/secret').read(),
        lambda: os.read(os.open('../secret', os.O_RDONLY, dir_fd=f), 9),
        lambda: os.read(os.open('up/secret', os.O_RDONLY, dir_fd=f), 9),
        lambda: os.stat('/m/up/secret'), lambda: os.listdir('/m/up/inside'),
        lambda: os.rename('/m/up/secret', '/m/mine'), lambda: os.link('/m/up/secret', '/m/mine'),
        lambda: os.unlink('/m/up/secret'), lambda: os.chmod('/m/link', 0o777),
        lambda: os.truncate('/m/link', 0), lambda: os.symlink('/etc/passwd', '/m/absolute'),
        lambda: os.chmod('/m/up/secret', 0o777), lambda: os.utime('/m/link', (1, 1)),
    ]
    for way in ways:
        try:
            print('OUT', way())
        except OSError:
            pass

os.symlink('../secret', '/m/link')
os.symlink('..', '/m/up')
os.mkdir('/m/deep')
attempt()
if os.fork() == 0:
    attempt()
    os._exit(0)
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_no_process_gets_out_of_the_folder(in_folder: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    before = secret.stat()
    assert in_folder(ATTEMPTS) == "0\n"
    after = secret.stat()
    assert secret.read_text() == "SECRET"
    assert (after.st_mode, after.st_mtime, after.st_nlink) == (
        before.st_mode, before.st_mtime, before.st_nlink,
    )  # fmt: skip
    assert sorted(os.listdir(tmp_path)) == ["inside", "secret"]  # noqa: PTH208


SWAPPED = """
import os, threading
found = set()

def work():
    for _ in range(300):
        try:
            found.add(open('/m/folder/text').read())
            os.chmod('/m/folder/text', 0o600)
        except OSError:
            pass

if os.fork() == 0:
    work()
    os._exit('SECRET' in found)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(os.waitstatus_to_exitcode(os.wait()[1]), 'SECRET' in found)
"""


def test_a_folder_swapped_for_a_link_meanwhile_leads_nowhere(
    in_folder: Run, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    for place, text in ((folder / "real", "inside"), (outside, "SECRET")):
        place.mkdir()
        (place / "text").write_text(text)
    (outside / "text").chmod(0o640)
    (folder / "other").symlink_to(outside)
    over = threading.Event()

    def swap() -> None:
        place = folder / "folder"
        while not over.is_set():
            for stands_in in (folder / "real", folder / "other"):
                stands_in.rename(place)
                place.rename(stands_in)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        printed = in_folder(SWAPPED)
    finally:
        over.set()
        swapping.join()
    assert printed == "0 False\n"
    assert (outside / "text").stat().st_mode & 0o777 == 0o640


READ_ONLY = """
import errno, os
ways = [
    lambda: open('file', 'w'), lambda: open('new', 'w'), lambda: os.unlink('file'),
    lambda: os.mkdir('sub'), lambda: os.chmod('file', 0o777), lambda: os.truncate('file', 0),
    lambda: os.rename('file', 'more'), lambda: os.utime('file', (1, 1)),
    lambda: os.symlink('a', 'soft'), lambda: os.link('file', 'hard'),
    lambda: os.open('file', os.O_RDWR),
]
for way in ways:
    try:
        print('DID', way())
    except OSError as error:
        assert error.errno == errno.EROFS, error
print(open('file').read())
"""
FROM_A_CHILD = """
import subprocess, sys
print(subprocess.run([sys.executable, '-c', {code!r}], stdout=-1, text=True).stdout, end='')
"""


def test_read_only_is_read_only_for_children_too(in_folder: Run, folder: Path) -> None:
    (folder / "file").write_text("host")
    before = (folder / "file").stat()
    code = FROM_A_CHILD.format(code=READ_ONLY)
    assert in_folder(code, "-v", f"{folder}:/m:ro") == "host\n"
    after = (folder / "file").stat()
    assert (after.st_mode, after.st_mtime) == (before.st_mode, before.st_mtime)


READ_FOR_EVER = """
import subprocess, sys
open('/m/file', 'wb').write(b'x' * 1_000_000)
subprocess.run([sys.executable, '-c', 'while True: open("/m/file", "rb").read()'])
"""


def test_a_child_that_reads_for_ever_ends_at_the_limit(
    boxer: Boxer, example: Example, folder: Path
) -> None:
    words = ["run", "--limit", "time=1", "-v", f"{folder}:/m", example("hello"), "python", "-c"]
    done = boxer(*words, READ_FOR_EVER)
    assert done.returncode == 137
    assert "time" in done.stderr
