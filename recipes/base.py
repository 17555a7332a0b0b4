"""Package: one base as an artifact, base.json + module.wasm + tree.tar (see src/boxer/images)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from abi import kernel_abi
from recipes import (
    cpython,
    driver,
    extensionsdk,
    foreign,
    interpreter,
    layout,
    options,
    shrinking,
    toolchain,
    vectors,
)
from recipes.cxx import cxx_libraries
from recipes.extension.linked import arguments, hints
from recipes.extensionlibraries import extension_libraries
from recipes.failures import RecipeError
from recipes.fulleropenssl import fuller_openssl_library
from recipes.libraries import library_table
from recipes.machine import link_inputs, machine
from recipes.musl import sysroot
from recipes.openssl import openssl_library
from recipes.programsdk import HANDLERS_BEGIN, JUMPS, setjmp_library
from recipes.progress import Progress
from recipes.recipe import Recipe
from recipes.sources import load_sources, unpacked
from recipes.toybox import toybox_library
from recipes.workshop import GUEST, ROOT, cache_root, digest_of

FORMAT = 2
# Libraries that only packages are linked with: what they take of a newer Python; cffi's callbacks.
BESIDE = {"newer": GUEST / "python" / "newer", "callbacks": GUEST / "callbacks"}
# Around the interpreter, not in it: compiled for size.
AROUND = GUEST / "python"
WRAPPED = ("Py_FinalizeEx", "_PyEval_SetSwitchInterval")
MODULE_FLAGS = (
    # By their names the functions are found that there are hints of; none is in a box.
    *toolchain.with_names(driver.LINK_FLAGS),
    # Numbers of functions and addresses in as few bytes as they need: 15 % less code.
    *("-O2", "--compress-relocations"),
    *("--export=_start", "--export=boxer_freeze", "--export=__stack_pointer"),
    HANDLERS_BEGIN,
    # guest/python/python.c ends runs of its own, turns.c tells the host how long a turn is.
    *(f"--wrap={name}" for name in WRAPPED),
)


def recipe_digest() -> str:
    """Digest of everything the base is made from: recipes, guest sources, versions of the compiler,
    of Binaryen and of SIMDe, and the table of compiler options that its SDK holds."""
    return digest_of(
        [
            GUEST,
            *(layout.SCHEMAS / name for name in layout.SHARED_MODULES),
            ROOT / "recipes",
            options.FILE,
            toolchain.zig_version(),
            shrinking.binaryen_version(),
            vectors.digest(),
        ]
    )


def bases_root() -> Path:
    """Where finished bases lie; src/boxer/images looks there too."""
    named = os.environ.get("BOXER_BASES")
    return Path(named) if named else cache_root() / "bases"


def build_python(recipe: Recipe, progress: Progress) -> Path:
    """Builds the Python base unless it is there, makes it the current one, returns its folder.

    Raises RecipeError when the recipes or the guest's sources change meanwhile.
    """
    home = bases_root() / recipe.name
    digest = recipe_digest()
    final = home / digest
    if not _is_base(final):
        draft = home / f"draft.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            _package(draft, recipe, digest, progress)
            if recipe_digest() != digest:
                raise RecipeError(
                    "Files in `recipes` or `guest` changed while the base was built from them.",
                    hint="Build it again.",
                )
            shutil.rmtree(final, ignore_errors=True)
            draft.rename(final)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    current = home / f"current.{os.getpid()}"
    current.write_text(final.name + "\n")
    current.rename(home / "current")
    return final


def _is_base(folder: Path) -> bool:
    """Whether the folder holds the base its name says."""
    try:
        named = json.loads((folder / "base.json").read_text())["recipe_digest"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(named == folder.name)


def _package(folder: Path, recipe: Recipe, digest: str, progress: Progress) -> None:
    root = sysroot(progress)
    named = {
        **library_table(root, progress),
        "ffi": foreign.ffi_library(root, progress),
        "openssl": openssl_library(root, progress),
    }
    libs, zlib = list(named.values()), named["zlib"]
    inputs = link_inputs(machine(root, zlib, named["xz"], progress), zlib)
    built = cpython.objects(recipe, root, libs, inputs, progress)
    optimised = interpreter.optimised(recipe, built, root, libs, progress)
    inputs = [*inputs, toybox_library(root, zlib, progress)]
    progress.step("linking")
    objects: list[str | Path] = [optimised, *cpython.link_libraries(built)]
    _link(folder, recipe, built, objects, root, libs, inputs, progress)
    module = folder / "module.wasm"
    table = hints.load(json.loads(interpreter.hints_of(optimised).read_text()))
    module.write_bytes(hints.hinted(module.read_bytes(), table))
    progress.step("making the code smaller (half a minute)")
    shrinking.shrink(module)
    module.write_bytes(arguments.widened(module.read_bytes()))
    progress.step("laying out the SDK of extension modules")
    _write_sdk(folder, recipe, built, optimised, root, named, inputs, progress)
    progress.step("packing the standard library")
    tree = layout.python_tree(recipe, unpacked(recipe.source), built)
    (folder / "tree.tar").write_bytes(tree)
    _describe(folder, recipe, digest)


def _compiled(
    sources: Path, folder: Path, recipe: Recipe, built: Path, root: Path, *includes: Path
) -> list[Path]:
    """Objects in `folder` of C files that are written against the interpreter's headers."""
    tree = unpacked(recipe.source)
    objects = []
    for source in sorted(sources.glob("*.c")):
        objects.append(folder / f"{source.stem}.o")
        toolchain.run(
            [
                *driver.compile_command(root),
                *("-Wall", "-Wno-unused-parameter", "-std=gnu17", "-D_GNU_SOURCE"),
                *(("-Os",) if sources == AROUND else ()),
                *("-I", tree / "Include", "-I", built / "build"),
                *("-I", tree / "Include" / "internal"),
                *("-I", tree / "Include" / "internal" / "mimalloc"),
                *("-I", tree / "Modules" / "_hacl", "-I", tree / "Modules" / "_hacl" / "include"),
                *("-I", GUEST / "include", "-I", GUEST / "entry"),
                *(part for include in includes for part in ("-I", include)),
                *("-c", source, "-o", objects[-1]),
            ]
        )
    return objects


