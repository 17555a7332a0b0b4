"""C and C++ programs that a RUN compiles beside Python: they run in the box's own processes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]

TELL = r"""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int runs;
static void *add(void *number) { *(int *)number += 40; return NULL; }
static void ended(void) { puts("ended"); }
int main(int argc, char **argv, char **envp) {
    pthread_t thread;
    int sum = 2;
    char line[100] = "";
    atexit(ended);
    pthread_create(&thread, NULL, add, &sum);
    pthread_join(thread, NULL);
    while (fgets(line, sizeof line, stdin))
        fputs(line, stdout);
    printf("%d %d %s %s %d\n", ++runs, argc, argv[argc - 1], getenv("X"), sum);
    return argc > 1 ? atoi(argv[1]) : 0;
}
"""
THROW = r"""
#include <iostream>
#include <stdexcept>
#include <string>
struct Early { std::string text = "early"; } static early;
int main() {
    try { throw std::runtime_error("caught"); }
    catch (const std::exception &e) { std::cout << early.text << ' ' << e.what() << std::endl; }
}
"""
# Both have functions of one name, and one of them is Python's.
CLASH = r"""
#include <stdio.h>
int PyList_New(int n) { return n + 1; }
int helper(void) { return PyList_New(4); }
int main(void) { printf("%d\n", helper()); return 0; }
"""
CHECK = r"""
import functools, os, shutil, subprocess
print = functools.partial(print, flush=True)
def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    print(done.returncode, repr(done.stdout))
run("tell", "3", "x", input="a\nb\n", env={**os.environ, "X": "y"})
run("tell", stdin=subprocess.DEVNULL, env={**os.environ, "X": "z"})
run("/opt/throw")
run("clash")
print(os.popen("clash | cat").read(), end="")
run("sh", "-c", "tell 5 | tail -n 1; clash && exec tell 4", stdin=subprocess.DEVNULL)
shutil.copy("/usr/local/bin/clash", "/tmp/copied")
run("/tmp/copied")
pid = os.fork()
if not pid:
    os.execv("/usr/local/bin/tell", ["tell", "7"])
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
SEEN = r"""3 'a\nb\n1 3 x y 42\nended\n'
0 '1 1 tell z 42\nended\n'
0 'early caught\n'
0 '5\n'
5
4 'ended\n5\n1 2 4 (null) 42\nended\n'
0 '5\n'
1 2 7 (null) 42
ended
7
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("linked")
    for name, text in (("tell.c", TELL), ("throw.cc", THROW), ("clash.c", CLASH)):
        (folder / name).write_text(text)
    (folder / "check.py").write_text(CHECK)
    (folder / "Dockerfile").write_text(
        "FROM python:3.13 AS build\n"
        "RUN apt-get update && apt-get install -y gcc g++\n"
        "COPY *.c *.cc .\n"
        "RUN gcc -O2 -o tell -pthread tell.c && gcc -o clash clash.c && g++ -o throw throw.cc\n"
        "FROM python:3.13-slim\n"
        "COPY --from=build /tell /clash /usr/local/bin/\n"
        "COPY --from=build /throw /opt/throw\n"
        "COPY check.py .\n"
        "RUN cp /usr/local/bin/tell /opt/copy && python check.py > /seen\n"
        "RUN /opt/copy 0 < /dev/null\n"
        'CMD ["python", "check.py"]\n'
    )
    return folder


def test_programs_of_a_stage_run_beside_python_while_building_and_in_the_box(
    boxer: Boxer, folder: Path, tmp_path: Path
) -> None:
    box = tmp_path / "linked.wasm"
    built = boxer("build", "-o", box, folder)
    assert built.returncode == 0, built.stderr
    assert "a program of its own" not in built.stderr
    done = boxer("run", box)
    assert (done.returncode, done.stdout) == (0, SEEN), done.stderr
    seen = boxer("run", box, "cat", "/seen")
    assert seen.stdout == SEEN
    alone = boxer("run", box, "/opt/copy", "6")
    assert (alone.returncode, alone.stdout) == (6, "1 2 6 (null) 42\nended\n")
    head = boxer("run", box, "sh", "-c", "head -c 16 /usr/local/bin/tell; tell 2; echo $?")
    assert head.stdout == "#!boxer program-1 2 2 (null) 42\nended\n2\n"
