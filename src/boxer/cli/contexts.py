"""The build context as people name it: a folder, or `-` for what comes on standard input.

Belongs here: a context that is no folder yet. Does not: reading one (`pipeline`).
"""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from boxer.ending import temporary_folder
from boxer.errors import ArchiveError, BoxerError


@contextmanager
def context_folder(
    context: Path, dockerfile: Path | None, hide: Callable[[Path], None] | None = None
) -> Iterator[tuple[Path, Path | None]]:
    """The folder and the Dockerfile that are meant, for the body.

    `-`, as in docker build: a tar archive, compressed or not, in which `-f` names the Dockerfile;
    anything else is a Dockerfile without a context. hide: is told of a folder that the user knows
    nothing of; no error names it. Raises `ArchiveError`.
    """
    if context != Path("-"):
        yield context, dockerfile
        return
    data = sys.stdin.buffer.read()
    with temporary_folder("boxer-context-") as folder, _unnamed(folder):
        if hide is not None:
            hide(folder)
        if tarfile.is_tarfile(io.BytesIO(data)):
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
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArchiveError(
            f"The context on standard input cannot be unpacked: {error}.",
            hint="Make it with `tar -c . | boxer build -`.",
        ) from None
