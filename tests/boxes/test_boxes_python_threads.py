"""Python's threads in a box: the standard library's own ways to use them, and what goes wrong."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

# What each prints is what it prints on Linux.
PROGRAMS = {
    "a named pipe": (
        """
        import os, threading
        os.mkfifo("/tmp/pipe")
        def read():
            with open("/tmp/pipe") as pipe: print(pipe.read())
        reader = threading.Thread(target=read)
        reader.start()
        with open("/tmp/pipe", "a") as pipe: pipe.write("written")
        reader.join()
        writer = threading.Thread(target=lambda: open("/tmp/pipe", "w").close())
        writer.start()
        with open("/tmp/pipe") as pipe: print(repr(pipe.read()))
        writer.join()
        try: os.open("/tmp/pipe", os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error: print(error.strerror)
        """,
        "written\n''\nNo such device or address\n",
    ),
    "a terminal that is suspended": (
        """
        import os, termios, threading
        main, sub = os.openpty()
        os.write(sub, b"one"), os.read(main, 9)
        termios.tcflow(sub, termios.TCOOFF)
        done = threading.Event()
        writer = threading.Thread(target=lambda: (os.write(sub, b"two"), done.set()))
        writer.start()
        print(done.wait(0.2))
        termios.tcflow(sub, termios.TCOON)
        print(os.read(main, 9))
        writer.join()
        """,
        "False\nb'two'\n",
    ),
    "queue": (
        """
        import queue, threading
        work, done = queue.Queue(maxsize=3), queue.Queue()
        def worker():
            while (item := work.get()) is not None:
                done.put(item * item)
                work.task_done()
        threads = [threading.Thread(target=worker) for _ in range(4)]
        for thread in threads: thread.start()
        for n in range(100): work.put(n)
        work.join()
        for _ in threads: work.put(None)
        for thread in threads: thread.join()
        print(sum(done.get() for _ in range(100)), threading.active_count())
        """,
        "328350 1\n",
    ),
    "futures": (
        """
        import concurrent.futures, threading
        barrier = threading.Barrier(5)
        with concurrent.futures.ThreadPoolExecutor(5, initializer=int) as pool:
            idents = pool.map(lambda n: (barrier.wait(), threading.get_ident())[1], range(5))
            print(len(set(idents)))
            slow = pool.submit(threading.Event().wait, 0.01)
            print(concurrent.futures.wait([slow]).done == {slow}, slow.result())
        """,
        "5\nTrue False\n",
    ),
    "asyncio": (
        """
        import asyncio, threading, time
        async def main():
            event = threading.Event()
            waits = asyncio.create_task(asyncio.to_thread(event.wait, 1000))
            await asyncio.sleep(0.01)
            await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.02) for _ in range(8)))
            loop = asyncio.get_running_loop()
            threading.Timer(0.01, lambda: loop.call_soon_threadsafe(event.set)).start()
            return await waits
        print(asyncio.run(main()))
        """,
        "True\n",
    ),
    "sched": (
        """
        import sched, threading, time
        scheduler, seen = sched.scheduler(time.monotonic, time.sleep), []
        for n in (3, 1, 2): scheduler.enter(n / 100, 1, seen.append, (n,))
        thread = threading.Thread(target=scheduler.run)
        thread.start(); thread.join()
        print(seen)
        """,
        "[1, 2, 3]\n",
    ),
    "logging": (
        """
        import logging, logging.handlers, queue, sys, threading
        records = queue.SimpleQueue()
        listener = logging.handlers.QueueListener(records, logging.StreamHandler(sys.stdout))
        log = logging.getLogger("box")
        log.addHandler(logging.handlers.QueueHandler(records))
        listener.start()
        threads = [threading.Thread(target=log.warning, args=("said",)) for _ in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        listener.stop()
        """,
        "said\nsaid\nsaid\n",
    ),
    "dummy": (
        """
        from multiprocessing.dummy import Pool
        with Pool(3) as pool:
            print(pool.map(abs, [-1, -2, -3]), pool.apply_async(pow, (2, 5)).get(1000))
        """,
        "[1, 2, 3] 32\n",
    ),
    "local": (
        """
        import threading, decimal, contextvars
        own, barrier, seen = threading.local(), threading.Barrier(3), []
        def work(n):
            own.value = n
            decimal.getcontext().prec = 5 + n
            barrier.wait()
            seen.append((own.value, decimal.getcontext().prec))
        threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(sorted(seen), hasattr(own, "value"), decimal.getcontext().prec)
        """,
        "[(0, 5), (1, 6), (2, 7)] False 28\n",
    ),
    "daemon": (
        """
        import atexit, threading, time
        def for_ever():
            while True: time.sleep(0.001)
        def counts():
            while True: pass
        ends = threading.Event()
        def late():
            ends.wait(); time.sleep(0.02); print("joined")
        for target in (for_ever, counts): threading.Thread(target=target, daemon=True).start()
        threading.Thread(target=late).start()
        atexit.register(print, "at exit")
        print("main ends")
        ends.set()
        """,
        "main ends\njoined\nat exit\n",
    ),
    "recursion": (
        """
        import json, threading
        def recurse(n): return recurse(n + 1)
        class Deep:
            def __getattr__(self, name): return getattr(self, name + "x")
        def check(name, function):
            try: function()
            except RecursionError: print(name)
        def work():
            check("python", lambda: recurse(0))
            check("json", lambda: json.loads("[" * 100_000))
            check("getattr", lambda: Deep().a)
            check("compile", lambda: compile("a" + ".b" * 50_000, "x", "eval"))
            value = []
            for _ in range(400): value = [value]
            print(len(repr(value)))
        threading.stack_size(256 * 1024)
        small = threading.Thread(target=check, args=("small", lambda: Deep().a))
        small.start(); small.join()
        threading.stack_size(0)
        thread = threading.Thread(target=work)
        thread.start(); thread.join()
        """,
        "small\npython\njson\ngetattr\ncompile\n802\n",
    ),
    "interpreters": (
        """
        import _interpreters, threading
        made = [_interpreters.create() for _ in range(3)]
        def work(interpreter):
            _interpreters.run_string(interpreter, "import time; time.sleep(0.01); n = 6 * 7")
        threads = [threading.Thread(target=work, args=(one,)) for one in made]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        for one in made: _interpreters.destroy(one)
        print(len(_interpreters.list_all()))
        """,
        "1\n",
    ),
    "signal": (
        """
        import os, signal, threading
        seen = threading.Event()
        name = lambda: threading.current_thread().name
        signal.signal(signal.SIGUSR1, lambda *_: (print(name()), seen.set()))
        thread = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGUSR1))
        thread.start(); thread.join()
        print(seen.wait(1000))
        def waits():
            print(signal.sigwait({signal.SIGUSR2}) == signal.SIGUSR2)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
        thread = threading.Thread(target=waits)
        thread.start()
        signal.pthread_kill(thread.ident, signal.SIGUSR2)
        thread.join()
        """,
        "MainThread\nTrue\nTrue\n",
    ),
    "interval": (
        """
        import sys, threading
        sys.setswitchinterval(0.001)
        turns, last = 0, None
        def counts(name):
            global turns, last
            while turns < 20:
                if last != name: last = name; turns += 1
        threads = [threading.Thread(target=counts, args=(n,)) for n in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(turns >= 20, sys.getswitchinterval())
        """,
        "True 0.001\n",
    ),
    "many": (
        """
        import threading
        barrier = threading.Barrier(60)
        threads = [threading.Thread(target=barrier.wait) for _ in range(59)]
        for thread in threads: thread.start()
        barrier.wait()
        for thread in threads: thread.join()
        more = [threading.Thread(target=int) for _ in range(500)]
        for thread in more: thread.start(); thread.join()
        print(threading.active_count())
        """,
        "1\n",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_of_the_standard_library(boxer: Boxer, example: Example, name: str) -> None:
    program, printed = PROGRAMS[name]
    words = ("python", "-c", textwrap.dedent(program))
    done = boxer("run", "--limit", "time=300", example("hello"), *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")


@pytest.mark.parametrize(
    ("program", "status", "told"),
    [
        pytest.param(
            "import threading; threading.Thread(target=lambda: 1 / 0, name='bad').start()",
            0,
            ["Exception in thread bad", "ZeroDivisionError"],
            id="uncaught",
        ),
        pytest.param(
            "import faulthandler, threading, time\n"
            "faulthandler.dump_traceback_later(0.05)\n"
            "thread = threading.Thread(target=time.sleep, args=(0.3,)); thread.start()\n"
            "while thread.is_alive(): pass",
            0,
            ["Timeout (0:00:00.050000)!", "most recent call first", "_bootstrap_inner"],
            id="faulthandler",
        ),
        pytest.param(
            "import threading\n"
            "a, b, both = threading.Lock(), threading.Lock(), threading.Barrier(2)\n"
            "def work(first, second):\n"
            "    with first:\n"
            "        both.wait()\n"
            "        second.acquire()\n"
            "threading.Thread(target=work, args=(a, b)).start()\n"
            "work(b, a)",
            124,
            ["nothing in this box can go on"],
            id="deadlock",
        ),
        pytest.param(
            "import threading\n"
            "started = []\n"
            "hold = threading.Event()\n"
            "try:\n"
            "    for _ in range(100):\n"
            "        started.append(threading.Thread(target=hold.wait))\n"
            "        started[-1].start()\n"
            "except RuntimeError as error:\n"
            "    import sys; print(error, len(started), file=sys.stderr)\n"
            "hold.set()",
            0,
            ["can't start new thread 64"],
            id="most",
        ),
    ],
)
def test_what_goes_wrong_in_threads_is_told(
    boxer: Boxer, example: Example, program: str, status: int, told: list[str]
) -> None:
    done = boxer("run", "--limit", "time=300", example("hello"), "python", "-c", program)
    assert done.returncode == status, done.stderr
    for text in told:
        assert text in done.stderr


STANDING = {
    "an import": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(9000,),"
        " name='standing', daemon=True).start()\n",
        ["`standing`", "standing.py", "line 2"],
    ),
    "_thread": (
        "import _thread, time\n_thread.start_new_thread(time.sleep, (9000,))\n",
        ["have not ended"],
    ),
}


@pytest.mark.parametrize("name", STANDING)
def test_a_thread_at_the_freeze_point_is_an_error_that_names_it(
    boxer: Boxer, tmp_path: Path, name: str
) -> None:
    module, told = STANDING[name]
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nCOPY main.py /app/\nWORKDIR /app\n"
        "COPY standing.py /usr/local/lib/python3.13/site-packages/\n"
        'CMD ["python", "main.py"]\n'
    )
    (tmp_path / "main.py").write_text("import standing\nprint('ran')\n")
    (tmp_path / "standing.py").write_text(module)
    done = boxer("build", "-q", "-o", tmp_path / "box.wasm", tmp_path)
    assert done.returncode == 1
    for text in [*told, "would stand in the"]:
        assert text in done.stderr


def test_threads_that_ended_may_be_in_the_image(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nCOPY main.py /app/\nWORKDIR /app\n"
        "COPY ended.py /usr/local/lib/python3.13/site-packages/\n"
        'CMD ["python", "main.py"]\n'
    )
    (tmp_path / "main.py").write_text("import ended\nprint(ended.seen, ended.work(3))\n")
    (tmp_path / "ended.py").write_text(
        "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "def work(n):\n    with ThreadPoolExecutor(n) as pool:\n"
        "        return sum(pool.map(abs, range(10)))\n"
        "seen = work(4)\n"
    )
    assert boxer("build", "-q", "-o", tmp_path / "box.wasm", tmp_path).returncode == 0
    done = boxer("run", tmp_path / "box.wasm")
    assert (done.returncode, done.stdout) == (0, "45 45\n"), done.stderr


def test_programs_of_a_run_have_threads_and_processes(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nWORKDIR /app\nCOPY made.py ./\nRUN python made.py\n"
        'CMD ["cat", "pool", "process", "spun"]\n'
    )
    (tmp_path / "made.py").write_text(
        "import subprocess, sys, threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(2) as pool, open('pool', 'w') as file:\n"
        "    print(*pool.map(abs, range(4)), file=file)\n"
        "with open('process', 'w') as file:\n"
        "    subprocess.run([sys.executable, '-c', 'print(6 * 7)'], stdout=file, check=True)\n"
        "seen = []\n"
        "threading.Thread(target=seen.append, args=(1,)).start()\n"
        "while not seen:\n    pass\n"
        "open('spun', 'w').write('spun\\n')\n"
    )
    made = boxer("build", "-q", "-o", tmp_path / "box.wasm", tmp_path)
    assert made.returncode == 0, made.stderr
    assert boxer("run", tmp_path / "box.wasm").stdout == "0 1 2 3\n42\nspun\n"


RESET = """
import socket, struct
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
peer, _ = server.accept()
client.sendall(b"first")
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, None, 0)
client.close()
print(peer.recv(9))
try: peer.recv(9)
except ConnectionResetError as error: print(error.strerror)
print(repr(peer.recv(9)))
"""


def test_a_connection_closed_without_lingering_is_reset(boxer: Boxer, example: Example) -> None:
    done = boxer("run", "--limit", "time=300", example("hello"), "python", "-c", RESET)
    assert done.stdout == "b'first'\nConnection reset by peer\nb''\n"
