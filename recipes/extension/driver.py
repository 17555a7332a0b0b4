"""The compiler of an SDK: cc, c++, ar, ranlib, and the linker of a set of extension modules.

Belongs here: what a command line comes to for a box's program and for an extension module. Does
not: which options there are (sdk.json has the table), making the SDKs this is laid into
(`recipes/programsdk.py` for `boxer cc`, `recipes/extensionsdk.py` for Python packages), building
packages (`src/boxer/packages/native`).

A program of its own, run from the SDK's folder by the scripts beside it: it imports nothing of
ours. The variable BOXER_ZIG names the compiler itself.

In the SDK of extensions `-shared` answers with `wasm-ld -r`: a wheel's `.so` is one relocatable
object, which is linked with the interpreter later. In the SDK of programs it is refused. An
executable is really linked, since configure asks by linking.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

SDK = Path(__file__).resolve().parent

SOURCES = (".c", ".i", ".cc", ".cpp", ".cxx", ".C", ".S", ".s")
CXX_SOURCES = (".cc", ".cpp", ".cxx", ".C")
# A main of two parameters and the weak one of three are both known to the start code.
MISMATCH = re.compile(r"[^\n]*function signature mismatch: main\n(?:>>>[^\n]*\n){2}")
# What configure calls a program that it links to run it (autoconf's _AC_RUN_IFELSE). It is run in
# a box that sees this folder, so that configure needs no --host.
PROBE = "conftest"
OBJECT_SECTION = b"boxer.object"
RUN_PROBE = """#!/bin/sh
# A configure's question to a program of a box: the program is beside this.
exec {python} -P -m boxer.cli run -v "$PWD:$PWD" -w "$PWD" "$0.wasm" "$@"
"""
UNLISTED = {"kind": "code", "names": (), "package": "taken"}
NOT_SHARED = "a box has no shared libraries: link statically (--disable-shared)"
# Where thread-locals lie (recipes/toolchain.py), and one in LLVM's text.
THREAD_LOCAL = "thread_local"
VARIABLE = re.compile(r"@[^\n]* thread_local [^\n]*")
# The program beside this that makes a linked module ready: its folder, and what it is told.
LINKED = (
    "-c",
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('linked')",
)
# What says nothing of the code that is made.
NOT_OF_CODE = ("mode", "output", "dependency", "library")
# A Python's headers that are not this SDK's: the host's, which has another pyconfig.h.
HOST_HEADERS = re.compile(r"-(?:I|isystem).*/include/python3\.\d+t?/?")
# Folders of the compiler's own headers with the interfaces of Linux that libc has not, in the order
# they are looked through: the machine whose system calls the kernel models, then what all share.
LINUX_HEADERS = ("riscv-linux-any", "any-linux-any")


class Options:
    """The table of compiler options that sdk.json has: `src/boxer/toolchain/options.toml`, which
    says what its fields mean. An argument is looked up as `options.py` beside that file does it."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.exact: dict[str, dict[str, Any]] = {}
        self.patterns: list[tuple[str, dict[str, Any]]] = []
        for row in rows:
            for name in row["names"]:
                if "*" in name or "[" in name:
                    self.patterns.append((name, row))
                else:
                    self.exact[name] = row

    def find(self, argument: str) -> dict[str, Any] | None:
        """The row of an argument; None where it is not listed."""
        if argument in self.exact:
            return self.exact[argument]
        opposite = self.exact.get(argument.replace("-fno-", "-f", 1))
        if opposite is not None and opposite["kind"] == "code":
            return opposite
        return next((row for name, row in self.patterns if fnmatchcase(argument, name)), None)


@dataclass
class CommandLine:
    """A command line, parted. kinds: of the options that are taken."""

    options: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    sources: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    output: str | None = None


def expanded(arguments: list[str]) -> list[str]:
    """The arguments with those of response files in their place."""
    found: list[str] = []
    for argument in arguments:
        if argument.startswith("@") and Path(argument[1:]).is_file():
            found += expanded(shlex.split(Path(argument[1:]).read_text()))
        else:
            found.append(argument)
    return found


def parted(options: Options, arguments: list[str]) -> CommandLine:
    """What means nothing for a box is left out; what is not listed is clang's to judge."""
    found = CommandLine()
    rest = iter(arguments)
    for argument in rest:
        if argument == "-":
            found.options.append(argument)
        elif argument.startswith("-"):
            row = options.find(argument) or UNLISTED
            alone = row.get("value") and argument in row["names"]
            add_option(found, row, [argument, next(rest, "")] if alone else [argument])
        elif argument.endswith(SOURCES):
            found.sources.append(argument)
        else:
            found.linked.append(argument)
    return found


