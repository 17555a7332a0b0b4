"""The module of a base with less code: Binaryen (from PyPI, `icpp-binaryen`) over what was linked.

`python -m recipes.shrinking IN.wasm OUT.wasm`, in a process of its own: what Binaryen cannot read
ends the process.

Belongs here: which of Binaryen's passes are run. Does not: linking (`base`).

Invariants
1. No function is inlined: what `interpreter` split off from the interpreter's loop stays apart.
2. The largest function, the loop of an interpreter, stays as LLVM made it: what these passes save
   there (3 kB of CPython's) costs programs speed (docs/decisions/0013).
3. The data is the linker's, byte for byte and segment by segment: which of it is constant shows in
   its segments (src/boxer/link/initialmemory.py).
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from recipes import toolchain
from recipes.failures import RecipeError
from recipes.workshop import ROOT

DISTRIBUTION = "icpp-binaryen"
# As `wasm-opt -Os` has them, but for what inlines, changes signatures, or moves data: first what is
# run on each function, then what is run on the whole.
OPTIMIZE, SHRINK = 2, 1
PASSES = (
    "dce",
    "remove-unused-names",
    "remove-unused-brs",
    "remove-unused-names",
    "optimize-instructions",
    "pick-load-signs",
    "precompute",
    "simplify-locals-nostructure",
    "vacuum",
    "reorder-locals",
    "remove-unused-brs",
    "coalesce-locals",
    "local-cse",
    "simplify-locals",
    "vacuum",
    "reorder-locals",
    "coalesce-locals",
    "reorder-locals",
    "vacuum",
    "code-folding",
    "merge-blocks",
    "remove-unused-brs",
    "remove-unused-names",
    "merge-blocks",
    "precompute",
    "optimize-instructions",
    "rse",
    "vacuum",
)
MODULE_PASSES = ("duplicate-function-elimination",)
# What toolchain.TARGET's processor has; no pass may use more.
FEATURES = (
    "MutableGlobals",
    "SignExt",
    "BulkMemory",
    "NontrappingFPToInt",
    "ExceptionHandling",
    "Multivalue",
    "ReferenceTypes",
)
PREAMBLE = 8
CODE, DATA, DATA_COUNT = 10, 11, 12


class _Written(ctypes.Structure):
    _fields_ = (
        ("binary", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("source_map", ctypes.c_void_p),
    )


def binaryen_version() -> str:
    """A part of every base's digest: which Binaryen, or "" where there is none for this machine.

    Raises RecipeError where it is not installed.
    """
    if sys.platform != "darwin" and platform.machine() != "x86_64":
        return ""  # as pyproject.toml has it
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        raise RecipeError(
            f"`{DISTRIBUTION}` is not installed", "pip install -e '.[recipes]'"
        ) from None


def shrink(module: Path) -> None:
    """Puts the smaller module in the place of `module`; where there is no Binaryen, it stays."""
    if not binaryen_version():
        return
    draft = module.with_suffix(".draft")
    toolchain.run([sys.executable, "-m", "recipes.shrinking", module, draft], cwd=ROOT)
    draft.rename(module)


def shrunk(module: bytes) -> bytes:
    """The module with less code."""
    library = _library()
    ref = library.BinaryenModuleRead(module, len(module))
    features = 0
    for name in FEATURES:
        features |= getattr(library, f"BinaryenFeature{name}")()
    library.BinaryenModuleSetFeatures(ref, features)
    library.BinaryenSetOptimizeLevel(OPTIMIZE)
    library.BinaryenSetShrinkLevel(SHRINK)
    sizes = _code_sizes(module)
    imported = library.BinaryenGetNumFunctions(ref) - len(sizes)
    functions = [library.BinaryenGetFunctionByIndex(ref, imported + n) for n in range(len(sizes))]
    functions.pop(sizes.index(max(sizes)))
    names = _names(PASSES)
    for function in functions:
        library.BinaryenFunctionRunPasses(function, ref, names, len(names))
    names = _names(MODULE_PASSES)
    library.BinaryenModuleRunPasses(ref, names, len(names))
    written = library.BinaryenModuleAllocateAndWrite(ref, None)
    return _with_data_of(module, ctypes.string_at(written.binary, written.size))


def _names(passes: tuple[str, ...]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * len(passes))(*(name.encode() for name in passes))


def _code_sizes(module: bytes) -> list[int]:
    """How many bytes each function that the module defines has."""
    code = next(body for section, body in _sections(module) if section == CODE)
    _, at = _number(code, 1)
    count, at = _number(code, at)
    sizes = []
    for _ in range(count):
        size, at = _number(code, at)
        sizes.append(size)
        at += size
    return sizes


def _with_data_of(module: bytes, changed: bytes) -> bytes:
    """The changed module without a count of segments, which the linker left out; a data section
    that is another's is an error."""
    data = {section: body for section, body in _sections(module) if section == DATA}
    parts = [changed[:PREAMBLE]]
    for section, body in _sections(changed):
        if section == DATA and body != data[DATA]:
            raise RecipeError("Binaryen changed the data of the module")
        if section != DATA_COUNT:
            parts.append(body)
    return b"".join(parts)


def _sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """Each section's number, and the section with its header."""
    at = PREAMBLE
    while at < len(module):
        size, end = _number(module, at + 1)
        yield module[at], module[at : end + size]
        at = end + size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = 0
    for shift in range(0, 35, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value, at


def _library() -> ctypes.CDLL:
    found = importlib.util.find_spec("icpp_binaryen")
    assert found is not None
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0]) / "lib"
    library = ctypes.CDLL(str(next(folder.glob("libbinaryen.*"))))
    library.BinaryenModuleRead.restype = ctypes.c_void_p
    library.BinaryenModuleRead.argtypes = (ctypes.c_char_p, ctypes.c_size_t)
    library.BinaryenModuleSetFeatures.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    passes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_uint32)
    library.BinaryenModuleRunPasses.argtypes = passes
    library.BinaryenGetNumFunctions.restype = ctypes.c_uint32
    library.BinaryenGetNumFunctions.argtypes = (ctypes.c_void_p,)
    library.BinaryenGetFunctionByIndex.restype = ctypes.c_void_p
    library.BinaryenGetFunctionByIndex.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    library.BinaryenFunctionRunPasses.argtypes = (ctypes.c_void_p, *passes)
    library.BinaryenModuleAllocateAndWrite.restype = _Written
    library.BinaryenModuleAllocateAndWrite.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
    return library


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(shrunk(Path(sys.argv[1]).read_bytes()))
