"""Compilers in a RUN: gcc, cc, clang, g++, c++, and ar, ranlib, strip beside them.

Belongs here: their names, and putting what they leave into the tree as the RUN's user. Does not:
compiling (the `Compiler` of `ports`), make (`make`).
"""

from __future__ import annotations

from boxer.errors import UnsupportedCommandError
from boxer.filetree import WRITE, Directory, File, permitted
from boxer.toolchain import CompilerRequest
from boxer.userland.invocation import Command, CommandFailedError, Invocation
from boxer.userland.ports import Compiler

_C = ("cc", "gcc", "clang", "c99", "c11", "c89", "musl-gcc", "x86_64-linux-gnu-gcc")
_CXX = ("c++", "g++", "clang++")
_VERSIONS = tuple(str(number) for number in range(4, 23))


def compile_c(call: Invocation) -> int:
    return _run(call, "cc")


def compile_cxx(call: Invocation) -> int:
    return _run(call, "c++")


def preprocess(call: Invocation) -> int:
    call.arguments = ["-E", *call.arguments]
    return _run(call, "cc")


def archive(call: Invocation) -> int:
    return _run(call, "ar")


def nothing(call: Invocation) -> int:
    """ranlib and strip: archives need no index here, programs have no symbols. Their files must
    be there all the same; strip's -o makes a copy."""
    words = [word for word in call.arguments if not word.startswith("-")]
    target = None
    if "-o" in call.arguments[:-1]:
        target = call.arguments[call.arguments.index("-o") + 1]
        words = [word for word in words if word != target]
    for word in words:
        node = call.existing(word)
        if target is not None and isinstance(node, File):
            _put(call, target, node.data, node.mode & 0o777)
    return 0


def _run(call: Invocation, tool: str) -> int:
    request = CompilerRequest(
        tree=call.tree,
        argv=(tool, *call.arguments),
        cwd=call.cwd,
        user=call.user,
        stdin=call.stdin,
        epoch=call.epoch,
    )
    result = _compiler(call).run(request)
    call.out += result.stdout
    call.err += result.stderr
    for path, (data, mode) in result.files.items():
        _put(call, path, data, mode)
    return result.status


def _compiler(call: Invocation) -> Compiler:
    if call.ports.compiler is None:
        raise UnsupportedCommandError(
            f"`{call.name}` cannot work in a RUN: this build has no compiler.",
            where=call.where,
            hint="Compile before the build, `boxer cc -o app app.c`, and COPY the program.",
        )
    return call.ports.compiler


def _put(call: Invocation, path: str, data: bytes, mode: int) -> None:
    if call.path(path).startswith("/dev/"):
        return
    present = call.node(path)
    if isinstance(present, Directory):
        raise CommandFailedError(f"cannot write '{path}': Is a directory")
    if isinstance(present, File):
        if not permitted(present, call.user, WRITE):
            raise CommandFailedError(f"cannot write '{path}': Permission denied")
        present.data, present.mode, present.mtime = data, present.mode | mode, call.epoch
        return
    call.parent(path)
    call.tree.add_file(call.path(path), data, mode, call.user.uid, call.user.gid, call.epoch)


def _named(names: tuple[str, ...], versioned: tuple[str, ...]) -> tuple[str, ...]:
    return (*names, *(f"{name}-{version}" for name in versioned for version in _VERSIONS))


_COMPILER = Command(compile_c, reads_stdin=True, makes_programs=True)
_PLUS = Command(compile_cxx, reads_stdin=True, makes_programs=True)
COMMANDS = {
    **dict.fromkeys(_named(_C, ("gcc", "clang")), _COMPILER),
    **dict.fromkeys(_named(_CXX, ("g++", "clang++")), _PLUS),
    "cpp": Command(preprocess, reads_stdin=True),
    **dict.fromkeys(("ar", "gcc-ar", "llvm-ar"), Command(archive)),
    **dict.fromkeys(("ranlib", "gcc-ranlib", "strip"), Command(nothing, makes_programs=True)),
}