def add_option(found: CommandLine, row: dict[str, Any], written: list[str]) -> None:
    """written: the option, in one argument or two."""
    joined = "".join(written)
    if row["kind"] == "output":
        found.output = joined.removeprefix("-o")
    elif row["package"] == "dropped" or HOST_HEADERS.fullmatch(joined):
        return
    elif row["kind"] == "library":
        found.linked.append(joined.removeprefix("-Wl,"))
    else:
        found.options += written
        found.kinds.add(row["kind"])


class Tools:
    """The SDK's settings: sdk.json."""

    def __init__(self, sdk: Path) -> None:
        table: dict[str, Any] = json.loads((sdk / "sdk.json").read_text())
        self.sdk = sdk
        self.name = table["name"][0]
        self.shares = bool(table["shared"])
        self.options = Options(table["options"])
        self.own_libraries = set(table["own_libraries"])
        self.zig = os.environ["BOXER_ZIG"]
        self.flags = [flag.replace("{sdk}", str(sdk)) for flag in table["flags"]]
        headers = Path(self.zig).parent / "lib" / "libc" / "include"
        for folder in LINUX_HEADERS:
            self.flags += ["-idirafter", str(headers / folder)]
        self.cxx_flags = [flag.replace("{sdk}", str(sdk)) for flag in table["cxx_flags"]]
        self.link_flags = table["link_flags"]
        self.module_flags = table.get("module_flags", [])
        self.libraries = [str(path) for path in sorted(sdk.glob("lib/libraries/*.a"))]
        self.own_libraries |= {Path(path).stem.removeprefix("lib") for path in self.libraries}

    def compiler(self, is_cxx: bool) -> list[str]:
        extra = self.cxx_flags if is_cxx else []
        own = ["-isystem", str(self.sdk / "include")]
        return [self.zig, "c++" if is_cxx else "cc", *extra, *self.flags, *own]

    def library(self, name: str) -> Path:
        return self.sdk / "lib" / name


def run(command: list[str]) -> int:
    return subprocess.run(command, check=False).returncode


def has_thread_locals(target: str) -> bool:
    file = Path(target)
    return file.is_file() and THREAD_LOCAL.encode() in file.read_bytes()


def options_of_code(options: Options, words: list[str]) -> list[str]:
    kept = []
    rest = iter(words)
    for word in rest:
        row = options.find(word) or UNLISTED
        alone = row.get("value") and word in row["names"]
        written = [word, next(rest, "")] if alone else [word]
        if row["kind"] not in NOT_OF_CODE:
            kept += written
    return kept


def move_guards(tools: Tools, options: list[str], source: str, target: str) -> int:
    """Compiles C++ with thread-locals by way of LLVM's text, where those that the compiler made
    itself, to know which of a thread's are constructed, are put into the section of the others."""
    words = [*tools.compiler(is_cxx=True), *options_of_code(tools.options, options)]
    with tempfile.TemporaryDirectory(prefix="boxer-cc-") as name:
        text = Path(name) / "text.ll"
        status = run([*words, "-w", "-S", "-emit-llvm", source, "-o", str(text)])
        if status:
            return status
        text.write_text(VARIABLE.sub(into_section, text.read_text()))
        return run([*words, "-w", "-c", str(text), "-o", target])


def into_section(found: re.Match[str]) -> str:
    line = found[0]
    return line if ', section "' in line else f'{line}, section "{THREAD_LOCAL}"'


def compile_objects(tools: Tools, line: CommandLine, is_cxx: bool, folder: Path) -> list[str] | int:
    objects = []
    for number, source in enumerate(line.sources):
        target = str(folder / f"{number}.o")
        cxx = is_cxx or source.endswith(CXX_SOURCES)
        options = [option for option in line.options if option != "-shared"]
        status = run([*tools.compiler(cxx), *options, "-c", source, "-o", target])
        if not status and cxx and has_thread_locals(target):
            status = move_guards(tools, options, source, target)
        if status:
            return status
        objects.append(target)
    return objects


def linked_inputs(tools: Tools, line: CommandLine) -> list[str]:
    """What is linked now: the machine's libraries and the SDK's come with the interpreter."""
    own = {f"-l{name}" for name in tools.own_libraries} | set(tools.libraries)
    return [entry for entry in line.linked if entry not in own]


