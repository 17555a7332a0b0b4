"""realpath and mktemp: names that are looked up, names that are made.

Belongs here: those two. Does not: readlink, basename and dirname, which the shell has.

Rules: realpath(1) and mktemp(1) of the GNU programs. A build's names are no surprise: the same
script makes the same ones.
"""

from __future__ import annotations

import posixpath
import re
import string

from boxer.errors import SymlinkLoopError
from boxer.filetree import Directory, File
from boxer.userland.invocation import Command, CommandFailedError, Invocation, parse_options

_LETTERS = string.ascii_letters + string.digits


def realpath(call: Invocation) -> int:
    words = {
        "canonicalize-existing": False,
        "canonicalize-missing": False,
        "no-symlinks": False,
        "strip": False,
        "quiet": False,
        "zero": False,
        "relative-to": True,
    }
    options = parse_options(call, "emqsz", words, "L P logical physical relative-base")
    if not options.operands:
        raise CommandFailedError("missing operand")

    def real(path: str) -> str:
        whole = posixpath.join(call.cwd, path)
        if options.has("s", "no-symlinks", "strip"):
            return posixpath.normpath(whole)
        try:
            found = call.tree.resolve(whole)
        except SymlinkLoopError:
            if options.has("m", "canonicalize-missing"):
                return posixpath.normpath(whole)
            raise CommandFailedError(f"{path}: Too many levels of symbolic links") from None
        needed = found if options.has("e", "canonicalize-existing") else posixpath.dirname(found)
        there = call.tree.get(needed)
        if not options.has("m", "canonicalize-missing") and there is None:
            raise CommandFailedError(f"{path}: No such file or directory")
        if not options.has("m") and needed != found and not isinstance(there, Directory):
            raise CommandFailedError(f"{path}: Not a directory")
        return found

    def one(path: str) -> None:
        if not path:
            raise CommandFailedError("'': No such file or directory")
        found, base = real(path), options.value("relative-to")
        shown = found if base is None else posixpath.relpath(found, real(base))
        call.out += shown.encode("utf-8", "surrogateescape")
        call.out += b"\0" if options.has("z", "zero") else b"\n"

    return call.each(options.operands, one)


def mktemp(call: Invocation) -> None:
    words: dict[str, bool | None] = {
        "directory": False,
        "dry-run": False,
        "quiet": False,
        "suffix": True,
        "tmpdir": None,
    }
    options = parse_options(call, "duqp:t", words)
    if len(options.operands) > 1:
        raise CommandFailedError("too many templates")
    template = options.operands[0] if options.operands else "tmp.XXXXXXXXXX"
    suffix = options.value("suffix")
    runs = list(re.finditer("X{3,}", template))
    if not runs:
        raise CommandFailedError(f"too few X's in template '{template}'")
    if suffix is None:
        template, suffix = template[: runs[-1].end()], template[runs[-1].end() :]
    elif not template.endswith("X"):
        raise CommandFailedError(f"with --suffix, template '{template}' must end in X")
    asked = options.value("p", "tmpdir")
    if asked is not None or options.has("t") or not options.operands:
        first = call.env.get("TMPDIR") if options.has("t") or not asked else asked
        template = posixpath.join(first or asked or call.env.get("TMPDIR") or "/tmp", template)
    stem = template.rstrip("X")
    path = stem
    while path == stem or call.node(path, follow=False) is not None:
        letters = call.random.choices(_LETTERS, k=len(template) - len(stem))
        path = f"{stem}{''.join(letters)}{suffix}"
    if not options.has("u", "dry-run"):
        parent, name = call.parent(path)
        folder = options.has("d", "directory")
        made = Directory(mode=0o700) if folder else File(mode=0o600)
        parent.entries[name] = call.own(made, parent)
    call.print(path)


COMMANDS = {"realpath": Command(realpath), "mktemp": Command(mktemp)}
