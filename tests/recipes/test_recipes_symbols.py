"""No library that boxes are linked with has a function of libc's name.

Libraries stand before libc at a link: one that brings its own `inet_aton` would be everybody's, in
boxes with packages in C and in no others.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from boxer.errors import BaseMissingError
from boxer.images import default_base, load, resolve
from boxer.packages.native.sdk import find_sdk

pytestmark = pytest.mark.base

# Behind libc at every link (zig's own: what it has of libc is libc's).
LAST = "libcompiler_rt.a"
HEAD, SIZE_FIELD = 60, slice(48, 58)


def defined(archive: Path) -> set[bytes]:
    """The archive's own index of what its members define (ar(5), as GNU writes it)."""
    header, data = archive.read_bytes()[8 : 8 + HEAD], archive.read_bytes()[8 + HEAD :]
    if header[:16].strip() != b"/":
        return set()
    index = data[: int(header[SIZE_FIELD])]
    (count,) = struct.unpack_from(">I", index)
    return set(index[4 + 4 * count :].split(b"\0")[:count])


def test_no_library_stands_before_libc_with_its_names() -> None:
    try:
        base = load(resolve(default_base()))
    except BaseMissingError:
        pytest.skip("needs the Python base: make bases")
    sdk = find_sdk(base.info)
    if sdk is None:
        pytest.skip("the base has no SDK: make bases")
    archives = sorted((sdk.folder / "lib").rglob("*.a"))
    libc = next(path for path in archives if path.name == "libc.a")
    names = defined(libc)
    assert b"inet_aton" in names
    found = {
        path.name: sorted(defined(path) & names)
        for path in archives
        if path.name not in (libc.name, LAST)
    }
    assert len(found) > 10
    assert {name: both for name, both in found.items() if both} == {}
