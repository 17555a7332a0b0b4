"""A box around one program, without a Dockerfile: what `boxer run a.out` runs.

Belongs here: the settings of such a box. Does not: what is a program (`cprogram`).
"""

from __future__ import annotations

from boxer.boxfile import ImageConfig
from boxer.errors import ForeignProgramError
from boxer.filetree import Tree
from boxer.images import bases_here
from boxer.pipeline.assemble import Finished, assemble
from boxer.pipeline.building import DEFAULT_EPOCH
from boxer.pipeline.cprogram import is_program, with_program
from boxer.pipeline.events import ignore


def program_box(data: bytes, name: str) -> bytes | None:
    """The box of a program that `boxer cc` made; None for other files. name: what it is called.

    Raises `ForeignProgramError` for a program of another machine.
    """
    if not data.startswith((b"\0asm", b"\x7fELF")):
        return None
    source = bases_here()
    base = source.load(source.resolve("scratch"))
    tree = Tree()
    tree.make_directories("/tmp", 0o1777)
    path = f"/{name}"
    tree.add_file(path, data, mode=0o755)
    try:
        if not is_program(tree, path):
            return None
    except ForeignProgramError as error:
        if data.startswith(b"\0asm"):
            return None  # any module of WebAssembly: it may be a box that was cut off
        error.message = error.message.replace(f"`{path}`", f"`{name}`")
        raise
    config = ImageConfig(entrypoint=(path,), env=("PATH=/",), working_dir="/")
    finished = Finished(*with_program(base, tree, path), config, DEFAULT_EPOCH)
    return assemble(finished, ignore)[0]
