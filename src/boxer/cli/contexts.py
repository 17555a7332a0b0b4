"""The build context as people name it: a folder, or `-` for what comes on standard input.

Belongs here: a context that is no folder yet. Does not: reading one (`pipeline`).

Invariants
1. What comes on standard input is read, and unpacked, up to limits.
2. The folder it is unpacked into is gone at the end, also where a signal ends the build (`ending`).
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boxer.errors import ArchiveError, WriteError

MOST_BYTES = 1 << 31
MOST_ENTRIES = 100_000


@contextmanager
def context_folder(context: Path, dockerfile: Path | None) -> Iterator[tuple[Path, Path | None]]:
    """The folder and the Dockerfile that are meant, for the body.

    `-`, as in docker build: a tar archive, compressed or not, in which `-f` names the Dockerfile;
    anything else is a Dockerfile without a context. Raises `ArchiveError`, `InputTooLargeError`.
    """
    if context != Path("-"):
        yield context, dockerfile
        return
    from boxer.blobstore import read_limited
    from boxer.filetree import is_tar

    data = read_limited(sys.stdin.buffer, MOST_BYTES, "The context on standard input")
    with tempfile.TemporaryDirectory(prefix="boxer-context-") as name:
        folder = Path(name)
        if is_tar(data):
            _unpack(data, folder)
            yield folder, dockerfile and folder / dockerfile
        else:
            (folder / "Dockerfile").write_bytes(data)
            yield folder, dockerfile


def _unpack(data: bytes, folder: Path) -> None:
    """By way of a tree in memory: all that can be wrong with an archive is found before a file is
    written."""
    from boxer.filetree import Limits, Tree, read_tar, write_below

    tree = Tree()
    try:
        read_tar(tree, io.BytesIO(data), limits=Limits(MOST_BYTES, MOST_ENTRIES))
    except ArchiveError as error:
        error.hint = error.hint or "Make it with `tar -c . | boxer build -`."
        raise
    try:
        write_below(tree, folder)
    except OSError as error:
        raise WriteError(
            f"The context on standard input cannot be unpacked: {error.strerror}.",
            hint=f"See how much room there is: `df -h {folder.parent}`.",
        ) from None
