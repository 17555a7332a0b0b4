"""Threads of a program in a box, and the workers of its event loops; threads that calls leave."""

from __future__ import annotations

import pytest

import boxer

pytestmark = pytest.mark.base

PROGRAMS = {
    "join": """
import threading
found = []
threads = [threading.Thread(target=found.append, args=(n,)) for n in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(found), threading.active_count())
""",
    "queue": """
import queue, threading
asked, answered = queue.Queue(), queue.Queue()
def work():
    while (n := asked.get()) is not None:
        answered.put(n * n)
for n in range(4): asked.put(n)
asked.put(None)
threading.Thread(target=work).start()
print([answered.get() for _ in range(4)])
""",
    "event": """
import threading
event = threading.Event()
threading.Thread(target=event.set).start()
print(event.wait(1000))
""",
    "timer": """
import threading
done = threading.Event()
threading.Timer(0.01, done.set).start()
print(done.wait(1000))
""",
    "local": """
import threading
data = threading.local()
data.value = "main"
seen = []
def look():
    seen.append(hasattr(data, "value"))
    data.value = "thread"
thread = threading.Thread(target=look)
thread.start(); thread.join()
print(seen, data.value)
""",
    "pool": """
from concurrent.futures import ThreadPoolExecutor, as_completed
with ThreadPoolExecutor(4) as pool:
    print(list(pool.map(pow, [2, 3], [5, 2])), pool.submit(int, "x").exception())
""",
    "asyncio": """
import asyncio, time
async def main():
    print(await asyncio.gather(asyncio.to_thread(sum, [1, 2]), asyncio.to_thread(len, "abc")))
    loop = asyncio.get_running_loop()
    print((await loop.getaddrinfo("127.0.0.1", 80))[0][4])
asyncio.run(main())
""",
    "server": """
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
def serve():
    connection, _ = server.accept()
    connection.sendall(connection.recv(9).upper())
threading.Thread(target=serve).start()
with socket.create_connection(server.getsockname()) as client:
    client.sendall(b"hello")
    print(client.recv(9))
""",
    "identity": """
import threading
seen = []
thread = threading.Thread(target=lambda: seen.append(threading.get_ident()))
thread.start(); thread.join()
print(seen[0] == thread.ident != threading.get_ident(), threading.main_thread().is_alive())
""",
    "daemon": """
import threading, time
seen = []
def run():
    print("ran")
    seen.append(1)
    while True: time.sleep(1000)
threading.Thread(target=run, daemon=True).start()
while not seen: time.sleep(0.01)
""",
    "failure": """
import threading
threading.excepthook = lambda args: print(args.exc_type.__name__, args.thread.name)
thread = threading.Thread(target=lambda: 1 / 0, name="t")
thread.start(); thread.join()
""",
    "logging": """
import logging, sys, threading
logging.basicConfig(stream=sys.stdout, format="%(threadName)s %(message)s")
thread = threading.Thread(target=lambda: logging.error("x"), name="other")
thread.start(); thread.join()
""",
}
EXPECTED = {
    "join": "[0, 1, 2, 3, 4] 1\n",
    "queue": "[0, 1, 4, 9]\n",
    "event": "True\n",
    "timer": "True\n",
    "local": "[False] main\n",
    "pool": "[32, 9] invalid literal for int() with base 10: 'x'\n",
    "asyncio": "[3, 3]\n('127.0.0.1', 80)\n",
    "server": "b'HELLO'\n",
    "identity": "True True\n",
    "daemon": "ran\n",
    "failure": "ZeroDivisionError t\n",
    "logging": "other x\n",
}


