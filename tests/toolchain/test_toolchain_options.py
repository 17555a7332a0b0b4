"""One table of compiler options, and what a RUN and the SDKs make of it."""

from __future__ import annotations

import tomllib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.toolchain.arguments import Job, RefusedError, parse_arguments
from boxer.toolchain.options import table
from recipes.extension.driver import CommandLine, Options, parted
from recipes.options import FILE, load_options, own_libraries

SDK = Options(load_options())
# What becomes of an option in a RUN, and in an SDK. A space parts two arguments.
EXPECTED = {
    ("taken", "taken"): """
        -c|-S|-E|-MM|-fsyntax-only|-o out|-oout
        -Iinclude|-I include|-isystem include|-DNAME=a b|-UNAME|-include a.h|-dM|-P
        -MD|-MMD|-MF a.d|-MT a.o|-Llib|-lm|-l m|-Wl,--whole-archive
        --version|-dumpmachine|-print-search-dirs
        -O|-O3|-Ofast|-std=gnu++17|-std=iso9899:1990|-fno-common|-fwrapv|-fno-strict-aliasing
        -fvisibility=hidden|-fno-builtin-memcpy|-ftemplate-depth=900
        -Wall|-Wno-error=format-security|-Wformat=2|-w|-pedantic-errors|-fmax-errors=3
        -fno-diagnostics-color""",
    ("dropped", "dropped"): """
        -s|-static|-static-libgcc|-static-libstdc++|-static-pie|-rdynamic|-no-pie|-pthread
        -Wl,-rpath,/x|-Wl,--as-needed|-Xlinker -x|-z now|-T a.ld|-u name
        -march=native|-mtune=generic|-mavx2|-msse4.2|-m64|-fPIC|-fno-plt|-flto=auto|-fno-lto
        -fstack-protector-strong|-fno-stack-protector|-fcf-protection=none
        -Wp,-D_FORTIFY_SOURCE=2|-Wa,--noexecstack|-g|-g3|-ggdb3
        -ftrapping-math|-fno-trapping-math""",
    ("dropped", "taken"): """
        -MG|-v|-Wp,-DNAME|-msimd128|-mno-sse|-gdwarf-4|-gz|-pipe|--coverage
        -fomit-frame-pointer|-fno-PIC|-falign-functions=16|-qopt
        -fno-profile-use|-fno-sanitize=all|-fno-syntax-only""",
    ("refused", "dropped"): "-e start|-soname a|-rpath /x|-specs=/x|-march=../x",
    ("refused", "taken"): """
        -shared|-r|-###|-dumpspecs
        -fplugin=/x|-fprofile-use|-fsanitize=address|-fmodules|-ftime-trace|-fdump-tree-all
        -fdebug-prefix-map=/a=/b|-ffile-prefix-map=/a=/b|-fsave-optimization-record
        -W/x|-Wa,-mbig-obj|-Wp,-include,/x|-B/x|--sysroot=/x|-isysroot /x|-Xclang -x
        -nostdinc|-nostdlib|-save-temps|-ivfsoverlay /x|-include-pch /x""",
}
CASES = [
    (option, *outcome)
    for outcome, text in EXPECTED.items()
    for line in text.strip().splitlines()
    for option in line.strip().split("|")
]


def _job(*arguments: str) -> Job:
    return parse_arguments(arguments, False, lambda path: None)


def _in_a_run(*arguments: str) -> str:
    try:
        job = _job(*arguments, "a.c")
    except RefusedError:
        return "refused"
    return "dropped" if job == _job("a.c") else "taken"


def _in_an_sdk(*arguments: str) -> str:
    is_same = parted(SDK, [*arguments, "a.c"]) == parted(SDK, ["a.c"])
    return "dropped" if is_same else "taken"


@pytest.mark.parametrize(("option", "run", "package"), CASES)
def test_an_option_is_taken_dropped_or_refused(option: str, run: str, package: str) -> None:
    arguments = option.split(" ", 1)
    assert (_in_a_run(*arguments), _in_an_sdk(*arguments)) == (run, package)


def test_an_option_with_a_value_takes_the_next_argument_and_no_more() -> None:
    job = _job("-I", "-c", "-MF", "-E", "-o", "-S", "-L", "x", "-z", "-shared", "a.c")
    assert (job.mode, job.options, job.output) == ("link", ["-I", "-c"], "-S")
    assert (job.dependency_file, job.linked[0]) == ("-E", "-Lx")
    line = parted(SDK, ["-I", "-c", "-o", "-S", "-L", "x", "-z", "-shared", "a.c"])
    assert line == CommandLine(["-I", "-c"], {"preprocessor"}, ["a.c"], ["-Lx"], "-S")


@pytest.mark.parametrize("option", ["-I", "-o", "-MF", "-x", "-L", "-z"])
def test_a_value_that_is_not_there_is_refused(option: str) -> None:
    with pytest.raises(RefusedError, match="has no value"):
        _job("a.c", option)


def test_no_name_stands_twice() -> None:
    names = Counter(name for row in load_options() for name in row["names"])
    assert [name for name, count in names.items() if count > 1] == []


NAMES = [name for row in load_options() for name in row["names"]]
ENDINGS = st.text("-=abo0/,", max_size=3)


@given(st.sampled_from([*NAMES, "-fno-", "-f", "-", "--"]), ENDINGS)
def test_the_sdks_look_an_option_up_as_boxer_does(name: str, ending: str) -> None:
    for argument in (name.rstrip("*?") + ending, name.replace("-f", "-fno-", 1) + ending):
        ours, theirs = table().find(argument), SDK.find(argument)
        assert (ours and list(ours.names)) == (theirs and theirs["names"])


@given(st.sampled_from(NAMES), st.text(max_size=8))
def test_any_option_is_understood_or_refused(name: str, ending: str) -> None:
    try:
        job = _job(name.rstrip("*?") + ending, "a.c", "b.c")
    except RefusedError:
        return
    # What clang is given of an option without a value names no file.
    assert all("/" not in option for option in job.options if option[1] not in "IDUi")


def test_the_libraries_of_every_program_are_one_list() -> None:
    assert table().own_libraries == set(own_libraries())
    assert tomllib.loads(FILE.read_text())["own_libraries"] == own_libraries()
