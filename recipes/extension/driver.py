"""The compiler of a kit: cc, c++, ar, ranlib, and the linker of a set of extension modules.

Belongs here: what a compiler's and linker's words mean for a box's program and for an extension
module. Does not: making the kits this is laid into (`recipes/ckit.py` for `boxer cc`,
`recipes/extensionkit.py` for Python packages), building packages (`src/boxer/extensions`).

A program of its own, run from the kit's folder by the scripts beside it: it imports nothing of
ours. The variable BOXER_ZIG names the compiler itself.

In the kit of extensions `-shared` answers with `wasm-ld -r`: a wheel's `.so` is one relocatable
object, which is linked with the interpreter later. In the kit of programs it is refused. An
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
from pathlib import Path
from typing import Any

KIT = Path(__file__).resolve().parent

SOURCES = (".c", ".i", ".cc", ".cpp", ".cxx", ".C", ".S", ".s")
CXX_SOURCES = (".cc", ".cpp", ".cxx", ".C")
VALUED = ("-I", "-D", "-U", "-include", "-imacros", "-isystem", "-iquote", "-idirafter", "-x",
          "-MF", "-MT", "-MQ")  # fmt: skip
LINKER_VALUED = ("-Xlinker", "-T", "-u", "-z", "-e", "-rpath", "-soname", "-h")
# What means another machine, or nothing for one object that is linked statically.
FOREIGN = re.compile(
    r"-(march|mtune|mfpmath|mcpu|mabi)=.*|-m(32|64|sse.*|avx.*|fma|f16c|popcnt)|-fPI[CE]|-fpi[ce]"
    r"|-pthread|-flto.*|-fno-lto|-f(no-)?stack-protector.*|-fcf-protection.*"
    r"|-fstack-clash-protection|-static(-lib\w+)?|-rdynamic|-(no-)?pie|-s|-g\d*|-ggdb\d*"
    r"|-fno-plt|-fuse-ld=.*|-fno-semantic-interposition|-Wl,.*|-Wp,-D_FORTIFY.*|-specs=.*"
)
# Libraries that every program is linked with; kit.json names more.
OWN_LIBRARIES = (
    "m", "c", "pthread", "dl", "rt", "util", "gcc", "gcc_s", "gcc_eh", "stdc++", "c++", "c++abi",
    "unwind", "atomic", "z", "crypt", "resolv", "xnet",
)  # fmt: skip
# A main of two parameters and the weak one of three are both known to the start code.
MISMATCH = re.compile(r"[^\n]*function signature mismatch: main\n(?:>>>[^\n]*\n){2}")
# What configure calls a program that it links to run it (autoconf's _AC_RUN_IFELSE). It is run in
# a box that sees this folder, so that configure needs no --host.
PROBE = "conftest"
RUN_PROBE = """#!/bin/sh
# A configure's question to a program of a box: the program is beside this.
exec {python} -P -m boxer.cli run -v "$PWD:$PWD" -w "$PWD" "$0.wasm" "$@"
"""
NOT_SHARED = "a box has no shared libraries: link statically (--disable-shared)"
QUESTIONS = re.compile(r"--version|-v|-V|-qversion|-dump\w+|--?print-.*|-###|--help")
# A Python's headers that are not this kit's: the host's, which has another pyconfig.h.
HOST_HEADERS = re.compile(r".*/include/python3\.\d+t?/?$")


@dataclass
class Words:
    """A command line, parted."""

    options: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    output: str | None = None


def expanded(words: list[str]) -> list[str]:
    """The words with those of response files in their place."""
    found: list[str] = []
    for word in words:
        if word.startswith("@") and Path(word[1:]).is_file():
            found += expanded(shlex.split(Path(word[1:]).read_text()))
        else:
            found.append(word)
    return found


def parted(words: list[str]) -> Words:
    found = Words()
    rest = iter(words)
    for word in rest:
        if word == "-o":
            found.output = next(rest, "a.out")
        elif word in VALUED:
            value = next(rest, "")
            if not (word in ("-I", "-isystem") and HOST_HEADERS.match(value)):
                found.options += [word, value]
        elif word in LINKER_VALUED:
            next(rest, "")
        elif word in ("-L", "-l"):
            found.linked.append(word + next(rest, ""))
        elif word.startswith(("-L", "-l")):
            found.linked.append(word)
        elif word in ("-Wl,--whole-archive", "-Wl,--no-whole-archive"):
            found.linked.append(word.removeprefix("-Wl,"))
        elif word.startswith("-I") and HOST_HEADERS.match(word[2:]):
            continue
        elif word.startswith("-") and word != "-":
            found.options += [] if FOREIGN.fullmatch(word) else [word]
        elif word.endswith(SOURCES):
            found.sources.append(word)
        elif word == "-":
            found.options.append(word)
        else:
            found.linked.append(word)
    return found


class Tools:
    """The kit's settings: kit.json."""

    def __init__(self, kit: Path) -> None:
        table: dict[str, Any] = json.loads((kit / "kit.json").read_text())
        self.kit = kit
        self.name = table["name"][0]
        self.shares = bool(table["shared"])
        self.own_libraries = {*OWN_LIBRARIES, *table["own_libraries"]}
        self.zig = os.environ["BOXER_ZIG"]
        self.flags = [word.replace("{kit}", str(kit)) for word in table["flags"]]
        self.cxx_flags = [word.replace("{kit}", str(kit)) for word in table["cxx_flags"]]
        self.link_flags = table["link_flags"]
        self.module_flags = table.get("module_flags", [])
        self.libraries = [str(path) for path in sorted(kit.glob("lib/libraries/*.a"))]
        self.own_libraries |= {Path(path).stem.removeprefix("lib") for path in self.libraries}

    def compiler(self, is_cxx: bool) -> list[str]:
        extra = self.cxx_flags if is_cxx else []
        own = ["-isystem", str(self.kit / "include")]
        return [self.zig, "c++" if is_cxx else "cc", *extra, *self.flags, *own]

    def library(self, name: str) -> Path:
        return self.kit / "lib" / name


