"""Threads that wait with a time-out while others work: heartbeats, monitors, stopped servers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

PROGRAMS = {
    "heartbeat": """
import threading, time
stop, beats = threading.Event(), []
def beat():
    while not stop.wait(0.01):
        beats.append(1)
thread = threading.Thread(target=beat)
thread.start()
while len(beats) < 2:
    time.sleep(0.01)
stop.set()
thread.join()
print("ended", len(beats) > 1)
""",
    "monitor": """
import threading, time
class Monitor(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.killed = threading.Event()
        self.start()
    def run(self):
        while True:
            self.killed.wait(1000)
            if self.killed.is_set():
                return
monitor = Monitor()
for _ in range(3):
    time.sleep(0.05)
monitor.killed.set()
monitor.join()
print("ended", True)
""",
    "server": """
import http.server, threading, urllib.request
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
thread = threading.Thread(target=server.serve_forever)
thread.start()
urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").read()
server.shutdown()
thread.join()
print("ended", True)
""",
    "timed queue": """
import queue, threading
work = queue.Queue()
done, waits = threading.Event(), threading.Event()
def worker():
    while not done.is_set():
        try:
            work.get(timeout=0.05)()
        except queue.Empty:
            waits.set()
thread = threading.Thread(target=worker)
thread.start()
waits.wait()
work.put(done.set)
print("ended", done.wait(1000))
thread.join()
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_that_wait_with_a_time_out_give_way(
    boxer: Callable[..., subprocess.CompletedProcess[str]],
    example: Callable[[str], Path],
    name: str,
) -> None:
    done = boxer("run", "--limit", "time=100", example("hello"), "python", "-c", PROGRAMS[name])
    assert (done.returncode, done.stdout) == (0, "ended True\n")