# Each is the body of a main() of asyncio, and what it prints.
WORKERS = {
    "a loop that spins": (
        """
    future = loop.run_in_executor(None, lambda: 7)
    while not future.done():
        await asyncio.sleep(0)
    print(future.result())
""",
        "7\n",
    ),
    "the loop goes on while workers wait": (
        """
    event = threading.Event()
    async def later():
        for _ in range(3):
            await asyncio.sleep(0.001)
        event.set()
    waits = [asyncio.to_thread(event.wait, 1000) for _ in range(40)]
    print(sum((await asyncio.gather(*waits, later()))[:-1]))
""",
        "40\n",
    ),
    "a worker asks its loop": (
        """
    async def answer():
        await asyncio.sleep(0.001)
        return "answer"
    def work():
        return asyncio.run_coroutine_threadsafe(answer(), loop).result(1000)
    print(await asyncio.to_thread(work))
""",
        "answer\n",
    ),
    "a worker and a server of its loop": (
        """
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    def work():
        with socket.create_connection(server.sockets[0].getsockname()) as client:
            client.sendall(b"hello\\n")
            return client.recv(9)
    print(await asyncio.to_thread(work))
""",
        "b'HELLO\\n'\n",
    ),
    "a worker is in no loop": (
        """
    print(await asyncio.to_thread(lambda: asyncio.run(asyncio.sleep(0, "inner"))))
""",
        "inner\n",
    ),
    "a pool that is shut down": (
        """
    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = loop.run_in_executor(pool, str, 1)
        print(pool.submit(str, 2).result())
        last = loop.run_in_executor(pool, str, 3)
    print(await first, await last)
""",
        "2\n1 3\n",
    ),
    "a failure of the loop's meanwhile": (
        """
    loop.set_exception_handler(lambda loop, context: print(repr(context["exception"])))
    def work():
        loop.call_soon_threadsafe(lambda: 1 / 0)
        time.sleep(0.001)
        return "done"
    print(await asyncio.to_thread(work))
""",
        "ZeroDivisionError('division by zero')\ndone\n",
    ),
    "an end of the program meanwhile": (
        """
    def work():
        loop.call_soon_threadsafe(sys.exit)
        time.sleep(0.001)
    await asyncio.to_thread(work)
    print("no")
""",
        "",
    ),
}
_MAIN = """
import asyncio, concurrent.futures, socket, sys, threading, time
async def main():
    loop = asyncio.get_running_loop()
"""


@pytest.mark.parametrize("name", WORKERS)
def test_workers_of_an_event_loop(box: boxer.Box, name: str) -> None:
    body, expected = WORKERS[name]
    program = f"{_MAIN}{body}\nasyncio.run(main())\n"
    result = box.run(["python", "-c", program], limits=boxer.Limits(time=200))
    assert (result.stdout.decode(), result.stderr.decode()) == (expected, "")
    assert result.exit_code == 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_that_are_waited_for_work(box: boxer.Box, name: str) -> None:
    result = box.run(["python", "-c", PROGRAMS[name]], limits=boxer.Limits(time=200))
    assert (result.stdout.decode(), result.stderr.decode()) == (EXPECTED[name], "")


def test_threads_that_wait_for_each_other_are_told(box: boxer.Box) -> None:
    program = """
import threading
first, second = threading.Event(), threading.Event()
def wait():
    first.wait()
    second.set()
def wait_too():
    second.wait()
    first.set()
for target in (wait, wait_too): threading.Thread(target=target).start()
second.wait()
"""
    result = box.run(["python", "-c", program], limits=boxer.Limits(time=200))
    assert result.exit_code == 124
    assert b"nothing in this box can go on" in result.stderr
    assert result.stderr.count(b"waits for a lock or another thread") == 3


CALLS = """
import concurrent.futures, threading, time
pool, seen = None, []
def started(n):
    before = len(seen)
    for i in range(n): threading.Thread(target=lambda: (time.sleep(0.01), seen.append(1))).start()
    return before
def pooled(n):
    global pool
    pool = concurrent.futures.ThreadPoolExecutor(n)
    return list(pool.map(abs, range(n)))
def left():
    def for_ever():
        while True: time.sleep(0.001)
    def counts():
        while True: pass
    for target in (for_ever, counts): threading.Thread(target=target, daemon=True).start()
    return threading.active_count()
def count():
    return [threading.active_count(), threading.main_thread() is threading.current_thread()]
def after():
    return pool.submit(abs, -1).result()
"""


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    context = tmp_path_factory.mktemp("calls")
    (context / "calls.py").write_text(CALLS)
    (context / "Dockerfile").write_text(
        'FROM python:3.13-slim\nWORKDIR /app\nCOPY calls.py .\nCMD ["python", "calls.py"]\n'
    )
    return boxer.build(context)


def test_a_call_returns_when_its_function_does_and_leaves_no_threads(calls: boxer.Box) -> None:
    with calls.pool() as pool:
        for _ in range(20):
            assert pool.call("calls:started", 3) == 0
            assert pool.call("calls:left") == 3
            assert pool.call("calls:pooled", 4) == [0, 1, 2, 3]
            assert pool.call("calls:count") == [1, True]


def test_a_machine_that_goes_on_has_no_threads_between_calls(calls: boxer.Box) -> None:
    with calls.start() as machine:
        for n in range(20):
            assert machine.call("calls:started", 3) == 3 * n  # the last call's have been joined
            assert machine.call("calls:left") == 3
            assert machine.call("calls:count") == [1, True]
            assert machine.call("calls:pooled", 4) == [0, 1, 2, 3]
        with pytest.raises(boxer.GuestError, match="cannot schedule new futures after shutdown"):
            machine.call("calls:after")
