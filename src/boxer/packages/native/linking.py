"""The interpreter linked with extension modules and C programs, kept by what it was made from.

Belongs here: the link and its cache. Does not: what is done to one object (`isolate`).

    CACHE/extensions/DIGEST          text: the sha256 of the module
    CACHE/extensions/sha256/SHA256   the module

Invariants
1. The module's digest follows from the base and the objects alone, so one set is compiled once.
2. What the interpreter does not have is an error here, with its names, never a trap later.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from boxer.blobstore import Blobs, make_folder, write_atomically
from boxer.ending import run_program, temporary_folder
from boxer.errors import (
    DamagedWasmError,
    NativePackageError,
    UnsupportedModuleError,
    WriteError,
)
from boxer.packages.native.adapters import functions_of
from boxer.packages.native.isolate import (
    StartedProgram,
    init_name,
    isolate,
    isolate_program,
)
from boxer.packages.native.modules import ExtensionModule, LinkedProgram
from boxer.packages.native.relocatable import Relocatable, SymbolKind
from boxer.packages.native.sdk import Sdk
from boxer.packages.sidemodule import FunctionType, converted, is_side_module

# Part of the cache's key: raised when the same objects are linked otherwise.
GENERATION = 4
_TIMEOUT_SECONDS = 300
_UNDEFINED = re.compile(r"undefined symbol: (\S+)")
_SHOWN = 12
_PARAMETERS = ("int", "char **", "char **")


@dataclass(frozen=True, slots=True)
class Linked:
    """module: the interpreter with the extensions. cached: whether it was there already."""

    module: bytes
    cached: bool


def link(
    sdk: Sdk,
    modules: Sequence[ExtensionModule],
    cache: Path,
    programs: Sequence[LinkedProgram] = (),
) -> Linked:
    """Links the modules and programs with the SDK's interpreter. cache: boxer below the user's
    cache folder.

    Raises `NativePackageError` for a module that needs what a box does not have.
    """
    key = _key(sdk, modules, programs)
    folder = cache / "extensions"
    blobs = Blobs(folder)
    with contextlib.suppress(OSError, ValueError):
        kept = blobs.get((folder / key).read_text("ascii").strip())
        if kept is not None:
            return Linked(bytes(kept), True)
    with temporary_folder("boxer-link-") as own:
        module = _link(sdk, modules, programs, own)
    # A full disk must not keep a box from being built.
    with contextlib.suppress(WriteError):
        make_folder(folder)
        write_atomically(folder / key, blobs.put(module).encode())
    return Linked(module, False)


def _key(sdk: Sdk, modules: Sequence[ExtensionModule], programs: Sequence[LinkedProgram]) -> str:
    lines = [f"{GENERATION} {sdk.digest}"]
    lines += [f"{m.name} {hashlib.sha256(m.data).hexdigest()}" for m in modules]
    lines += [program.name for program in programs]  # of the objects' digests
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _link(
    sdk: Sdk,
    modules: Sequence[ExtensionModule],
    programs: Sequence[LinkedProgram],
    folder: Path,
) -> bytes:
    objects = []
    constructors = {}
    for number, module in enumerate(modules):
        path = folder / f"{number}.o"
        isolated = isolate(_object(sdk, module), module.name)
        path.write_bytes(isolated.data)
        constructors[module.name] = isolated.constructors
        objects.append(path)
    starts = {}
    for program in programs:
        path = folder / f"{program.name}.o"
        started = isolate_program(program.data, program.name, program.paths[0])
        path.write_bytes(started.data)
        starts[program.name] = started
        objects.append(path)
    source = folder / "inittab.c"
    source.write_text(inittab(constructors) + program_table(starts))
    named = [*(m.name for m in modules), *(p.paths[0] for p in programs)]
    _run(sdk, ["cc", "-c", source, "-o", folder / "inittab.o"], named, folder)
    output = folder / "module.wasm"
    _run(sdk, ["link", output, folder / "inittab.o", *objects], named, folder)
    return output.read_bytes()


def _object(sdk: Sdk, module: ExtensionModule) -> bytes:
    """The module's object; one of a wheel for Pyodide is turned into one."""
    if not is_side_module(module.data):
        return module.data
    try:
        return converted(module.data, partial(_signature, sdk.folder))
    except (DamagedWasmError, UnsupportedModuleError) as error:
        raise NativePackageError(
            f"The extension module `{module.path}` cannot be used: {error.message}",
            hint="Take another version of the package it belongs to.",
        ) from error