def run(command: list[str]) -> int:
    return subprocess.run(command, check=False).returncode


def compile_objects(tools: Tools, words: Words, is_cxx: bool, folder: Path) -> list[str] | int:
    objects = []
    for number, source in enumerate(words.sources):
        target = str(folder / f"{number}.o")
        cxx = is_cxx or source.endswith(CXX_SOURCES)
        options = [word for word in words.options if word != "-shared"]
        status = run([*tools.compiler(cxx), *options, "-c", source, "-o", target])
        if status:
            return status
        objects.append(target)
    return objects


def linked_words(tools: Tools, words: Words) -> list[str]:
    """What is linked now: the machine's libraries and the kit's come with the interpreter."""
    own = {f"-l{name}" for name in tools.own_libraries} | set(tools.libraries)
    return [word for word in words.linked if word not in own]


def link(tools: Tools, words: Words, objects: list[str]) -> int:
    """One relocatable object for `-shared`, else a program."""
    output = words.output or "a.out"
    inputs = [*objects, *linked_words(tools, words)]
    if not inputs:
        print(f"{tools.name}: no input files", file=sys.stderr)
        return 1
    if "-shared" in words.options and not tools.shares:
        print(f"{tools.name}: {NOT_SHARED}", file=sys.stderr)
        return 1
    if "-shared" in words.options or "-r" in words.options:
        return run([tools.zig, "wasm-ld", "-r", *inputs, "-o", output])
    machine = [str(tools.library(name)) for name in ("start.o", "libmachine.a", "libz.a")]
    ends = [str(path) for path in sorted(tools.kit.glob("lib/c++/*.a"))]
    ends += [str(tools.library(name)) for name in ("libjumps.a", "libc.a", "libcompiler_rt.a")]
    machine = [*tools.libraries, *machine, *ends]
    probes = Path(output).name == PROBE and not tools.shares
    target = f"{output}.wasm" if probes else output
    command = [tools.zig, "wasm-ld", *tools.link_flags, *inputs, *machine, "-o", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stderr.write(MISMATCH.sub("", done.stderr))
    if probes and not done.returncode:
        Path(output).write_text(RUN_PROBE.format(python=shlex.quote(sys.executable)))
        Path(output).chmod(0o755)
    return done.returncode


def compiler(tools: Tools, is_cxx: bool, arguments: list[str]) -> int:
    arguments = expanded(arguments)
    if "-Wl,--version" in arguments:
        return run([tools.zig, "wasm-ld", "--version"])
    words = parted(arguments)
    only = {"-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"} & set(words.options)
    asked = not words.sources and not words.linked
    if only or (asked and any(QUESTIONS.fullmatch(word) for word in words.options)):
        output = ["-o", words.output] if words.output else []
        cxx = is_cxx or any(source.endswith(CXX_SOURCES) for source in words.sources)
        options = [word for word in words.options if word != "-shared"]
        inputs = [word for word in words.linked if not word.startswith("-")]
        return run([*tools.compiler(cxx), *options, *words.sources, *inputs, *output])
    with tempfile.TemporaryDirectory(prefix="boxer-cc-") as name:
        objects = compile_objects(tools, words, is_cxx, Path(name))
        return objects if isinstance(objects, int) else link(tools, words, objects)


def link_set(tools: Tools, arguments: list[str]) -> int:
    """`link OUTPUT OBJECT...`: the interpreter with a set of extension modules."""
    output, *objects = arguments
    interpreter = [str(tools.library("interpreter.o"))]
    programs = [str(path) for path in sorted((tools.kit / "lib" / "programs").glob("*.o"))]
    cxx = [str(path) for path in sorted((tools.kit / "lib" / "c++").glob("*.a"))]
    names = ("start.o", "libmachine.a", "libz.a", "libjumps.a", "libc.a", "libcompiler_rt.a")
    machine = [str(tools.library(name)) for name in names]
    command = [tools.zig, "wasm-ld", *tools.module_flags, *programs, *objects]
    return run([*command, *interpreter, *tools.libraries, *cxx, *machine, "-o", output])


def main(arguments: list[str]) -> int:
    tool, *words = arguments
    tools = Tools(KIT)
    if tool == "link":
        return link_set(tools, words)
    if tool == "strip":
        return 0  # what is linked here has no symbols left
    if tool in ("ar", "ranlib"):
        os.execv(tools.zig, [tools.zig, tool, *words])
    return compiler(tools, tool == "c++", words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