def _link(
    folder: Path,
    recipe: Recipe,
    built: Path,
    interpreter: list[str | Path],
    root: Path,
    libs: list[Path],
    inputs: list[Path],
    progress: Progress,
) -> None:
    """Links python.o's replacement, the interpreter and the machine into module.wasm."""
    programs = _compiled(AROUND, folder, recipe, built, root, foreign.SOURCE)
    toolchain.run(
        [
            *(str(toolchain.zig()), "wasm-ld", *MODULE_FLAGS, "--fatal-warnings"),
            *programs,
            *interpreter,
            *(part for lib in libs for part in ("-L", lib / "lib")),
            *inputs,
            *(root / "lib" / "libc.a", root / "lib" / "libcompiler_rt.a"),
            *("-o", folder / "module.wasm"),
        ],
    )


def _write_sdk(
    folder: Path,
    recipe: Recipe,
    built: Path,
    optimised: Path,
    root: Path,
    libs: dict[str, Path],
    inputs: list[Path],
    progress: Progress,
) -> None:
    """Moves the programs' objects into the SDK, beside all else that module.wasm is linked from."""
    tree = unpacked(recipe.source)
    programs = sorted(folder.glob("*.o"))
    parts = extensionsdk.Parts(
        recipe=recipe,
        sysroot=root,
        source=tree,
        built=built,
        programs=programs,
        interpreter=optimised,
        hints=interpreter.hints_of(optimised),
        libraries=list(libs.values()),
        extras=extension_libraries(root, libs, progress),
        openssl=fuller_openssl_library(root, progress),
        machine=inputs,
        jumps=setjmp_library(root),
        cxx=cxx_libraries(root, progress),
        jump_flags=JUMPS,
        module_flags=MODULE_FLAGS,
        sysconfig_data=layout.sysconfig_data(tree, built),
    )
    extensionsdk.write_sdk(folder / "sdk", parts)
    for program in programs:
        program.unlink()
    for name, sources in BESIDE.items():
        objects = folder / "objects"
        objects.mkdir()
        made = _compiled(sources, objects, recipe, built, root, libs["ffi"] / "include")
        toolchain.archive(folder / "sdk" / "lib" / "libraries" / f"lib{name}.a", made)
        shutil.rmtree(objects)


def _describe(folder: Path, recipe: Recipe, digest: str) -> None:
    table, source, shared = recipe.table, recipe.source, load_sources()
    sources = [source, *(shared[name] for name in table["base"]["libraries"])]
    parts = [{"name": s.name, "version": s.version, "license": s.license} for s in sources]
    parts += layout.bundled_components(unpacked(source))
    files = {
        name: {
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            "size": (folder / name).stat().st_size,
        }
        for name in ("module.wasm", "tree.tar")
    }
    config = dict(table["config"])
    config["Env"] = [*config["Env"], f"PYTHON_VERSION={source.version}"]
    description = {
        "format": FORMAT,
        "name": table["base"]["name"],
        "version": source.version,
        "variant": recipe.series,
        "recipe_digest": digest,
        "kernel_abi": kernel_abi(),
        "program": table["base"]["program"],
        "python": recipe.facts(),
        "files": files,
        "config": config,
        "preimport": table["preimport"]["modules"],
        "components": sorted(parts, key=lambda part: part["name"]),
        "toolchain": {"ziglang": toolchain.zig_version()},
        "left_out": table["left_out"],
    }
    (folder / "base.json").write_text(json.dumps(description, indent=1, sort_keys=True) + "\n")
