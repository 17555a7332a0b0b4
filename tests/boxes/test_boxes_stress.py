"""Much at once: threads, processes, pipes and signals in one box; pools in many host threads; runs
that are killed from outside. What is checked holds in whatever order things happen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import boxer as library

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

AT_ONCE = """
import os, queue, random, signal, struct, threading
PROCESSES, THREADS, ROUNDS = 32, 64, 30
def ring(count, laps):
    '''Processes in a ring of pipes: each adds one to what comes round.'''
    pipes = [os.pipe() for _ in range(count)]
    for n in range(count):
        if not os.fork():
            for _ in range(laps):
                value, = struct.unpack("I", os.read(pipes[n][0], 4))
                os.write(pipes[(n + 1) % count][1], struct.pack("I", value + 1))
            os._exit(n)
    return pipes
def pinged(parent):
    for _ in range(5):
        os.kill(parent, signal.SIGRTMIN)
        os.sched_yield()
    os._exit(0)
wake, woken = os.pipe() # a byte for each: Python's own handlers run once for several
os.set_blocking(woken, False)
signal.set_wakeup_fd(woken)
signal.signal(signal.SIGRTMIN, lambda *_: None)
count, laps = PROCESSES // 2, 20
pipes = ring(count, laps)
for _ in range(PROCESSES // 2):
    parent = os.getpid()
    if not os.fork():
        pinged(parent)
lock, counter, work = threading.Lock(), 0, queue.Queue(5)
def thread(n):
    global counter
    mine = random.Random(n)
    for _ in range(ROUNDS):
        deed = mine.randrange(4)
        if deed == 0:
            with lock:
                seen = counter
                os.sched_yield()
                counter = seen + 1
        elif deed == 1:
            work.put(1)
        elif deed == 2:
            sum(range(mine.randrange(20000)))
        else:
            threading.Event().wait(0.0001)
threads = [threading.Thread(target=thread, args=(n,)) for n in range(THREADS)]
taken = []
def takes():
    while item := work.get():
        taken.append(item)
taker = threading.Thread(target=takes)
taker.start()
for t in threads: t.start()
os.write(pipes[0][1], struct.pack("I", 0))
statuses = []
while True:
    try:
        statuses.append(os.waitstatus_to_exitcode(os.wait()[1]))
    except ChildProcessError:
        break
for t in threads: t.join()
work.put(0)
taker.join()
def deeds(n):
    mine, found = random.Random(n), [0, 0, 0, 0]
    for _ in range(ROUNDS):
        deed = mine.randrange(4)
        found[deed] += 1
        if deed == 2:
            mine.randrange(20000)
    return found
expected = [sum(column) for column in zip(*(deeds(n) for n in range(THREADS)))]
value, = struct.unpack("I", os.read(pipes[0][0], 4))
ended = sorted([0] * (PROCESSES // 2) + list(range(count)))
print(value == count * laps, sorted(statuses) == ended)
signals = len(os.read(wake, 1000))
print(counter == expected[0], len(taken) == expected[1], signals == 5 * PROCESSES // 2)
print(threading.active_count(), len(os.listdir("/proc/self/task")))
"""


def test_threads_processes_pipes_and_signals_at_once(boxer: Boxer, example: Example) -> None:
    limits = ("--limit", "tasks=128", "--limit", "time=120")
    done = boxer("run", *limits, example("hello"), "python", "-c", AT_ONCE)
    assert (done.returncode, done.stdout) == (0, "True True\nTrue True True\n1 1\n"), done.stderr


POOLED = """
import os, queue, threading
def work(n):
    inbox, outbox = queue.Queue(2), queue.Queue()
    def square():
        while (item := inbox.get()) is not None:
            outbox.put(item * item)
    threads = [threading.Thread(target=square) for _ in range(4)]
    for thread in threads:
        thread.start()
    for item in range(n):
        inbox.put(item)
    for _ in threads:
        inbox.put(None)
    if n % 10 == 0:
        pid = os.fork()
        if not pid:
            os._exit(3)
        assert os.waitpid(pid, 0)[1] == 3 << 8
    return sum(outbox.get() for _ in range(n))
ballast = bytearray(1 << 20)
def families(n):
    found = 0
    for number in range(n):
        ballast[number * 4096 :: 65536] = bytes([number]) * len(ballast[number * 4096 :: 65536])
        pid = os.fork()
        if not pid:
            ballast[:100000] = b"x" * 100000
            below = os.fork()
            if not below:
                os._exit(ballast[0] == 120)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(below, 0)[1]) * 10)
        found += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return found
"""


@pytest.fixture(scope="module")
def pooled(boxer: Boxer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pooled")
    (folder / "pooled.py").write_text(POOLED)
    (folder / "Dockerfile").write_text(
        "FROM python:3.13\nCOPY pooled.py /app/\nWORKDIR /app\n"
        'CMD ["python", "-c", "import pooled"]\n'
    )
    built = boxer("build", "-q", "-o", folder / "box.wasm", folder)
    assert built.returncode == 0, built.stderr
    return folder / "box.wasm"


def test_pools_in_many_threads_of_the_host_with_threads_in_each(pooled: Path) -> None:
    box = library.load(pooled)
    found: dict[int, list[int]] = {}

    def calls(number: int) -> None:
        with box.pool(1) as pool:
            found[number] = [pool.call("pooled:work", n) for n in range(number, number + 25)]

    threads = [threading.Thread(target=calls, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {
        number: [sum(i * i for i in range(n)) for n in range(number, number + 25)]
        for number in range(8)
    }


LEFT = """
import os, sys
import boxer
def kept():
    with open("/proc/self/maps") as maps, open("/proc/self/statm") as sizes:
        resident = int(sizes.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        return len(maps.readlines()), resident, len(os.listdir("/proc/self/fd"))
with boxer.load(sys.argv[1]).pool(1) as pool:
    for turn in range(300):
        assert pool.call("pooled:families", 4) == 40
        if turn == 50:
            before = kept()
    after = kept()
print(before, after)
assert after[0] - before[0] < 20
assert after[1] - before[1] < 8 << 20
assert after[2] - before[2] < 4
"""


# Each call forks a process that forks: their memories lie in files of the host, and all are gone.
def test_calls_that_fork_leave_neither_mappings_nor_descriptors(pooled: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEFT, str(pooled)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


KILLED = """
import os, tempfile, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
for n in range(1000):
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x" * 100000)
        if not (pid := os.fork()):
            os._exit(0)
        os.waitpid(pid, 0)
    print(n, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 2, 5, 17, 60])
def test_a_run_that_is_killed_leaves_nothing(example: Example, tmp_path: Path, lines: int) -> None:
    command = [str(Path(sys.executable).parent / "boxer"), "run", str(example("hello"))]
    shared = Path("/dev/shm")
    before = set(shared.iterdir())
    run = subprocess.Popen(
        [*command, "python", "-c", KILLED],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert run.stdout is not None
    for n in range(lines):
        assert run.stdout.readline() == b"%d\n" % n
    run.kill()
    assert run.wait() == -signal.SIGKILL
    while run.stdout.read(65536):  # whoever else had it would keep it open
        pass
    run.stdout.close()
    assert list(tmp_path.iterdir()) == []
    assert not [path for path in set(shared.iterdir()) - before if "box" in path.name]
    end = time.monotonic() + 300
    while is_there(run.pid):  # until who has inherited them has seen their ends
        assert time.monotonic() < end
        time.sleep(0.01)


def is_there(group: int) -> bool:
    """A process of a group, be it a zombie."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
