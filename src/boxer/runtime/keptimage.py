"""Images that are kept for later starts: beside the compiled code, and trusted as that is.

    CACHE/images/ENGINE/KEY              JSON: what the image is
    CACHE/images/ENGINE/sha256/DIGEST    the image, byte for byte as large as the memory

Belongs here: how they are written, found and checked. Does not: what makes a key (`serving`).

Invariants
1. An image is used only if it lies in a folder that nobody else can write to, is a file of this
   user's alone (0600), and its sha256 is the one that its note says; what is not is made anew.
2. Both files appear atomically, the note last. MOST notes are kept, those that were used last.
3. A cache that is damaged, full or not writable costs time, never correctness.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import mmap
import os
import re
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from boxer.blobstore import cache_folder, write_atomically
from boxer.errors import BoxerError, WriteError
from boxer.runtime import native
from boxer.runtime.code import load_kept_code
from boxer.runtime.engine import engine_tag
from boxer.runtime.frozen import Frozen
from boxer.runtime.imagefile import write_all
from boxer.runtime.mapped import MappedImage, is_available
from boxer.runtime.private import is_private, make_private
from boxer.wasmformat import PAGE

MOST = 16
_PIECE = 1 << 20
_LARGEST, _LARGEST_NOTE = 1 << 32, 1 << 16
_KEY = re.compile(r"[0-9a-f]{64}-[0-9a-f]{64}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


def images_folder(cache: Path | None = None) -> Path:
    """Of this engine and this native library."""
    return (cache or cache_folder()) / "images" / f"{engine_tag()}-{native.ABI}"


def keep_image(key: str, frozen: Frozen, told: dict[str, Any], cache: Path | None = None) -> bool:
    """Keeps an image. key: two sha256 with a dash. told: plain data to find with it. False: it
    cannot be kept."""
    folder = images_folder(cache)
    image = frozen.image
    if not isinstance(image, MappedImage) or not _KEY.match(key):
        return False
    if not (make_private(folder) and make_private(folder / "sha256")):
        return False
    try:
        digest, held = _write(folder / "sha256", image)
        note = {
            "code": frozen.code.digest, "resettable": frozen.resettable, "size": image.size,
            "held": held, "sha256": digest, "told": told,
        }  # fmt: skip
        write_atomically(folder / key, json.dumps(note).encode())
    except (OSError, WriteError):
        return False
    _forget_old(folder)
    return True


def kept_note(key: str, cache: Path | None = None) -> Any:
    """What was told with an image; None: there is none."""
    try:
        return _note(images_folder(cache), key)["told"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def kept_image(key: str, cache: Path | None = None) -> Frozen | None:
    """An image; None: there is none that can be used."""
    folder, found = images_folder(cache), None
    if not is_available():
        return None
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, BoxerError):
        note = _note(folder, key)
        with ThreadPoolExecutor(1) as other:  # two sums of some 40 MB each
            mapping = other.submit(_mapped, folder / "sha256", note)
            code = load_kept_code(str(note["code"]))
            image = mapping.result()
        if code is not None:
            found = Frozen(code, image, note["resettable"] is True)
    with contextlib.suppress(OSError):
        if found is not None:
            os.utime(folder / key)
        else:
            (folder / key).unlink()
    return found


def _note(folder: Path, key: str) -> Any:
    """Raises OSError, ValueError."""
    if not _KEY.match(key) or not all(map(is_private, (folder, folder / "sha256"))):
        raise ValueError("no place of ours")
    return json.loads(_owned(folder / key))


def _opened(path: Path) -> int:
    """A descriptor of a file of this user's alone. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    others = stat.S_IRWXG | stat.S_IRWXO
    if (
        not stat.S_ISREG(status.st_mode)
        or status.st_uid != os.geteuid()
        or (path.parent.name == "sha256" and status.st_mode & others)
    ):
        os.close(descriptor)
        raise OSError(errno.EPERM, "not a file of this user's alone")
    return descriptor


def _owned(path: Path) -> bytes:
    descriptor = _opened(path)
    try:
        data = os.read(descriptor, _LARGEST_NOTE + 1)
    finally:
        os.close(descriptor)
    if len(data) > _LARGEST_NOTE:
        raise ValueError("too long")
    return data


def _mapped(folder: Path, note: dict[str, Any]) -> MappedImage:
    """The image of a note. Raises OSError, ValueError, KeyError, TypeError, `EngineError`."""
    size, held, digest = note["size"], note["held"], note["sha256"]
    if not (type(size) is int and type(held) is int and _DIGEST.match(digest)):
        raise ValueError("no note")
    if not 0 < held <= size <= _LARGEST or size % PAGE:
        raise ValueError("no size of an image")
    descriptor = _opened(folder / digest)
    try:
        if os.fstat(descriptor).st_size != size or _sum(descriptor, held) != digest:
            raise ValueError("damaged")
        if not _is_hole(descriptor, held, size):
            raise ValueError("damaged")
        os.utime(descriptor)
        return MappedImage.of_file(descriptor, size)
    finally:
        os.close(descriptor)


def _sum(descriptor: int, held: int) -> str:
    with mmap.mmap(descriptor, held, prot=mmap.PROT_READ) as view:
        return hashlib.sha256(view).hexdigest()


def _is_hole(descriptor: int, start: int, end: int) -> bool:
    """Whether there are zeros only."""
    at = start
    while at < end:
        try:
            at = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return True
            raise
        piece = os.pread(descriptor, min(_PIECE, end - at), at)
        if not piece or any(piece):
            return False
        at += len(piece)
    return True


def _write(folder: Path, image: MappedImage) -> tuple[str, int]:
    """Writes the image; the sha256 of what it holds, and how many bytes that are. Raises
    OSError."""
    view = memoryview(image.place)
    held = _held(view)
    digest = hashlib.sha256(view[:held]).hexdigest()
    descriptor, name = tempfile.mkstemp(dir=folder)
    try:
        os.truncate(descriptor, image.size)
        for at in range(0, held, _PIECE):
            piece = view[at : min(at + _PIECE, held)]
            if piece != bytes(len(piece)):
                write_all(descriptor, piece, at)
        Path(name).replace(folder / digest)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return digest, held


def _held(view: memoryview) -> int:
    """Bytes up to the last page that is not zero, one page at least."""
    end, empty = len(view), bytes(_PIECE)
    while end > _PIECE and view[end - _PIECE : end] == empty:
        end -= _PIECE
    while end > PAGE and view[end - PAGE : end] == empty[:PAGE]:
        end -= PAGE
    return end


def _forget_old(folder: Path) -> None:
    """All but those that were used last, and images that no note names."""
    with contextlib.suppress(OSError, ValueError):
        notes = sorted(
            (path for path in folder.iterdir() if _KEY.match(path.name)),
            key=lambda path: path.stat().st_mtime,
        )
        for path in notes[:-MOST]:
            path.unlink(missing_ok=True)
        named = {json.loads(path.read_bytes())["sha256"] for path in notes[-MOST:]}
        for path in (folder / "sha256").iterdir():
            if _DIGEST.match(path.name) and path.name not in named:
                path.unlink(missing_ok=True)
