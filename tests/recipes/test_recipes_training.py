"""A small C program in the place of the interpreter: instrumented, trained, compiled again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recipes import cpython, driver, profile, toolchain, training
from recipes.failures import RecipeError
from recipes.musl import sysroot
from recipes.profile import Counted
from recipes.progress import Progress

pytestmark = pytest.mark.base

PROGRAM = """
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <sys/random.h>
static __attribute__((noinline)) int odd(int n) { return n % 2 ? n : -1; }
__attribute__((noinline)) int never(int n) { return odd(n) + 7; }
static int twice(int n) { return n * 2; }
static int (*volatile change)(int) = twice;
int Py_BytesMain(int argc, char **argv) {
    int sum = argc > 90 ? never(argc) : 0;
    for (int i = 0; i < 1000; i++)
        sum += odd(i) + (i % 10 ? change(i) : 1);
    unsigned char chance[4];
    struct timespec now;
    getrandom(chance, sizeof chance, 0);
    clock_gettime(CLOCK_REALTIME, &now);
    for (int i = 0; i < chance[0] + now.tv_nsec; i++)
        sum += odd(i);
    FILE *archive = fopen("/usr/local/lib/python.zip", "r");
    char start[2];
    if (!archive || fread(start, 1, 2, archive) != 2 || memcmp(start, "PK", 2))
        return 2;
    printf("%s %d", argv[4], sum > 0);
    return STATUS;
}
"""


def compile_program(folder: Path, *flags: str, status: int = 0) -> Path:
    source, made = folder / "program.c", folder / "program.o"
    source.write_text(PROGRAM)
    compiler = driver.compile_command(sysroot(Progress()))
    define = f"-DSTATUS={status}"
    toolchain.run([*compiler, "-D_GNU_SOURCE", define, *flags, source, "-o", made])
    return made


def train(folder: Path, status: int = 0) -> Counted:
    modules = folder / "Lib"
    modules.mkdir(exist_ok=True)
    (modules / "os.py").write_text("")
    library = training.Library(modules, "/usr/local/lib/python.zip")
    program = compile_program(folder, "-c", *cpython.INSTRUMENTED, status=status)
    return training.train(folder, [program], [], sysroot(Progress()), library)


def entries(functions: list[profile.Function]) -> dict[str, int]:
    return {f.name.decode().rpartition(";")[2]: max(f.counts) for f in functions}


def test_a_training_counts_calls_and_their_targets(tmp_path: Path) -> None:
    functions = profile.read_counts(train(tmp_path))
    counted = entries(functions)
    assert counted["twice"] == 900
    assert counted["never"] == 0
    main = next(f for f in functions if f.name == b"Py_BytesMain")
    calls = [site for site in main.sites[profile.CALL_TARGETS] if site]
    assert [[count for _, count in site] for site in calls] == [[900]]


def test_two_trainings_count_the_same(tmp_path: Path) -> None:
    first, second = train(tmp_path), train(tmp_path)
    assert first == second


def test_the_compiler_takes_the_profile(tmp_path: Path) -> None:
    functions = profile.read_counts(train(tmp_path))
    file = tmp_path / "counts.profile"
    file.write_bytes(profile.indexed_profile(functions))
    use = ("-fprofile-instrument-use=llvm", f"-fprofile-instrument-use-path={file}")
    options = [word for flag in use for word in ("-Xclang", flag)]
    made = compile_program(tmp_path, *options, "-S", "-emit-llvm")
    text = made.read_text()
    known = set(map(int, re.findall(r'"function_entry_count", i64 (\d+)', text)))
    assert {0, 1} <= known
    assert '"ProfileSummary"' in text
    # The call of a pointer has become: is it `twice`? then what `twice` does.
    assert re.search(r"icmp eq ptr %\w+, @twice\b", text)


def test_a_program_that_fails_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"status 3\ntraining 1"):
        train(tmp_path, status=3)
