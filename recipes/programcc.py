"""`boxer cc`: the command line of a C compiler, for programs of boxes.

Belongs here: which words mean what; the script. Does not: the `cc` bases are made with (`driver`),
which knows the projects it compiles. A shell script, since configure and make call it often.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from recipes import toolchain
from recipes.driver import LINK_FLAGS, compile_command

PROGRAM_SCRIPT = r"""#!/bin/sh
# Made by recipes/driver.py: a C compiler whose programs are boxes' programs.
refuse() { echo "boxer cc: $1" >&2; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
newline='
'
# What the compiler is told that means another machine, or nothing here.
foreign() {
    case $1 in
    -march=* | -mtune=* | -m32 | -m64 | -msse* | -mavx* | -mfpmath=* | -fPI[CE] | -fpi[ce]) ;;
    -pthread | -flto* | -fstack-protector* | -fcf-protection* | -fstack-clash-protection) ;;
    -static | -static-libgcc | -rdynamic | -pie | -no-pie | -s | -mcpu=*) ;;
    *) return 1 ;;
    esac
}
# A word's role: option, option with a value behind it, source, object, library, or none.
role() {
    case $1 in
    -o) kind=output ;;
    -I | -D | -U | -include | -imacros | -isystem | -iquote | -idirafter | -x | -MF | -MT | -MQ)
        kind=valued ;;
    -L | -l) kind=valued_library ;;
    -Xlinker | -T | -u | -z | -e) kind=ignored ;;
    -L* | -l* | *.o | *.a | *.lo | *.obj) kind=library ;;
    -Wl,--whole-archive | -Wl,--no-whole-archive) kind=passed ;;
    -Wl,*) kind=none ;;
    -*) if foreign "$1"; then kind=none; else kind=option; fi ;;
    *.c | *.i | *.S | *.s) kind=source ;;
    *) kind=library ;;
    esac
}
# The command line as the compiler gets it.
compile_only() {
    count=$#
    for word; do foreign "$word" || set -- "$@" "$word"; done
    shift "$count"
    {compile} {jumps} "$@"
}
compile_sources() {
    count=$# want=
    for word; do
        if [ -n "$want" ]; then
            [ "$want" != valued ] || set -- "$@" "$word"
            want=; continue
        fi
        role "$word"
        case $kind in
        output | valued_library | ignored) want=$kind ;;
        valued) set -- "$@" "$word"; want=valued ;;
        option) set -- "$@" "$word" ;;
        source) sources=$sources$word$newline ;;
        esac
    done
    shift "$count"
    number=0 IFS=$newline
    for word in $sources; do
        unset IFS; number=$((number + 1))
        {compile} {jumps} "$@" -c "$word" -o "$work/$number.o" || exit
    done
    unset IFS
}
link_all() {
    count=$# want= number=0 output=a.out
    for word; do
        if [ -n "$want" ]; then
            case $want in
            output) output=$word ;;
            valued_library) set -- "$@" "$last$word" ;;
            esac
            want=; continue
        fi
        role "$word"; last=$word
        case $kind in
        output | valued | valued_library | ignored) want=$kind ;;
        library) set -- "$@" "$word" ;;
        passed) set -- "$@" "${word#-Wl,}" ;;
        source) number=$((number + 1)); set -- "$@" "$work/$number.o" ;;
        esac
    done
    shift "$count"
    [ $# -gt 0 ] || refuse "no input files"
    {link} "$@" {libraries} -o "$output" 2>"$work/messages"
    status=$?
    # A main of two parameters and the weak one of three are both known to the start code.
    sed '/function signature mismatch: main$/,+2d' "$work/messages" >&2
    return $status
}
sources='' link=
for word; do
    case $word in
    -c | -S | -E | -M | -MM | -fsyntax-only | --version | -v | -dump* | -print-* | --print-*)
        compile_only "$@"; exit ;;
    -shared) refuse "a box has no shared libraries: link statically (--disable-shared)" ;;
    *.cc | *.cpp | *.cxx | *.C) refuse "\`$word\` is C++, which boxer cc does not compile" ;;
    -[!o]*) ;;
    *) link=1 ;;
    esac
done
[ -n "$link" ] || { compile_only "$@"; exit; }
compile_sources "$@"
link_all "$@"
"""


def write_program_cc(path: Path, sysroot: Path, jumps: Sequence[str], machine: list[Path]) -> None:
    """Writes the `cc` of C programs. jumps: the flags of setjmp; machine: as in `write_cc`."""
    library = sysroot / "lib"
    libraries = [*machine, "-L", library, library / "libc.a", library / "libcompiler_rt.a"]
    script = PROGRAM_SCRIPT
    for name, words in {
        "compile": compile_command(sysroot),
        "jumps": jumps,
        "link": [str(toolchain.zig()), "wasm-ld", *LINK_FLAGS, "--export-if-defined=boxer_tree"],
        "libraries": libraries,
    }.items():
        script = script.replace(f"{{{name}}}", shlex.join(str(word) for word in words))
    path.write_text(script)
    path.chmod(0o755)
