"""The build context as people name it: a folder, or `-` for what comes on standard input.

Belongs here: a context that is no folder yet. Does not: reading one (`pipeline`).
"""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boxer.ending import temporary_folder
from boxer.errors import ArchiveError


@contextmanager
def context_folder(context: Path, dockerfile: Path | None) -> Iterator[tuple[Path, Path | None]]:
    """The folder and the Dockerfile that are meant, for the body.

    `-`, as in docker build: a tar archive, compressed or not, in which `-f` names the Dockerfile;
    anything else is a Dockerfile without a context. Raises `ArchiveError`.
    """
    if context != Path("-"):
        yield context, dockerfile
        return
    data = sys.stdin.buffer.read()
    with temporary_folder("boxer-context-") as folder:
        if tarfile.is_tarfile(io.BytesIO(data)):
            _unpack(data, folder)
            yield folder, dockerfile and folder / dockerfile
        else:
            (folder / "Dockerfile").write_bytes(data)
            yield folder, dockerfile


def _unpack(data: bytes, folder: Path) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArchiveError(
            f"The context on standard input cannot be unpacked: {error}.",
            hint="Make it with `tar -c . | boxer build -`.",
        ) from None
