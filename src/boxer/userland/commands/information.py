"""Commands whose answer must come from the box and not from the shell: date, which, stat, uname.

Belongs here: answers about time, programs and files that the shell's own commands give wrongly or
from this machine's clock. Does not: accounts (`accounts`).
"""

from __future__ import annotations

import time

from boxer.filetree import Device, Directory, File, Node, Symlink, groups, users
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    parse_options,
)
from boxer.userland.programs import find_program, shell_programs


def date(call: Invocation) -> None:
    """date(1) with the clock of the build, which stands still (SOURCE_DATE_EPOCH)."""
    argv = {"utc": False, "universal": False, "date": True, "iso-8601": False, "rfc-3339": True}
    options = parse_options(call, "ud:IRr:", argv)
    moment = call.epoch
    text = options.value("d", "date")
    if text is not None and text != "now":
        if not text.startswith("@") or not text[1:].isdecimal():
            raise CommandFailedError(f"'{text}': a build only knows @SECONDS and now")
        moment = int(text[1:])
    form = "%a %b %e %H:%M:%S UTC %Y"
    if options.has("I", "iso-8601"):
        form = "%Y-%m-%d"
    if options.has("R"):
        form = "%a, %d %b %Y %H:%M:%S +0000"
    for operand in options.operands:
        if not operand.startswith("+"):
            raise CommandFailedError(f"invalid date '{operand}'")
        form = operand[1:]
    form = form.replace("%s", str(moment)).replace("%N", "000000000").replace("%Z", "UTC")
    call.print(time.strftime(form.replace("%z", "+0000"), time.gmtime(moment)))


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


def stat(call: Invocation) -> None:
    options = parse_options(call, "c:Lt", {"format": True, "printf": True, "dereference": False})
    form = options.value("c", "format") or options.value("printf")
    follow = options.has("L", "dereference")
    for path in options.operands:
        node = call.existing(path, follow)
        if form is None:
            call.print(_described(call, path, node))
        else:
            call.print(_filled(call, form, path, node))


def _described(call: Invocation, path: str, node: Node) -> str:
    return _filled(
        call,
        "  File: %n\n  Size: %s\t%F\nAccess: (%04a/%A)  Uid: (%u/%U)   Gid: (%g/%G)\nModify: %Y",
        path,
        node,
    )


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
        "h": "1",
        **dict.fromkeys("XYZW", str(node.mtime)),
        **dict.fromkeys("xyz", time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(node.mtime))),
        "%": "%",
    }
    out = []
    rest = iter(form.replace("%04a", "%a" if node.mode > 0o777 else "0%a"))
    for character in rest:
        if character == "%":
            letter = next(rest, "%")
            if letter not in values:
                raise CommandFailedError(f"'%{letter}' is not known in a build")
            out.append(values[letter])
        else:
            out.append(character)
    return "".join(out)


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
    bits = "".join(
        letter if node.mode >> (8 - index) & 1 else "-" for index, letter in enumerate("rwx" * 3)
    )
    return kinds.get(type(node), "c") + bits


def nproc(call: Invocation) -> None:
    call.print("1")


def umask(call: Invocation) -> None:
    """The step's umask is 022, and files are made by it; another one would be forgotten."""
    for word in call.arguments:
        if word.lstrip("0") != "22" and word not in ("-S", "u=rwx,g=rx,o=rx"):
            raise CommandFailedError(f"'{word}': a build's umask stays 022; use chmod", 2)
    if not call.arguments:
        call.print("0022")


COMMANDS = {
    "date": Command(date),
    "which": Command(which),
    "stat": Command(stat),
    "nproc": Command(nproc),
    "umask": Command(umask),
}
