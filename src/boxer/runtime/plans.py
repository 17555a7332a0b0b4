"""Plans: what the launcher needs to run a box without Python (native/plan.c reads them).

Belongs here: the folder of plans and memory images, one pair for each box file that has run. Does
not: running.

    CACHE/run/KEY.plan     lines `key=value`
    CACHE/run/KEY.image    the box's memory, a sparse file as large as it
    CACHE/run/KEY.pages    what a run wrote to, left by the launcher (native/expected.h)

KEY is made of the box file's device, inode, size and times, so that any change of it gives another.

Invariants
1. The folder is writable for nobody else: what it names is loaded as native code.
2. A plan appears last and whole; its image and code are there then.
3. Plans of files that are gone or changed are swept when one is written.
4. No plan is no error: the launcher hands over to Python then.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from boxer.blobstore import cache_folder, write_atomically, write_file
from boxer.boxfile import Box
from boxer.errors import WriteError
from boxer.runtime import mapped, native
from boxer.runtime.code import compiled_file
from boxer.runtime.imagefile import write_image
from boxer.runtime.limits import ATTENDED
from boxer.runtime.private import make_private

PLAN, IMAGE, PAGES = ".plan", ".image", ".pages"


def write_plan(box_file: Path, box: Box) -> None:
    """Makes the next `boxer run` of this file a fast one, where that is possible here."""
    folder = cache_folder() / "run"
    code = compiled_file(box.info.code_digest)
    if code is None or not mapped.is_available() or not make_private(folder):
        return
    # A full disk must not keep a box from running.
    with contextlib.suppress(OSError, WriteError):
        key = plan_key(box_file)
        plan, image = folder / (key + PLAN), folder / (key + IMAGE)
        text = _plan_text(box_file, box, code, image)
        if text is None or _is_there(plan, image, text):
            return
        _sweep(folder)
        write_file(image, lambda descriptor: write_image(descriptor, box.image))
        write_atomically(plan, text)


def _plan_text(box_file: Path, box: Box, code: Path, image: Path) -> bytes | None:
    """None: a path with a newline in it has no plan."""
    lines = {
        "abi": native.ABI,
        "box": box_file.resolve(),
        "library": native.engine_library(),
        "code": code,
        "image": image,
        "pages": image.with_suffix(PAGES),
        "size": box.image.size,
        "memory": ATTENDED.memory_bytes,
        "limits": ATTENDED.for_the_guest().decode(),
    }
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    return text.encode("utf-8", "surrogateescape") if text.count("\n") == len(lines) else None


def _is_there(plan: Path, image: Path, text: bytes) -> bool:
    """Another installation's plan names its engine, which may be gone: it is written anew."""
    try:
        return plan.read_bytes() == text and image.is_file()
    except FileNotFoundError:
        return False


def plan_key(box_file: Path) -> str:
    """The name of a file's plan, as native/plan.c computes it. Raises OSError."""
    status = box_file.stat()
    modified, changed = (divmod(time, 10**9) for time in (status.st_mtime_ns, status.st_ctime_ns))
    return (
        f"{status.st_dev:x}-{status.st_ino:x}-{status.st_size:x}-"
        f"{modified[0]:x}.{modified[1]:09x}-{changed[0]:x}.{changed[1]:09x}"
    )


def _sweep(folder: Path) -> None:
    """Removes what is left of boxes that are gone or have changed."""
    for plan in folder.glob("*" + PLAN):
        text = plan.read_text("utf-8", "surrogateescape")
        named = dict(line.partition("=")[::2] for line in text.splitlines())
        with contextlib.suppress(OSError, ValueError):
            if plan_key(Path(named.get("box", ""))) + PLAN == plan.name:
                continue
        plan.unlink(missing_ok=True)
    for pattern in ("*" + IMAGE, f"*{PAGES}*"):
        for left in folder.glob(pattern):
            # Of a process that was ended between the two. One that is at it now writes its plan
            # next, and finds no image then: the launcher hands over to Python.
            if not left.with_suffix(PLAN).exists():
                left.unlink(missing_ok=True)