def _signature(sdk: Path, name: str) -> FunctionType | None:
    """The type of one of the interpreter's functions."""
    return _signatures(sdk).get(name)


@functools.cache
def _signatures(sdk: Path) -> Mapping[str, FunctionType]:
    data = (sdk / "lib" / "interpreter.o").read_bytes()
    parsed = Relocatable.parse(data, with_relocations=False)
    functions = functions_of(parsed)
    return {
        symbol.name: functions.types[functions.of[symbol.index]]
        for symbol in parsed.symbols
        if symbol.kind == SymbolKind.FUNCTION and symbol.defined
    }


def inittab(modules: Mapping[str, Sequence[str]]) -> str:
    """C that tells the interpreter of its new built-in modules, before it starts.

    modules: by dotted name, the constructors that the first import calls.
    """
    lines = ["extern int PyImport_AppendInittab(const char *, void *(*)(void));"]
    for name, constructors in modules.items():
        lines += [f"extern void {constructor}(void);" for constructor in constructors]
        lines += [f"extern void *{init_name(name)}(void);", *_starter(name, constructors)]
    lines += ["__attribute__((constructor)) static void boxer_extensions(void) {"]
    lines += [f'    PyImport_AppendInittab("{name}", start_{init_name(name)});' for name in modules]
    return "\n".join([*lines, "}"]) + "\n"


def program_table(programs: Mapping[str, StartedProgram]) -> str:
    """C that names the programs for the machine (guest/entry/program.h, `linked_programs`)."""
    if not programs:
        return ""
    lines, rows = [], []
    for number, (name, program) in enumerate(programs.items()):
        lines += [f"extern void {constructor}(void);" for constructor in program.constructors]
        lines += [f"extern int {program.main}({', '.join(_PARAMETERS[: program.arity])});"]
        lines += [f"static int start{number}(int argc, char **argv, char **envp) {{"]
        lines += [f"    {constructor}();" for constructor in program.constructors]
        given = ", ".join(("argc", "argv", "envp")[: program.arity])
        lines += [f"    return {program.main}({given});", "}"]
        rows += [f'    {{"{name}", start{number}}},']
    table = "const struct { const char *name; int (*main)(int, char **, char **); }"
    return "\n".join([*lines, f"{table} linked_programs[] = {{", *rows, "    {0}};"]) + "\n"


def _starter(name: str, constructors: Sequence[str]) -> list[str]:
    calls = [f"        {constructor}();" for constructor in constructors]
    once = [
        "    static int started;",
        "    if (!started) {",
        "        started = 1;",
        *calls,
        "    }",
    ]
    body = [*(once if calls else []), f"    return {init_name(name)}();"]
    return [f"static void *start_{init_name(name)}(void) {{", *body, "}"]


def _run(sdk: Sdk, argv: list[Path | str], linked: Sequence[str], folder: Path) -> None:
    program, *arguments = map(str, argv)
    own = dict.fromkeys(("TMPDIR", "ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), str(folder))
    done = run_program(
        [sdk.program(program), *arguments],
        environment={**os.environ, **sdk.environment(), **own},
        timeout=_TIMEOUT_SECONDS,
    )
    if done.returncode == 0:
        return
    said = done.stderr.decode("utf-8", "replace")
    missing = sorted(set(_UNDEFINED.findall(said)))
    named = ", ".join(f"`{name}`" for name in linked[:_SHOWN])
    if missing:
        what = ", ".join(missing[:_SHOWN]) + (" ..." if len(missing) > _SHOWN else "")
        reason = f"they call what a box does not have: {what}"
    else:
        reason = "\n  ".join(said.strip().splitlines()[-_SHOWN:]) or "the linker failed"
    raise NativePackageError(
        f"The extension modules and programs {named} cannot be linked: {reason}.",
        hint="Leave out the package they belong to, or take a version of it without them.",
    )
