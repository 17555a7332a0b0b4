"""greenlet in a box: stacks that a program switches between by itself, as fibers of the host."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import boxer as library

pytestmark = [pytest.mark.base, pytest.mark.network]

Boxer = Callable[..., subprocess.CompletedProcess[str]]

HEAD = "from greenlet import greenlet as G, getcurrent\nmain = getcurrent()\n"
DOCKERFILE = """FROM python:3.13-slim
RUN pip install greenlet
COPY *.py /usr/local/lib/python3.13/site-packages/
WORKDIR /
{more}CMD ["python", "-c", "print(1)"]
"""
# What each prints is what it prints on Linux.
PROGRAMS = {
    "turns": (
        """
        def other(word):
            while True:
                word = main.switch(word + "!")
        g = G(other)
        print(g.switch("a"), g.switch("b"), g.dead, bool(g))
        """,
        "a! b! False True\n",
    ),
    "exceptions": (
        """
        def raises():
            try:
                main.switch(1)
            except KeyError:
                try:
                    main.switch(2)
                finally:
                    raise IndexError("out")
        g = G(raises)
        print(g.switch(), g.throw(KeyError))
        try:
            g.switch()
        except IndexError as error:
            print(error, repr(error.__context__), g.dead)
        """,
        "1 2\nout KeyError() True\n",
    ),
    "unfinished": (
        """
        import gc
        def waits(n):
            try:
                main.switch()
            finally:
                ended.append(n)
        ended = []
        for n in range(3000):
            g = G(waits)
            g.switch(n)
        del g
        gc.collect()
        print(len(ended), ended == sorted(ended))
        """,
        "3000 True\n",
    ),
    "a thousand, deep": (
        """
        def deep(n):
            return deep(n - 1) + 1 if n else main.switch()
        all = [G(deep) for _ in range(1000)]
        for g in all:
            g.switch(50)
        print(sum(g.switch(n) for n, g in enumerate(all)))
        """,
        "549500\n",
    ),
    "nested": (
        """
        def nest(n):
            return G(nest).switch(n - 1) + 1 if n else 0
        print(nest(300))
        """,
        "300\n",
    ),
    "threads": (
        """
        import threading
        def thread():
            here = getcurrent()
            def adds(n):
                total = 0
                for j in range(200):
                    total += here.switch(j) or 0
                    sum(range(200))
                return total
            all = [G(adds) for _ in range(30)]
            for i, g in enumerate(all):
                g.switch(i)
            for _ in range(199):
                for g in all:
                    g.switch(1)
            out.append(sum(g.switch(1) for g in all))
            global left
            left = G(adds)
            left.switch(1)
        out = []
        threads = [threading.Thread(target=thread) for _ in range(8)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(out)
        try:
            left.switch(1)
        except Exception as error:
            print(type(error).__name__)
        """,
        f"{[6000] * 8}\nerror\n",
    ),
    "processes": (
        """
        import os, subprocess, sys
        def counts(name):
            n = 0
            while True:
                n += 1
                main.switch((name, n, os.getpid()))
        all = [G(counts) for _ in range(20)]
        def turn(n):
            for name, g in enumerate(all):
                assert g.switch(name) == (name, n, os.getpid())
        turn(1)
        if not (child := os.fork()):
            turn(2)
            if not (grandchild := os.fork()):
                turn(3)
                os._exit(5)
            assert os.waitpid(grandchild, 0)[1] == 5 << 8
            turn(3)
            os._exit(7)
        turn(2)
        print(os.waitpid(child, 0)[1] >> 8)
        turn(3)
        def forks():
            pid = os.fork()
            main.switch(pid)
            if not pid:
                os._exit(9)
            main.switch(os.waitpid(pid, 0)[1] >> 8)
        g = G(forks)
        if not g.switch():
            turn(4)
            g.switch()
        print(g.switch())
        def runs():
            run = subprocess.run([sys.executable, "-c", "print(1 + 1)"], stdout=subprocess.PIPE)
            main.switch(run.stdout)
        print(G(runs).switch())
        """,
        "7\n9\nb'2\\n'\n",
    ),
}
LEFT = """
from greenlet import greenlet, getcurrent
def begin():
    global left
    main = getcurrent()
    def counts():
        n = 0
        while n := n + 1:
            main.switch(n)
    left = greenlet(counts)
    return left.switch()
def again():
    return left.switch()
def both():
    return begin(), again(), again()
kept = []
def others():
    kept.append(left)
    return [begin() for _ in range(20) if not kept.append(left)]
def first():
    return kept[0].switch()
"""


def made(boxer: Boxer, folder: Path, more: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "Dockerfile").write_text(DOCKERFILE.format(more=more))
    (folder / "left.py").write_text(LEFT)
    (folder / "stands.py").write_text("import left\nleft.begin()\n")
    return boxer("build", "-q", "-o", folder / "box.wasm", folder)


@pytest.fixture(scope="module")
def box(boxer: Boxer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("greenlet")
    built = made(boxer, folder)
    assert built.returncode == 0, built.stderr
    return folder / "box.wasm"


@pytest.mark.parametrize("name", PROGRAMS)
def test_greenlets(boxer: Boxer, box: Path, name: str) -> None:
    program, printed = PROGRAMS[name]
    done = boxer("run", box, "python", "-c", HEAD + textwrap.dedent(program))
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")


def test_no_more_greenlets_than_the_limit_of_memory_has_room_for(boxer: Boxer, box: Path) -> None:
    program = HEAD + "all = []\nwhile True:\n    all.append(G(main.switch))\n    all[-1].switch()"
    done = boxer("run", "--memory", "96MB", box, "python", "-c", program)
    assert done.returncode != 0
    assert "no room for the stack of another greenlet: the run's limit of memory" in done.stderr


def test_calls_of_a_pool_leave_no_greenlet_to_the_next(box: Path) -> None:
    with library.load(box).pool(1) as pool:
        assert [pool.call("left:both") for _ in range(20)] == [[1, 2, 3]] * 20


def test_a_greenlet_ends_with_the_call_of_a_started_machine_that_made_it(box: Path) -> None:
    with library.load(box).start() as machine:
        assert machine.call("left:begin") == 1
        with pytest.raises(library.BoxerError, match="134"):
            machine.call("left:again")
    with library.load(box).start() as machine:
        assert machine.call("left:begin") == 1
        assert machine.call("left:others") == [1] * 20
        with pytest.raises(library.BoxerError, match="134"):  # others have not taken its place
            machine.call("left:first")


def test_a_greenlet_at_the_freeze_point_is_an_error(boxer: Boxer, tmp_path: Path) -> None:
    more = "RUN echo import stands > main.py\n"
    built = made(boxer, tmp_path, more)
    (tmp_path / "Dockerfile").write_text(
        (tmp_path / "Dockerfile").read_text().replace('"-c", "print(1)"', '"main.py"')
    )
    assert built.returncode == 0
    built = boxer("build", "-q", "-o", tmp_path / "box.wasm", tmp_path)
    assert built.returncode == 1
    assert "greenlets have not finished, and would stand in the image: 1" in built.stderr
