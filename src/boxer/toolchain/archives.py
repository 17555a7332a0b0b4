"""Static libraries: `ar` archives, read and written.

Belongs here: the format (GNU's names, BSD's read). Does not: the `ar` command (`library`).

No index is written: the linker is given the members themselves (`--start-lib`), so that it never
reads an archive that a build brought, which could name files of this machine (thin archives).
"""

from __future__ import annotations

from dataclasses import dataclass

from boxer.toolchain.arguments import RefusedError

MAGIC = b"!<arch>\n"
THIN = b"!<thin>\n"
_HEADER = 60
_END = b"`\n"
_SHORT = 15
_INDEXES = (b"/", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED")


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    data: bytes


def read_archive(data: bytes, path: str) -> list[Member]:
    """The members. Raises RefusedError."""
    if data.startswith(THIN):
        raise RefusedError(f"`{path}` is a thin archive, which holds paths instead of objects")
    if not data.startswith(MAGIC):
        raise RefusedError(f"`{path}` is no archive")
    members: list[Member] = []
    names = b""
    at = len(MAGIC)
    while at < len(data):
        header = data[at : at + _HEADER]
        size = header[48:58].strip()
        if len(header) < _HEADER or header[58:] != _END or not size.isdigit():
            raise RefusedError(f"`{path}` is a damaged archive")
        at += _HEADER
        content = data[at : at + int(size)]
        at += int(size) + int(size) % 2
        name = header[:16].rstrip()
        if name == b"//":
            names = content
        elif name.startswith(b"#1/") and name[3:].isdigit():
            length = int(name[3:])
            members.append(Member(_text(content[:length].rstrip(b"\0")), content[length:]))
        elif name not in _INDEXES:
            members.append(Member(_text(_long(name, names)), content))
    return members


def write_archive(members: list[Member]) -> bytes:
    """An archive without dates and owners, as `ar -D` has it."""
    names = bytearray()
    body = bytearray()
    for member in members:
        name = member.name.encode("utf-8", "surrogateescape") + b"/"
        if len(name) > _SHORT + 1:
            shown = b"/%d" % len(names)
            names += name + b"\n"
        else:
            shown = name
        body += _entry(shown, member.data)
    return MAGIC + (_entry(b"//", bytes(names)) if names else b"") + bytes(body)


def _entry(name: bytes, data: bytes) -> bytes:
    header = b"%-16s%-12d%-6d%-6d%-8s%-10d" % (name, 0, 0, 0, b"644", len(data))
    return header + _END + data + b"\n" * (len(data) % 2)


def _long(name: bytes, names: bytes) -> bytes:
    if name.startswith(b"/") and name[1:].isdigit():
        return names[int(name[1:]) :].partition(b"\n")[0].removesuffix(b"/")
    return name.removesuffix(b"/")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
