"""Threads of a program in a box: they take turns where they wait (decision 0012)."""

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
print(event.wait(5))
""",
    "timer": """
import threading
done = threading.Event()
threading.Timer(0.01, done.set).start()
print(done.wait(5))
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
threading.Thread(target=print, args=("ran",), daemon=True).start()
time.sleep(0.01)
""",
    "failure": """
import threading
threading.excepthook = lambda args: print(args.exc_type.__name__, args.thread.name)
thread = threading.Thread(target=lambda: 1 / 0, name="t")
thread.start(); thread.join()
""",
    "turns": """
import queue, threading
there, back = queue.Queue(), queue.Queue()
def answer():
    while (ball := there.get()) is not None:
        back.put(ball + 1)
thread = threading.Thread(target=answer)
thread.start()
ball = 0
for _ in range(50):
    there.put(ball)
    ball = back.get()
there.put(None)
thread.join()
print(ball)
""",
    "workers": """
import queue, threading
tasks, done = queue.Queue(), []
class Worker:
    def work(self):
        while True:
            done.append(tasks.get(block=True))
            tasks.task_done()
for _ in range(3): threading.Thread(target=Worker().work, daemon=True).start()
for n in range(10): tasks.put(n)
tasks.join()
for n in range(10): tasks.put(n)
tasks.join()
print(sorted(done))
""",
    "lock that is held": """
import threading, time
lock, seen = threading.Lock(), []
def take():
    with lock: seen.append("thread")
thread = threading.Thread(target=take)
with lock:
    thread.start()
    time.sleep(0.05)
    seen.append("main")
thread.join()
print(seen)
""",
    "sleeps": """
import threading, time
seen = []
def sleep(seconds):
    time.sleep(seconds)
    seen.append(seconds)
threads = [threading.Thread(target=sleep, args=(n / 10,)) for n in (3, 1, 2)]
began = time.monotonic()
for thread in threads: thread.start()
for thread in threads: thread.join()
print(seen, time.monotonic() - began < 0.5)
""",
    "much data": """
import socket, threading
a, b = socket.socketpair()
thread = threading.Thread(target=lambda: (a.sendall(bytes(range(256)) * 20000), a.close()))
thread.start()
got = b"".join(iter(lambda: b.recv(9999), b""))
thread.join()
print(got == bytes(range(256)) * 20000)
""",
    "clients": """
import socketserver, threading, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(self.path.encode())
    def log_message(self, *args): pass
server = HTTPServer(("127.0.0.1", 0), Handler)
thread = threading.Thread(target=server.serve_forever)
thread.start()
for path in "abc":
    print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/{path}").read(), end=" ")
server.shutdown()
thread.join()
server.server_close()
print("over")
""",
    "errors": """
import threading
def work():
    try:
        threading.Event().wait(0.05) or 1 / 0
    except ZeroDivisionError as error:
        print(error, error.__traceback__.tb_lineno, error.__traceback__.tb_frame.f_code.co_name)
thread = threading.Thread(target=work)
thread.start(); thread.join()
""",
    "waits in C code": """
import threading
event = threading.Event()
found = []
def key(n):
    event.wait()
    return -n
thread = threading.Thread(target=lambda: found.extend(sorted([1, 3, 2], key=key)))
other = threading.Thread(target=event.set)
thread.start(); other.start()
thread.join(); other.join()
print(found)
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
    "turns": "50\n",
    "workers": "[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9]\n",
    "lock that is held": "['main', 'thread']\n",
    "sleeps": "[0.1, 0.2, 0.3] True\n",
    "much data": "True\n",
    "clients": "b'/a' b'/b' b'/c' over\n",
    "errors": "division by zero 5 work\n",
    "waits in C code": "[3, 2, 1]\n",
    "logging": "other x\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_that_are_waited_for_work(box: boxer.Box, name: str) -> None:
    result = box.run(["python", "-c", PROGRAMS[name]], limits=boxer.Limits(time=20))
    assert (result.stdout.decode(), result.stderr.decode()) == (EXPECTED[name], "")


def test_threads_that_wait_for_each_other_say_so(box: boxer.Box) -> None:
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
    result = box.run(["python", "-c", program], limits=boxer.Limits(time=20))
    assert result.exit_code == 1
    assert b"RuntimeError: this wait can never end" in result.stderr


PROCESSES = {
    "os.fork()": "fork: a box is one process",
    "subprocess.run(['ls'])": "subprocess: a box is one process",
    "subprocess.run([sys.executable, '-c', '1'])": "subprocess: a box is one process",
    "os.popen('ls')": "subprocess: a box is one process",
    "os.posix_spawn('/bin/ls', ['ls'], {})": "posix_spawn: a box is one process",
    "os.system('ls')": "os.system: a box is one process",
    "multiprocessing.Process(target=print).start()": "a box is one process",
}


@pytest.mark.parametrize("program", PROCESSES)
def test_second_processes_are_refused_with_the_reason(box: boxer.Box, program: str) -> None:
    text = f"import multiprocessing, os, subprocess, sys\n{program}"
    result = box.run(["python", "-c", text], limits=boxer.Limits(time=20))
    assert PROCESSES[program] in result.stderr.decode()
    assert (result.exit_code == 0) == ("os.system" in program)
