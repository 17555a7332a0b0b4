"""`ar`, over the stage's files: archives made, listed, changed.

Belongs here: its letters. Does not: the format (`archives`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from boxer.toolchain.archives import Member, read_archive, write_archive
from boxer.toolchain.arguments import RefusedError

_KNOWN = "cruqtxdpsSvDUTlaobif"


@dataclass(slots=True)
class Archived:
    """What a call does. files: to write, by their names as written. out: what it prints."""

    files: dict[str, bytes] = field(default_factory=dict)
    out: bytes = b""


def archive(arguments: Sequence[str], read: Callable[[str], bytes | None]) -> Archived:
    """One call of ar. read: a file of the stage, by its name as written. Raises RefusedError."""
    counted = [each for each in arguments if each != "--plugin" and not each.startswith("--")]
    if len(counted) < 2:
        raise RefusedError("no operation or no archive was named")
    letters, path, *names = counted
    letters = letters.removeprefix("-")
    if set(letters) - set(_KNOWN) or set("abi") & set(letters):
        raise RefusedError(f"the operation `{letters}` is not known")
    data = read(path)
    members = read_archive(data, path) if data is not None else []
    if data is None and not set("rq") & set(letters):
        raise RefusedError(f"`{path}` is not there")
    if set("rq") & set(letters):
        return Archived({path: write_archive(_with(members, names, "q" in letters, read))})
    if "d" in letters:
        bases = {posixpath.basename(name) for name in names}
        left = [member for member in members if member.name not in bases]
        return Archived({path: write_archive(left)})
    chosen = [member for member in members if not names or member.name in names]
    if "t" in letters:
        return Archived(out="".join(f"{member.name}\n" for member in chosen).encode())
    if "p" in letters:
        return Archived(out=b"".join(member.data for member in chosen))
    if "x" in letters:
        return Archived({posixpath.basename(member.name): member.data for member in chosen})
    return Archived()


def _with(
    members: list[Member],
    names: Sequence[str],
    append: bool,
    read: Callable[[str], bytes | None],
) -> list[Member]:
    found = list(members)
    for name in names:
        data = read(name)
        if data is None:
            raise RefusedError(f"`{name}` is not there")
        member = Member(posixpath.basename(name), data)
        places = [place for place, entry in enumerate(found) if entry.name == member.name]
        if places and not append and places[0] < len(members):
            found[places[0]] = member
        else:
            found.append(member)
    return found
