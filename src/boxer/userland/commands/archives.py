"""tar in a RUN.

Belongs here: tar's options as Dockerfiles use them, over `filetree`. Does not: the reading
and writing of archives itself, gzip and unzip (the shell has them).
"""

from __future__ import annotations

import bz2
import fnmatch
import gzip
import io
import lzma
from dataclasses import replace

from boxer.errors import ArchiveError
from boxer.filetree import Directory, File, Node, Tree, read_tar, write_tar
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)

_WORDS = {
    "extract": False, "create": False, "list": False, "file": True, "directory": True,
    "gzip": False, "bzip2": False, "xz": False, "zstd": False, "verbose": False,
    "strip-components": True, "no-same-owner": False, "same-owner": False, "exclude": True,
    "get": False, "auto-compress": False, "preserve-permissions": False, "overwrite": False,
    "no-same-permissions": False, "keep-old-files": False, "touch": False,
}  # fmt: skip


def tar(call: Invocation) -> None:
    first = call.arguments[0] if call.arguments else ""
    if first and not first.startswith("-"):  # the old style, `tar xzf file`
        call.arguments[0] = f"-{first}"
        _move_values(call.arguments)
    options = parse_options(call, "xctf:C:zjJvpaomk", _WORDS)
    if options.has("x", "extract", "get"):
        _extract(call, options)
    elif options.has("c", "create"):
        _create(call, options)
    elif options.has("t", "list"):
        _list(call, options)
    else:
        raise CommandFailedError("one of -x, -c and -t is needed", 2)


def _move_values(arguments: list[str]) -> None:
    """In the old style the values of letters follow the bundle in order: `tar xfC file dir`."""
    letters = arguments[0][1:]
    values = [letter for letter in letters if letter in "fC"]
    plain = "".join(letter for letter in letters if letter not in "fC")
    taken = arguments[1 : 1 + len(values)]
    moved = [
        word for letter, value in zip(values, taken, strict=False) for word in (f"-{letter}", value)
    ]
    arguments[:] = ([f"-{plain}"] if plain else []) + moved + arguments[1 + len(values) :]


def _extract(call: Invocation, options: Options) -> None:
    target = call.path(options.value("C", "directory") or ".")
    if not isinstance(call.tree.get(target), Directory):
        raise CommandFailedError(f"{target}: Cannot open: No such file or directory", 2)
    owner = (call.user.uid, call.user.gid)
    keep_owner = call.user.uid == 0 and not options.has("no-same-owner", "o")
    unpacked = Tree()
    try:
        read_tar(unpacked, io.BytesIO(_archive(call, options)), owner=None if keep_owner else owner)
    except ArchiveError as error:
        raise CommandFailedError(error.message, 2) from error
    strip = int(options.value("strip-components") or "0")
    wanted = [operand.strip("/") for operand in options.operands]
    excluded = options.values.get("exclude", [])
    for path, node in unpacked.walk():
        name = path.strip("/")
        parts = name.split("/")
        if wanted and not any(name == w or name.startswith(w + "/") for w in wanted):
            continue
        if any(fnmatch.fnmatch(name, p) or fnmatch.fnmatch(parts[-1], p) for p in excluded):
            continue
        if len(parts) <= strip or not name:
            continue
        _place(call, node, "/".join([target.rstrip("/"), *parts[strip:]]))
        if options.has("v", "verbose"):
            call.print(name)


def _place(call: Invocation, node: Node, path: str) -> None:
    parent, name = call.parent(path)
    node.mtime = min(node.mtime, call.epoch)
    present = parent.entries.get(name)
    if isinstance(node, Directory):
        node = replace(node, entries={})  # they come one by one
        if isinstance(call.tree.get(path), Directory):
            return
    elif isinstance(present, Directory):
        raise CommandFailedError(f"{path}: Cannot open: Is a directory", 2)
    parent.entries[name] = node


def _create(call: Invocation, options: Options) -> None:
    base = call.path(options.value("C", "directory") or ".")
    packed = Tree()
    excluded = options.values.get("exclude", [])
    for operand in options.operands:
        start = f"{base.rstrip('/')}/{operand}" if not operand.startswith("/") else operand
        node = call.existing(start, follow=False)
        for path, found in call.walk(operand.strip("/") if operand != "." else "", node):
            name = path.removeprefix("./")
            if any(fnmatch.fnmatch(part, p) for p in excluded for part in (name, *name.split("/"))):
                continue
            if isinstance(found, Directory):
                packed.make_directories(name, found.mode, found.uid, found.gid, found.mtime)
            else:
                packed.put(name, found)
    buffer = io.BytesIO()
    write_tar(packed, buffer, top="." in options.operands)
    data = _compressed(buffer.getvalue(), options)
    target = options.value("f", "file") or "-"
    if target == "-":
        call.out += data
    else:
        parent, name = call.parent(target)
        parent.entries[name] = File(
            data=data, uid=call.user.uid, gid=call.user.gid, mtime=call.epoch
        )


def _compressed(data: bytes, options: Options) -> bytes:
    name = options.value("f", "file") or ""
    by_name = options.has("a", "auto-compress")
    if options.has("z", "gzip") or (by_name and name.endswith((".gz", ".tgz"))):
        return gzip.compress(data, mtime=0)
    if options.has("j", "bzip2") or (by_name and name.endswith((".bz2", ".tbz"))):
        return bz2.compress(data)
    if options.has("J", "xz") or (by_name and name.endswith((".xz", ".txz"))):
        return lzma.compress(data)
    if options.has("zstd"):
        raise CommandFailedError("zstd archives can be read in a build, not written", 2)
    return data


def _list(call: Invocation, options: Options) -> None:
    packed = Tree()
    try:
        for path in read_tar(packed, io.BytesIO(_archive(call, options))):
            slash = "/" if isinstance(packed.get(path, follow=False), Directory) else ""
            call.print(path.lstrip("/") + slash)
    except ArchiveError as error:
        raise CommandFailedError(error.message, 2) from error


def _archive(call: Invocation, options: Options) -> bytes:
    """The archive's bytes; its compression is seen from them, -z and the like only confirm it."""
    name = options.value("f", "file") or "-"
    if name == "-":
        return call.stdin
    node = call.existing(name)
    if not isinstance(node, File):
        raise CommandFailedError(f"{name}: Cannot read: Is a directory", 2)
    return node.data


COMMANDS = {"tar": Command(tar, reads_stdin=True, makes_programs=True)}
