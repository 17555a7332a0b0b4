"""Commands whose answer must come from the box and not from the shell: date, which, stat, uname.

Belongs here: answers about time, programs and files that the shell's own commands give wrongly or
from this machine's clock. Does not: accounts (`accounts`).
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from boxer.errors import UnsupportedCommandError
from boxer.filetree import Device, Directory, File, Node, Symlink, groups, users
from boxer.userland.commands.datewords import moment_of
from boxer.userland.commands.files import permission_letters
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)
from boxer.userland.programs import find_program, shell_programs


def date(call: Invocation) -> None:
    """date(1) with the clock of the build, which stands still (SOURCE_DATE_EPOCH)."""
    options = parse_options(_with_form(call), "ud:RI:r:f:", _DATE)
    zone = UTC if options.has("u", "utc", "universal") else _zone(call)
    text, file = options.value("d", "date"), options.value("r", "reference")
    listed = options.value("f", "file")
    if listed is not None:
        node = call.existing(listed)
        lines = node.data.decode("utf-8", "replace").splitlines() if isinstance(node, File) else []
    else:
        lines = [text or ("" if text is not None else "now")]
    for line in lines:
        moment = call.existing(file).mtime if file else moment_of(line, call.epoch, zone)
        if moment is None:
            raise CommandFailedError(f"invalid date '{line}'")
        call.print(_shown(moment, zone, _form(options)))


_DATE = {
    "utc": False,
    "universal": False,
    "date": True,
    "file": True,
    "iso-8601": True,
    "reference": True,
    "rfc-2822": False,
    "rfc-email": False,
    "rfc-3339": True,
}
_PRECISIONS = {
    "date": "",
    "hours": "%H",
    "minutes": "%H:%M",
    "seconds": "%H:%M:%S",
    "ns": "%H:%M:%S,%N",
}
_SPECIAL = re.compile(r"%([-_0^#]*)(\d*)(:*z|[%NsZP])")


def _with_form(call: Invocation) -> Invocation:
    """-I and --iso-8601 may stand without a value."""
    bare = {"-I": "-Idate", "--iso-8601": "--iso-8601=date", "-uI": "-uIdate"}
    return call.calling(call.name, *(bare.get(word, word) for word in call.arguments))


def _form(options: Options) -> str:
    form = "%a %b %e %H:%M:%S %Z %Y"
    for operand in options.operands:
        if not operand.startswith("+"):
            raise CommandFailedError(f"invalid date '{operand}'")
        return operand[1:]
    precise, simple = options.value("I", "iso-8601"), options.value("rfc-3339")
    chosen = precise if precise is not None else simple
    if chosen is not None:
        known = [name for name in _PRECISIONS if chosen and name.startswith(chosen)]
        if len(known) != 1:
            raise CommandFailedError(f"invalid argument '{chosen}'")
        clock = _PRECISIONS[known[0]]
        if not clock:
            return "%Y-%m-%d"
        form = f"%Y-%m-%dT{clock}%:z"
        return form if precise is not None else form.replace("T", " ").replace(",", ".")
    if options.has("R", "rfc-2822", "rfc-email"):
        return "%a, %d %b %Y %H:%M:%S %z"
    return form


def _zone(call: Invocation) -> tzinfo:
    """TZ, by the zones the box has; UTC where it is not set or not known, as in the C library."""
    name = call.env.get("TZ", "").removeprefix(":")
    node = call.tree.get(f"/usr/share/zoneinfo/{name}") if name else None
    if not isinstance(node, File):
        return UTC
    try:
        return ZoneInfo.from_file(io.BytesIO(node.data), key=name)
    except ValueError:
        return UTC


def _shown(moment: int, zone: tzinfo, form: str) -> str:
    try:
        when = datetime.fromtimestamp(moment, zone)
    except (ValueError, OverflowError, OSError):
        raise CommandFailedError(f"time '{moment}' is out of range") from None
    offset = when.strftime("%z")
    special = {
        "%": "%%",
        "s": str(moment),
        "N": "000000000",
        "Z": when.tzname() or "",
        "P": when.strftime("%p").lower(),
        "z": offset,
        ":z": f"{offset[:3]}:{offset[3:5]}",
        "::z": f"{offset[:3]}:{offset[3:5]}:00",
    }

    def filled(found: re.Match[str]) -> str:
        value = special.get(found[3], found[0])
        if found[3] == "N" and found[2]:
            value = value[: int(found[2])]
        if "^" in found[1]:
            value = value.upper()
        return value

    return when.strftime(_SPECIAL.sub(filled, form))


def which(call: Invocation) -> int:
    options = parse_options(call, "as", {"all": False})
    status = 0
    for name in options.operands:
        found = find_program(call.tree, name, call.env.get("PATH", ""), call.cwd)
        if found is None and name in shell_programs():
            found = f"/usr/bin/{name}"
        if found is None:
            status = 1
        else:
            call.print(found)
    return status


def stat(call: Invocation) -> int:
    words = {"format": True, "printf": True, "dereference": False, "terse": False}
    options = parse_options(call, "c:L", words, "f t file-system terse cached")
    form, written = options.value("c", "format"), options.value("printf")
    follow = options.has("L", "dereference")
    if not options.operands:
        raise CommandFailedError("missing operand")

    def one(path: str) -> None:
        node = call.existing(path, follow)
        if written is None:
            call.print(_filled(call, _DESCRIPTION if form is None else form, path, node))
        else:
            text = _ESCAPE.sub(_escaped, _filled(call, written, path, node))
            call.out += text.encode("utf-8", "surrogateescape")

    return call.each(options.operands, one)


_DESCRIPTION = (
    "  File: %N\n  Size: %s\t%F\nAccess: (%04a/%A)  Uid: (%u/%U)   Gid: (%g/%G)\nModify: %Y"
)
_OF_A_DISK = "BbCdDimotTrRwW"  # what GNU's stat tells beside
_ESCAPE = re.compile(r"\\([\\abfnrtv\"]|[0-7]{1,3}|x[0-9a-fA-F]{1,2})")
_DIRECTIVE = re.compile(r"%([-0 ]*)(\d*)(.?)", re.DOTALL)


def _escaped(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "01234567":
        return chr(int(code, 8))
    if code[0] == "x":
        return chr(int(code[1:], 16))
    return dict(zip('\\abfnrtv"', '\\\a\b\f\n\r\t\v"', strict=True))[code]


def _filled(call: Invocation, form: str, path: str, node: Node) -> str:
    user = next((u.name for u in users(call.tree) if u.uid == node.uid), "UNKNOWN")
    group = next((g.name for g in groups(call.tree) if g.gid == node.gid), "UNKNOWN")
    values = {
        "n": path,
        "N": f"'{path}'" + (f" -> '{node.target}'" if isinstance(node, Symlink) else ""),
        "s": str(_size(node)),
        "F": _kind(node),
        "a": f"{node.mode:o}",
        "A": _letters(node),
        "f": f"{node.st_mode:x}",
        "u": str(node.uid),
        "U": user,
        "g": str(node.gid),
        "G": group,
        "h": str(_names(call, node)) if "h" in form else "",
        **dict.fromkeys("XYZ", str(node.mtime)),
        **dict.fromkeys("xyz", _shown(node.mtime, UTC, "%Y-%m-%d %H:%M:%S")),
        "%": "%",
    }

    def one(found: re.Match[str]) -> str:
        flags, width, letter = found[1], int(found[2] or "0"), found[3]
        if letter in _OF_A_DISK:
            raise call.unsupported(f"`{found[0]}`", "A build's files are on no disk.")
        if letter not in values:
            raise CommandFailedError(f"'{found[0]}' is not known")
        if "-" in flags:
            return values[letter].ljust(width)
        return values[letter].rjust(width, "0" if "0" in flags else " ")

    return _DIRECTIVE.sub(one, form)


def _names(call: Invocation, node: Node) -> int:
    """How many hard links a node has."""
    if isinstance(node, Directory):
        return 2 + sum(isinstance(child, Directory) for child in node.entries.values())
    return sum(found is node for _, found in call.tree.walk())


def _size(node: Node) -> int:
    if isinstance(node, File):
        return len(node.data)
    return len(node.target) if isinstance(node, Symlink) else 4096


def _kind(node: Node) -> str:
    match node:
        case File():
            return "regular file" if node.data else "regular empty file"
        case Directory():
            return "directory"
        case Symlink():
            return "symbolic link"
        case Device(kind="fifo"):
            return "fifo"
        case _:
            return "special file"


def _letters(node: Node) -> str:
    kinds = {File: "-", Directory: "d", Symlink: "l"}
    return kinds.get(type(node), "c") + permission_letters(node.mode)


def nproc(call: Invocation) -> None:
    call.print("1")


def umask(call: Invocation) -> None:
    """The step's umask is 022, and files are made by it; another one would be forgotten."""
    for word in call.arguments:
        if word.lstrip("0") != "22" and word not in ("-S", "-p", "u=rwx,g=rx,o=rx"):
            raise UnsupportedCommandError(
                f"`umask {word}` cannot work in a RUN: its umask stays 022.",
                where=call.where,
                hint="Use `chmod`, `mkdir -m` or `install -m`.",
            )
    if call.arguments in ([], ["-S"]):
        call.print("u=rwx,g=rx,o=rx" if call.arguments else "0022")


COMMANDS = {
    "date": Command(date),
    "which": Command(which),
    "stat": Command(stat),
    "nproc": Command(nproc),
    "umask": Command(umask),
}
