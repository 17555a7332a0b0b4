"""The build context as people name it: a folder, or `-` for what comes on standard input.

Belongs here: a context that is no folder yet. Does not: reading one (`pipeline`).

Invariants
1. What comes on standard input is read, and unpacked, up to limits.
2. The folder it is unpacked into is gone at the end, also where a signal ends the build (`ending`).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from boxer.ending import temporary_folder
from boxer.errors import ArchiveError, BoxerError, WriteError

MOST_BYTES = 1 << 31
MOST_ENTRIES = 100_000


@contextmanager
def context_folder(
    context: Path, dockerfile: Path | None, hide: Callable[[Path], None] | None = None
) -> Iterator[tuple[Path, Path | None]]:
    """The folder and the Dockerfile that are meant, for the body.

    `-`, as in docker build: a tar archive, compressed or not, in which `-f` names the Dockerfile;
    anything else is a Dockerfile without a context. hide: is told of a folder that the user knows
    nothing of; no error names it. Raises `ArchiveError`,
    `InputTooLargeError`.
    """
    if context != Path("-"):
        yield context, dockerfile
        return
    from boxer.blobstore import read_limited
    from boxer.filetree import is_tar

    data = read_limited(sys.stdin.buffer, MOST_BYTES, "The context on standard input")
    with temporary_folder("boxer-context-") as folder, _unnamed(folder):
        if hide is not None:
            hide(folder)
        if is_tar(data):
            _unpack(data, folder)
            yield folder, dockerfile and folder / dockerfile
        else:
            (folder / "Dockerfile").write_bytes(data)
            yield folder, dockerfile


@contextmanager
def _unnamed(folder: Path) -> Iterator[None]:
    """An error of the body calls the folder `-`, and what is in it by its path there."""

    def cut(text: str) -> str:
        return text.replace(f"{folder}/", "").replace(str(folder), "-")

    try:
        yield
    except BoxerError as error:
        error.message, error.details = cut(error.message), cut(error.details)
        error.hint = error.hint and cut(error.hint)
        error.where = error.where and replace(error.where, file=cut(error.where.file))
        raise


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
