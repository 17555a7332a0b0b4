"""Python packages with C in them: built from source for the box, linked with its interpreter.

Belongs here: which files of a tree are extension modules, their objects made ready, the link, the
build of a source archive for the box. Does not: choosing packages and putting them into a tree
(`packages`), freezing.

A wheel made here holds one relocatable object per extension module, under the name a shared library
would have. A box has no dynamic linker: the objects are linked with the interpreter's own when the
box is built, and the interpreter finds them among its built-in modules by their dotted names.
"""

from boxer.packages.native.brought import BROUGHT
from boxer.packages.native.confined import is_confining
from boxer.packages.native.joining import (
    Builder,
    base_program,
    find_builder,
    linked_base,
    module_names,
    run_in_stage,
    with_extensions,
)

__all__ = [
    "BROUGHT",
    "Builder",
    "base_program",
    "find_builder",
    "is_confining",
    "linked_base",
    "module_names",
    "run_in_stage",
    "with_extensions",
]
