"""A box whose command is a C program that `boxer cc` made: the program is the module of the box.

Belongs here: finding it, putting it in the base's place. Does not: compiling (`recipes`), the
command of a Python box (`entry`).

Such a file is a WebAssembly module with kernel, libc and program in one. In the tree of the box its
place is taken by a line that says so, which the kernel's side (guest/entry/program.c) reads.
"""

from __future__ import annotations

from dataclasses import replace

from boxer.boxfile import ImageConfig
from boxer.errors import BoxerError, ForeignProgramError, UnsupportedModuleError
from boxer.filetree import File, Tree
from boxer.images import Base
from boxer.pipeline.entry import command_file
from boxer.wasmformat import Module, constant, object_of, without_object

# The program's name in guest/entry/start.c.
STAND_IN = b"#!boxer main\n"
_WASM = b"\0asm"
_OTHERS = {
    b"\x7fELF": "is a Linux program for another processor (ELF)",
    b"MZ": "is a Windows program",
    b"\xcf\xfa\xed\xfe": "is a macOS program",
    b"\xca\xfe\xba\xbe": "is a macOS program",
}
_COMPILE = "Compile it for the box: `boxer cc -o PROGRAM SOURCES`."


def find_cprogram(config: ImageConfig, tree: Tree, has_module: bool) -> str | None:
    """The path of the program the box is, None where the base's own program is run.

    has_module: whether the base has a program; where it has none, a script's program is the only
    one there is. Raises `ForeignProgramError` for a program of another machine.
    """
    path = command_file(config, tree)
    if path is not None and is_program(tree, path):
        return path
    if has_module:
        return None
    programs = idle_programs(tree, linked=False)
    if len(programs) == 1 and is_program(tree, programs[0]):
        return programs[0]
    return None


def idle_programs(tree: Tree, linked: bool) -> list[str]:
    """Executable C programs in a tree that cannot be linked with its base's. Extension modules of
    Python (`.so`) are none, whatever mode their wheel gives them."""
    return [
        path
        for path, node in tree.walk()
        if isinstance(node, File)
        and node.data[:4] == _WASM
        and node.mode & 0o111
        and not path.endswith(".so")
        and not (linked and object_of(node.data))
    ]


def with_program(base: Base, tree: Tree, path: str) -> tuple[Base, Tree]:
    """The base and the tree of a box that is this program."""
    file = tree.file(path)
    own = tree.copy()
    own.put(path, replace(file, data=STAND_IN))
    info = replace(base.info, name=base.info.name, program=path, preimport=())
    return replace(base, info=info, module=without_object(file.data)), own


def is_program(tree: Tree, path: str) -> bool:
    """Whether a file is a program that `boxer cc` made. Raises `ForeignProgramError` for a program
    of another machine."""
    data = tree.file(path).data
    for magic, what in _OTHERS.items():
        if data.startswith(magic):
            raise ForeignProgramError(f"`{path}` {what}; a box cannot run it.", hint=_COMPILE)
    if not data.startswith(_WASM):
        return False
    try:
        known = constant(Module.parse(data), "boxer_boot") is not None
    except (BoxerError, UnsupportedModuleError):
        known = False
    if not known:
        raise ForeignProgramError(
            f"`{path}` is a WebAssembly module, but no program that `boxer cc` made.",
            hint=_COMPILE,
        )
    return True
