"""The interpreter as one object: compiled with the profile of its training, optimised as a whole.

Belongs here: the order of instrumented objects, training, compiling, optimising, and a second run
that shows which way branches go. Does not: how
CPython is configured and what it is made of (`cpython`), how it is trained (`training`).

Invariant: the product does not depend on the kernel, as `cpython`'s does not: a change of the
kernel costs a link.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
from functools import partial
from pathlib import Path

from recipes import branches, cpython, driver, profile, toolchain, training
from recipes.extension.linked import hints
from recipes.progress import Progress
from recipes.recipe import Recipe
from recipes.sources import unpacked
from recipes.workshop import digest_of, product

# Of which code the inliner is generous: what nine tenths of all steps are spent in. LLVM's own 99 %
# are made for longer training; they triple the time and memory of the link, for nothing.
HOT = "-profile-summary-cutoff-hot=900000"
# What defines the functions that guest/python wraps (base.WRAPPED): compiled to machine code at
# once, so that nothing of it is inlined where the linker shall put another function. Regular
# expressions lose by SPLIT.
APART = ("Python/ceval_gil.o", "Python/pylifecycle.o", "Modules/_sre/sre.o")
# What never happened in training leaves the functions it stands in, the interpreter's loop above
# all: the engine's register allocator then has fewer values to keep.
SPLITTING = ("-hot-cold-split", "-hotcoldsplit-max-params=8")
SPLIT = tuple(f"--mllvm={option}" for option in SPLITTING)
# The loop's own file loses the smallest of such parts, too, before the whole is optimised: done
# everywhere, the code grows by 0.35 MB, and what training did not meet is slow.
LOOP = "Python/ceval.o"
LOOP_SPLIT = (
    "-emit-llvm",
    # Else clang notes the order of calls for the linker, and LLVM reads no second note of it.
    *("-Xclang", "-no-integrated-as"),
    *(part for o in (*SPLITTING, "-hotcoldsplit-threshold=0") for part in ("-mllvm", o)),
)
# What training did not call is as small as can be: 60 kB less, which what it does call has instead.
COLD = "-pgo-cold-func-opt=minsize"
# A function that has no profile was never called: that is worth no warning.
QUIET = ("-w", "-Wno-error")


def optimised(
    recipe: Recipe, built: Path, sysroot: Path, libraries: list[Path], progress: Progress
) -> Path:
    """The object of the whole interpreter, with hints beside it (`hints_of`). built: the product of
    `cpython.objects`."""
    modules = (cpython, profile, training, branches, hints)
    files = [Path(name) for name in (__file__, *(str(module.__file__) for module in modules))]
    digest = digest_of([built.name, training.MACHINE, training.PROGRAMS, *files])

    def make(folder: Path) -> None:
        counts = _profile(folder, recipe, built, sysroot, libraries, progress)
        objects = _compiled(folder, built, sysroot, counts, progress)
        progress.step("optimising the interpreter as a whole (about a minute)")
        linker = (str(toolchain.zig()), "wasm-ld", "-r", f"--mllvm={HOT}", *SPLIT)
        toolchain.run([*linker, *objects, "-o", folder / "python.o"])
        shutil.rmtree(folder / "objects")
        progress.step("finding which way its branches go (a minute)")
        options, library = _training(recipe, built, libraries)
        found = training.count_branches(folder, folder / "python.o", options, sysroot, library)
        (folder / "hints.json").write_text(json.dumps(found) + "\n")

    return product("interpreter", digest, make) / "python.o"


def hints_of(optimised: Path) -> Path:
    """Which way the branches of the interpreter go, for `extension/linked/hints.py`."""
    return optimised.with_name("hints.json")


def _training(
    recipe: Recipe, built: Path, libraries: list[Path]
) -> tuple[list[str], training.Library]:
    """What a program that is trained is linked with, and the standard library it has."""
    options = [f"-L{library / 'lib'}" for library in libraries] + cpython.link_libraries(built)
    return options, training.Library(unpacked(recipe.source) / "Lib", recipe.archive)


def _profile(
    folder: Path,
    recipe: Recipe,
    built: Path,
    sysroot: Path,
    libraries: list[Path],
    progress: Progress,
) -> Path:
    progress.step("training the interpreter")
    objects = [built / "build" / name for name in cpython.objects_of(built)]
    options, library = _training(recipe, built, libraries)
    counted = training.train(folder, objects, options, sysroot, library)
    data = profile.indexed_profile(profile.read_counts(counted))
    # zig's cache looks at the name of a profile, not at what is in it.
    file = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.profile"
    file.write_bytes(data)
    return file


def _compiled(
    folder: Path, built: Path, sysroot: Path, counts: Path, progress: Progress
) -> list[Path]:
    """The same files as `cpython` compiled, with the same arguments; to LLVM's code, but for what
    stands apart."""
    use = ("-fprofile-instrument-use=llvm", f"-fprofile-instrument-use-path={counts}")
    profiled = [part for flag in use for part in ("-Xclang", flag)]
    flags = [*QUIET, *profiled, "-mllvm", HOT, "-mllvm", COLD]
    compiler = shlex.join(driver.compile_command(sysroot))
    compiled = cpython.compilations(built)
    objects = {name: folder / "objects" / name for name in cpython.objects_of(built)}
    progress.step("compiling the interpreter with what its training showed")
    jobs = []
    for name, file in objects.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        arguments = compiled[name].replace(shlex.join(cpython.INSTRUMENTED), "")
        kind = () if name in APART else LOOP_SPLIT if name == LOOP else ("-flto",)
        options = shlex.join([*flags, *kind, "-o", str(file)])
        command = f"{compiler} {arguments} {options}"
        jobs.append(partial(toolchain.run, ["sh", "-c", command], cwd=built / "build"))
    toolchain.run_all(jobs, progress)
    return list(objects.values())
