"""A shared library of Emscripten as a relocatable object.

PyPI has wheels for Pyodide (`pyemscripten`): their extension modules are WebAssembly that is linked
when it is loaded. All that an object says of itself can be had from one: what stands for an address
is a `global.get` there and a relocation here.

Belongs here: reading such a module, rewriting its code, its symbols and relocations, the new form
of exceptions. Does not: what is linked with what (`linking`), which wheels are taken
(`packages`).

Invariants
1. A module is not trusted: sizes are compared with the bytes that are there, an instruction that is
   not known is refused, and nothing of it runs here. Whatever is wrong is a `BoxerError`.
2. The same bytes give the same object.
"""

from boxer.packages.sidemodule.conversion import converted, is_side_module
from boxer.packages.sidemodule.reading import FunctionType

__all__ = ["FunctionType", "converted", "is_side_module"]
