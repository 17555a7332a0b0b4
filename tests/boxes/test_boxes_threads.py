"""Programs with threads do as on Linux: those of C and C++, and Python's.

The outputs beside the programs in `threads` are a Linux machine's; where this one has a compiler,
they are compared with what the programs print there.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
PROGRAMS = sorted((Path(__file__).parent / "threads").glob("*.c*"))
STATUS = {"spawn": 3}


def status_of(program: Path) -> int:
    return STATUS.get(program.stem, 0)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_c_programs_with_threads_do_as_on_linux(
    boxer: Boxer, tmp_path: Path, program: Path
) -> None:
    compiler = "c++" if program.suffix == ".cc" else "cc"
    compiled = boxer(compiler, "-w", "-O1", "-pthread", program, "-o", tmp_path / "program.wasm")
    assert compiled.returncode == 0, compiled.stderr
    done = boxer("run", "--limit", "time=60", tmp_path / "program.wasm")
    expected = program.with_suffix(".out").read_text()
    assert (done.returncode, done.stdout) == (status_of(program), expected), done.stderr


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_the_expected_output_is_linuxs(tmp_path: Path, program: Path) -> None:
    compiler = shutil.which("g++" if program.suffix == ".cc" else "gcc")
    if compiler is None:
        pytest.skip("no compiler")
    words = [compiler, "-w", "-O1", "-pthread", str(program), "-o", str(tmp_path / "program")]
    subprocess.run(words, check=True)
    done = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=False)
    expected = program.with_suffix(".out").read_text()
    assert (done.returncode, done.stdout) == (status_of(program), expected)


OVERFLOW = r"""
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static int deep(int n) {
    char text[4096];
    memset(text, n, sizeof text);
    write(1, "", 0);
    return deep(n + 1) + text[n & 4095];
}
static void *run(void *unused) { return (void *)(long)deep(0); }
int main(void) {
    pthread_t thread;
    pthread_create(&thread, 0, run, 0);
    pthread_join(thread, 0);
    puts("never");
}
"""


def test_a_threads_stack_that_runs_over_is_a_segmentation_fault(
    boxer: Boxer, tmp_path: Path
) -> None:
    (tmp_path / "over.c").write_text(OVERFLOW)
    assert boxer("cc", "-w", tmp_path / "over.c", "-o", tmp_path / "over.wasm").returncode == 0
    done = boxer("run", "--limit", "time=60", tmp_path / "over.wasm")
    assert (done.returncode, done.stdout) == (139, "")
    assert "segmentation fault" in done.stderr


DEADLOCK = r"""
#include <pthread.h>
#include <stdio.h>
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;
static void *run(void *unused) {
    pthread_mutex_lock(&second);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&first);
    return 0;
}
int main(void) {
    pthread_t thread;
    pthread_barrier_init(&both, 0, 2);
    pthread_create(&thread, 0, run, 0);
    pthread_mutex_lock(&first);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&second);
    puts("never");
}
"""


def test_a_lock_taken_twice_ends_the_run_and_says_so(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "twice.c").write_text(
        "#include <pthread.h>\n#include <stdio.h>\n"
        "static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;\n"
        'int main(void) { for (int i = 0; i < 2; i++) pthread_mutex_lock(&lock); puts("never"); }\n'
    )
    assert boxer("cc", "-w", tmp_path / "twice.c", "-o", tmp_path / "twice.wasm").returncode == 0
    done = boxer("run", "--limit", "time=60", tmp_path / "twice.wasm")
    assert (done.returncode, done.stdout) == (124, "")
    assert done.stderr.count("waits for something that nothing in this box can bring about") == 1


def test_a_deadlock_of_all_threads_is_told(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "dead.c").write_text(DEADLOCK)
    assert boxer("cc", "-w", tmp_path / "dead.c", "-o", tmp_path / "dead.wasm").returncode == 0
    done = boxer("run", "--limit", "time=60", tmp_path / "dead.wasm")
    assert (done.returncode, done.stdout) == (124, "")
    assert "nothing in this box can go on" in done.stderr
    assert done.stderr.count("waits for a lock or another thread") == 2