def link(tools: Tools, line: CommandLine, objects: list[str]) -> int:
    """One relocatable object for `-shared`, else a program."""
    output = line.output or "a.out"
    inputs = [*objects, *linked_inputs(tools, line)]
    if not inputs:
        print(f"{tools.name}: no input files", file=sys.stderr)
        return 1
    if "-shared" in line.options and not tools.shares:
        print(f"{tools.name}: {NOT_SHARED}", file=sys.stderr)
        return 1
    if "-shared" in line.options or "-r" in line.options:
        return run([tools.zig, "wasm-ld", "-r", *inputs, "-o", output])
    machine = [str(tools.library(name)) for name in ("start.o", "libmachine.a", "libz.a")]
    ends = [str(path) for path in sorted(tools.sdk.glob("lib/c++/*.a"))]
    ends += [str(tools.library(name)) for name in ("libjumps.a", "libc.a", "libcompiler_rt.a")]
    machine = [*tools.libraries, *machine, *ends]
    probes = Path(output).name == PROBE and not tools.shares
    target = f"{output}.wasm" if probes else output
    command = [tools.zig, "wasm-ld", *tools.link_flags, *inputs, *machine, "-o", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stderr.write(MISMATCH.sub("", done.stderr))
    if not probes and not done.returncode:
        keep_object(tools, inputs, Path(output))
    if probes and not done.returncode:
        Path(output).write_text(RUN_PROBE.format(python=shlex.quote(sys.executable)))
        Path(output).chmod(0o755)
    return done.returncode


def keep_object(tools: Tools, inputs: list[str], program: Path) -> None:
    """Lays the program's own object into it, in front: a box whose base has a program of its own
    is linked with that (src/boxer/wasmformat/linkable.py)."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "object"
        command = [tools.zig, "wasm-ld", "-r", *inputs, "-o", str(made)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return
        payload = bytes([len(OBJECT_SECTION)]) + OBJECT_SECTION + made.read_bytes()
    module = program.read_bytes()
    program.write_bytes(module[:8] + b"\0" + leb128(len(payload)) + payload + module[8:])


def leb128(value: int) -> bytes:
    digits = []
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def compiler(tools: Tools, is_cxx: bool, arguments: list[str]) -> int:
    arguments = expanded(arguments)
    if "-" in arguments and not any(argument.startswith("-x") for argument in arguments):
        # zig leaves standard input of no stated language to clang, without reading the options.
        arguments = ["-x", "c++" if is_cxx else "c", *arguments]
    if "-Wl,--version" in arguments:
        return run([tools.zig, "wasm-ld", "--version"])
    line = parted(tools.options, arguments)
    asked = not line.sources and not line.linked
    if "mode" in line.kinds or (asked and "question" in line.kinds):
        output = ["-o", line.output] if line.output else []
        cxx = is_cxx or any(source.endswith(CXX_SOURCES) for source in line.sources)
        options = [option for option in line.options if option != "-shared"]
        inputs = [entry for entry in line.linked if not entry.startswith("-")]
        status = run([*tools.compiler(cxx), *options, *line.sources, *inputs, *output])
        source = line.sources[0] if len(line.sources) == 1 else ""
        target = line.output or f"{Path(source).stem}.o"
        if not status and cxx and source and "-c" in options and has_thread_locals(target):
            status = move_guards(tools, options, source, target)
        return status
    with tempfile.TemporaryDirectory(prefix="boxer-cc-") as name:
        objects = compile_objects(tools, line, is_cxx, Path(name))
        return objects if isinstance(objects, int) else link(tools, line, objects)


def link_set(tools: Tools, arguments: list[str]) -> int:
    """`link OUTPUT OBJECT...`: the interpreter with a set of extension modules.

    Where these call what the base's own libraries have not, the fuller ones of the same names take
    their place, so that a box has one copy of them all the same.
    """
    output, *objects = arguments
    fuller = {path.name: str(path) for path in tools.sdk.glob("lib/fuller/*.a")}
    libraries = [fuller.get(Path(path).name, path) for path in tools.libraries]
    command = [tools.zig, "wasm-ld", *tools.module_flags]
    done = subprocess.run(
        [*command, *set_inputs(tools, objects, tools.libraries), "-o", output],
        capture_output=True,
        check=False,
    )
    status = done.returncode
    if status and fuller:
        status = run([*command, *set_inputs(tools, objects, libraries), "-o", output])
    else:
        sys.stderr.buffer.write(done.stderr)
    ready = [*LINKED, tools.sdk, tools.library("hints.json"), output]
    return status or run([sys.executable, "-IS", *map(str, ready)])


def set_inputs(tools: Tools, objects: list[str], libraries: list[str]) -> list[str]:
    interpreter = str(tools.library("interpreter.o"))
    programs = [str(path) for path in sorted((tools.sdk / "lib" / "programs").glob("*.o"))]
    cxx = [str(path) for path in sorted((tools.sdk / "lib" / "c++").glob("*.a"))]
    names = (
        "start.o",
        "libmachine.a",
        "libtoybox.a",
        "libz.a",
        "libjumps.a",
        "libc.a",
        "libcompiler_rt.a",
    )
    machine = [str(tools.library(name)) for name in names]
    return [*programs, *objects, interpreter, *libraries, *cxx, *machine]


def main(arguments: list[str]) -> int:
    tool, *rest = arguments
    tools = Tools(SDK)
    if tool == "link":
        return link_set(tools, rest)
    if tool == "strip":
        return 0  # what is linked here has no symbols left
    if tool in ("ar", "ranlib"):
        os.execv(tools.zig, [tools.zig, tool, *rest])
    return compiler(tools, tool == "c++", rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
