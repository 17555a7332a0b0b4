"""The module of a base with less code: Binaryen (from PyPI, `icpp-binaryen`) over what was linked.

`python -m recipes.shrinking IN.wasm OUT.wasm`, in a process of its own: what Binaryen cannot read
ends the process.

Belongs here: which of Binaryen's passes are run. Does not: linking (`base`).

Invariants
1. No function is inlined: what `interpreter` split off from the interpreter's loop stays apart.
2. Functions with hints, which are those that training ran often, stay as LLVM made them: what these
   passes save in the interpreter's loop (3 kB) costs programs speed (docs/decisions/0013), and the
   hints of their branches are true for what comes out.
3. The data is the linker's, byte for byte and segment by segment: which of it is constant shows in
   its segments (src/boxer/link/initialmemory.py).
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import platform
import sys
from pathlib import Path

from recipes import toolchain
from recipes.extension.linked import hints, wasm
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
TIMES = 2  # the second time finds 5 kB more
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
    "SIMD128",
)
DATA, DATA_COUNT = 11, 12


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
    known = hints.hints_of(module)
    bodies = {body.number: body for body in wasm.bodies(module)}
    # Binaryen leaves out what is there twice: each function's name is its number here.
    numbered = wasm.with_function_names(
        wasm.without(module, hints.SECTION), {number: str(number) for number in bodies}
    )
    library.BinaryenSetDebugInfo(True)
    ref = library.BinaryenModuleRead(numbered, len(numbered))
    features = 0
    for name in FEATURES:
        features |= getattr(library, f"BinaryenFeature{name}")()
    library.BinaryenModuleSetFeatures(ref, features)
    library.BinaryenSetOptimizeLevel(OPTIMIZE)
    library.BinaryenSetShrinkLevel(SHRINK)
    names = _names(PASSES * TIMES)
    for number in bodies.keys() - known.keys():
        function = library.BinaryenGetFunctionByIndex(ref, number)
        library.BinaryenFunctionRunPasses(function, ref, names, len(names))
    names = _names(MODULE_PASSES)
    library.BinaryenModuleRunPasses(ref, names, len(names))
    written = library.BinaryenModuleAllocateAndWrite(ref, None)
    changed = _with_data_of(module, ctypes.string_at(written.binary, written.size))
    return _with_hints_of(module, changed, known)


def _names(passes: tuple[str, ...]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * len(passes))(*(name.encode() for name in passes))


def _with_hints_of(module: bytes, changed: bytes, known: dict[int, str]) -> bytes:
    """The changed module with the hints that the module has; functions that have other branches now
    have none."""
    before = {body.number: body for body in wasm.bodies(module)}
    numbers = wasm.function_names(changed)
    found = {}
    for body in wasm.bodies(changed):
        number = int(numbers[body.number])
        if number in known and _branches(changed, body) == _branches(module, before[number]):
            found[body.number] = known[number]
    return hints.with_hints(wasm.without(changed, wasm.NAMES), found)


def _branches(module: bytes, body: wasm.Body) -> list[int]:
    opcodes = (opcode for opcode, _, _ in wasm.instructions(module, body))
    return [opcode for opcode in opcodes if opcode in wasm.BRANCHES]


def _with_data_of(module: bytes, changed: bytes) -> bytes:
    """The changed module without a count of segments, which the linker left out; a data section
    that is another's is an error."""
    data = next(module[at:end] for kind, _, at, end in wasm.sections(module) if kind == DATA)
    parts = [changed[: wasm.PREAMBLE]]
    for kind, start, at, end in wasm.sections(changed):
        if kind == DATA and changed[at:end] != data:
            raise RecipeError("Binaryen changed the data of the module")
        if kind != DATA_COUNT:
            parts.append(changed[start:end])
    return b"".join(parts)


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
    library.BinaryenSetDebugInfo.argtypes = (ctypes.c_bool,)
    library.BinaryenGetFunctionByIndex.restype = ctypes.c_void_p
    library.BinaryenGetFunctionByIndex.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    library.BinaryenFunctionRunPasses.argtypes = (ctypes.c_void_p, *passes)
    library.BinaryenModuleAllocateAndWrite.restype = _Written
    library.BinaryenModuleAllocateAndWrite.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
    return library


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(shrunk(Path(sys.argv[1]).read_bytes()))
