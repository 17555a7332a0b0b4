"""A wheel file, read and checked.

Belongs here: what a wheel holds and whether it is one. Does not: putting it into a tree
(`placement`), choosing wheels (`files`), building them (`sdist`).

Invariants
1. No name in a wheel that was read leads outside: absolute names, `..`, backslashes are refused.
2. What a wheel unpacks to is limited; what it says of itself (size, sha256) is checked.

Source: PyPA, "Binary distribution format".
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from boxer.errors import BadWheelError
from boxer.packages.prefix import normalize, parse_metadata

MAX_FILES = 50_000
MAX_BYTES = 1 << 30  # a box has 4 GiB of memory in all

# What only one kind of machine can run, by name or by its first bytes.
_NATIVE_SUFFIX = re.compile(r"\.(so|pyd|dylib|dll|a|lib|o)(\.\d+)*$")
# A box's own: a relocatable object, which is linked with its interpreter (boxer.packages.native).
_BOX_MAGIC = b"\0asm"
# A static library, for compiling against: numpy has some. Nothing loads it.
_ARCHIVE_MAGIC = b"!<arch>\n"
_NATIVE_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"MZ\x90\0")


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a wheel. name: as in the archive."""

    name: str
    data: bytes
    executable: bool


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that was read and checked. archive: the file itself."""

    filename: str
    name: str
    version: str
    info: str
    members: tuple[Member, ...]
    archive: bytes = field(default=b"", repr=False)

    @property
    def key(self) -> str:
        return normalize(self.name)

    @property
    def pure_filename(self) -> str:
        """A file name that says any machine can run it, which was seen from its contents."""
        name = re.sub(r"[-_.]+", "_", self.name).lower()
        return f"{name}-{self.version}-py3-none-any.whl"

    def text(self, name: str) -> str:
        """A file of its .dist-info as text; empty if it has none of that name."""
        path = f"{self.info}/{name}"
        data = next((member.data for member in self.members if member.name == path), b"")
        return data.decode("utf-8", "replace")

    def native_files(self) -> list[str]:
        """The files that only one kind of machine can run, if it is no box."""
        return [
            member.name
            for member in self.members
            if (_NATIVE_SUFFIX.search(member.name) or member.data.startswith(_NATIVE_MAGIC))
            and not member.data.startswith((_BOX_MAGIC, _ARCHIVE_MAGIC))
        ]


def read_wheel(data: bytes, filename: str) -> Wheel:
    """Reads a wheel. Raises BadWheelError for one that is damaged, too large or reaches outside."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = tuple(_members(archive, filename))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise bad_wheel(filename, f"it cannot be unpacked: {error}") from error
    except NotImplementedError as error:
        raise bad_wheel(filename, "it uses a compression that wheels do not have") from error
    info = _info_folder(members, filename)
    wheel = Wheel(filename, "", "", info, members)
    if not re.search(r"(?m)^Wheel-Version:\s*1\.\d+\s*$", wheel.text("WHEEL")):
        raise bad_wheel(filename, "its WHEEL file does not state version 1")
    metadata = parse_metadata(wheel.text("METADATA").encode())
    name, version = str(metadata["Name"] or ""), str(metadata["Version"] or "")
    if not name or not version:
        raise bad_wheel(filename, "its METADATA has no name or no version")
    _check_record(wheel)
    return Wheel(filename, name, version, info, members, data)


def _members(archive: zipfile.ZipFile, filename: str) -> Iterator[Member]:
    entries = archive.infolist()
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise bad_wheel(filename, "it unpacks to more than a box can hold")
    seen: set[str] = set()
    for entry in entries:
        if not entry.filename:
            raise ValueError("a member has no name")
        if entry.is_dir():
            continue
        name = entry.filename
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or "\0" in name or {"", ".", ".."} & set(parts):
            raise bad_wheel(filename, f"its entry `{name}` leads outside")
        if name in seen:
            raise bad_wheel(filename, f"its entry `{name}` is there twice")
        seen.add(name)
        with archive.open(entry) as stream:
            data = stream.read(entry.file_size + 1)
        if len(data) != entry.file_size:
            raise bad_wheel(filename, f"its entry `{name}` is of another size than it states")
        yield Member(name, data, bool(entry.external_attr >> 16 & 0o111))


def _info_folder(members: tuple[Member, ...], filename: str) -> str:
    folders = {m.name.split("/")[0] for m in members if m.name.endswith(".dist-info/METADATA")}
    tops = {folder for folder in folders if folder.endswith(".dist-info")}
    if len(tops) != 1:
        raise bad_wheel(filename, "it has no .dist-info folder, or several")
    return tops.pop()


def _check_record(wheel: Wheel) -> None:
    """Every file that RECORD has a sha256 for must have it; signatures and RECORD have none."""
    stated = {
        row[0]: row[1] for row in csv.reader(io.StringIO(wheel.text("RECORD"))) if len(row) > 1
    }
    for member in wheel.members:
        digest = stated.get(member.name, "")
        if digest.startswith("sha256=") and digest != record_digest(member.data):
            raise bad_wheel(wheel.filename, f"`{member.name}` is not the file its RECORD describes")


def record_digest(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return "sha256=" + digest.decode("ascii")


def bad_wheel(filename: str, why: str) -> BadWheelError:
    return BadWheelError(
        f"The wheel `{filename}` cannot be installed: {why}.",
        hint="Build or download the wheel again, or pin another version.",
    )
