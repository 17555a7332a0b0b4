"""The `cc` that configure scripts and makefiles see: compiles with zig, links with its wasm-ld.

Belongs here: turning a compiler's command line into ours, by the table of options (`options`): what
is about linking is left out. A shell script, since it is run more than a thousand times by one
configure. The libraries of the machine (crt, kernel, libc) are named by
the caller, so that configuring does not depend on the kernel.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from recipes import toolchain
from recipes.options import shell_pattern

# 8 MiB of shadow stack, as much as a program has on Linux; guest/python/depth.c counts on it.
LINK_FLAGS = (
    "--stack-first",
    "-z",
    "stack-size=8388608",
    "--export=boxer_boot",
    "--export-if-defined=boxer_signals",
    "--export-if-defined=boxer_tasks",
    "--export-table",
    "--export=__heap_base",
    "--no-entry",
    "--export-if-defined=_start",
    "--export-if-defined=boxer_freeze",
    "-s",
)

SCRIPT = """#!/bin/sh
# Made by recipes/driver.py.
for argument; do
    case $argument in
    {asked})
        exec {compile} "$@" ;;
    esac
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
output=a.out; count=0; objects=; options=; want_output=; skip=
for argument; do
    if [ -n "$want_output" ]; then output=$argument; want_output=; continue; fi
    if [ -n "$skip" ]; then skip=; continue; fi
    case $argument in
    -o) want_output=1 ;;
    *.c) count=$((count + 1)); sources="$sources $argument" ;;
    *.o | *.a | -L* | -lz | -lbz2 | -llzma | -lsqlite3 | -lffi | -lssl | -lcrypto)
        objects="$objects $argument" ;;
    -l* | {dropped}) ;;
    {dropped_with_next}) skip=1 ;;
    *) options="$options '$(printf %s "$argument" | sed "s/'/'\\\\\\\\''/g")'" ;;
    esac
done
count=0
for source in $sources; do
    count=$((count + 1))
    eval "{compile} -c \\"\\$source\\" -o \\"\\$work/$count.o\\" $options" || exit 1
    objects="$work/$count.o $objects"
done
{link} $objects {libraries} -o "$output"
"""


def compile_command(sysroot: Path) -> list[str]:
    """zig's C compiler for the guest."""
    return [str(toolchain.zig()), "cc", *toolchain.flags(sysroot / "include")]


def cases() -> dict[str, str]:
    """What the script tells apart, by the names it has there."""
    return {
        "asked": shell_pattern(["mode", "question"]),
        "dropped": shell_pattern(["linker"], has_next=False),
        "dropped_with_next": shell_pattern(["linker"], has_next=True),
    }


def write_cc(path: Path, sysroot: Path, machine: list[Path]) -> None:
    """Writes the script. machine: objects and libraries that every program is linked with."""
    libraries = [*machine, sysroot / "lib" / "libc.a", sysroot / "lib" / "libcompiler_rt.a"]
    link = [str(toolchain.zig()), "wasm-ld", *LINK_FLAGS]
    path.write_text(
        SCRIPT.format(
            **cases(),
            compile=shlex.join(compile_command(sysroot)),
            link=shlex.join(link),
            libraries=shlex.join(str(library) for library in libraries),
        )
    )
    path.chmod(0o755)


def write_tool(path: Path, tool: str) -> None:
    """Writes a script that runs one of zig's tools (ar, ranlib)."""
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(str(toolchain.zig()))} {tool} "$@"\n')
    path.chmod(0o755)


def write_note(path: Path, file: Path) -> None:
    """Writes a script that does nothing but note its arguments in a file."""
    path.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(file))}\n')
    path.chmod(0o755)
