"""Tar archives that are the same bytes for the same members."""

from __future__ import annotations

import io
import tarfile

Member = tuple[tarfile.TarInfo, bytes | None]


def tar_bytes(members: list[Member]) -> bytes:
    """A tar archive of the members, sorted by name, owned by root, dated 0."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in sorted(members, key=lambda member: member[0].name):
            archive.addfile(info, None if data is None else io.BytesIO(data))
    return buffer.getvalue()
