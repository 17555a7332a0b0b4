"""Random calls on the files of a folder, and what each answers: `folder_program.py SEED COUNT`.

Run in a box over a mounted folder, and by a Python of the host over a folder of its own.
"""

# The system calls by their names are what is compared.
# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108, PTH115, PTH116, PTH208, PTH211
from __future__ import annotations

import errno
import fcntl
import mmap
import os
import random
import stat
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

NAMES = ("a", "b", "d", "d/x", "d/y", "e", "e/z", "l", "d/l")
MODES = (0o644, 0o600, 0o755, 0o700)
WAYS = (os.O_RDONLY, os.O_RDWR, os.O_WRONLY)
EXTRAS = (0, os.O_CREAT, os.O_CREAT, os.O_CREAT | os.O_EXCL, os.O_TRUNC, os.O_NOFOLLOW)

choose = random.Random(int(sys.argv[1]))
descriptors: list[int] = []
maps: list[mmap.mmap] = []


def digest(data: bytes) -> tuple[int, int]:
    return len(data), zlib.crc32(data)


def shown(status: os.stat_result) -> tuple[str, int, int]:
    """What does not depend on when and where."""
    plain = stat.S_ISREG(status.st_mode)
    return oct(status.st_mode), status.st_size if plain else 0, status.st_nlink if plain else 0


def opened() -> int:
    return choose.choice(descriptors)


def open_one(name: str, size: int) -> object:
    flags = choose.choice(WAYS) | choose.choice(EXTRAS) | choose.choice(EXTRAS)
    descriptors.append(os.open(name, flags, choose.choice(MODES)))
    return len(descriptors)


def map_one(name: str, size: int) -> object:
    found = os.fstat(descriptor := opened())
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        return None
    maps.append(mmap.mmap(descriptor, found.st_size))
    return len(maps[-1])


def touch_map(name: str, size: int) -> object:
    mapped = choose.choice(maps)
    place = size % len(mapped)
    if place >= mapped.size():
        return None
    if size % 2:
        mapped[place] = 66 + size % 5
    return mapped[place]


def lock(name: str, size: int) -> object:
    return fcntl.lockf(opened(), fcntl.LOCK_EX | fcntl.LOCK_NB)


CALLS: tuple[Callable[[str, int], object], ...] = (
    lambda name, size: shown(os.stat(name)),
    lambda name, size: shown(os.lstat(name)),
    lambda name, size: os.mkdir(name, choose.choice(MODES) | 0o700),
    lambda name, size: os.rmdir(name),
    lambda name, size: os.unlink(name),
    lambda name, size: os.rename(name, choose.choice(NAMES)),
    lambda name, size: os.symlink(choose.choice(("a", "nope", "d", "./a")), name),
    lambda name, size: os.readlink(name),
    open_one, open_one, open_one,
    lambda name, size: os.write(opened(), bytes([65 + size % 5]) * (size % 300)),
    lambda name, size: digest(os.read(opened(), size)),
    lambda name, size: os.pwrite(opened(), bytes([97 + size % 5]) * (size % 50), size),
    lambda name, size: digest(os.pread(opened(), size, size % 5000)),
    lambda name, size: os.lseek(opened(), size, size % 3),
    lambda name, size: os.ftruncate(opened(), size),
    lambda name, size: os.truncate(name, size),
    lambda name, size: sorted(os.listdir(name)),
    lambda name, size: os.chmod(name, choose.choice(MODES)),
    lambda name, size: os.utime(name, (size, size)),
    lambda name, size: os.access(name, choose.choice((os.R_OK, os.W_OK, os.X_OK))),
    lambda name, size: shown(os.fstat(opened()))[:2],
    lambda name, size: os.fchmod(opened(), choose.choice(MODES)),
    lambda name, size: os.fsync(opened()),
    map_one, map_one, touch_map, touch_map, touch_map,
    lambda name, size: choose.choice(maps).flush(),
    lambda name, size: digest(Path(name).read_bytes()),
    lock,
)  # fmt: skip


def answer() -> object:
    call, name, size = choose.choice(CALLS), choose.choice(NAMES), choose.randrange(9000)
    try:
        return call(name, size)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    except (IndexError, ValueError) as error:
        return type(error).__name__


os.umask(0o022)
for number in range(int(sys.argv[2])):
    print(number, answer())
