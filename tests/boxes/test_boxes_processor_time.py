"""Signals, timers and limits of a program that computes, and processes as descriptors: each script
prints what it prints on Linux (tried with CPython there)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

SCRIPTS = {
    "a timer ends a loop": (
        """
import signal
class Late(Exception): pass
def late(*_): raise Late
signal.signal(signal.SIGALRM, late)
for loop in ("while True: pass", "[x for x in range(10**10)]"):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        exec(loop)
    except Late: print("late")
""",
        "late\nlate\n",
    ),
    "timers of the processor's time": (
        """
import signal, time
seen = []
for number in (signal.SIGVTALRM, signal.SIGPROF):
    signal.signal(number, lambda n, f: seen.append(n))
signal.setitimer(signal.ITIMER_VIRTUAL, 0.1)
time.sleep(0.2)
print(seen)
while not seen: pass
print(seen == [signal.SIGVTALRM])
signal.setitimer(signal.ITIMER_PROF, 0.02, 0.02)
while len(seen) < 4: pass
print(seen[1:4] == [signal.SIGPROF] * 3)
""",
        "[]\nTrue\nTrue\n",
    ),
    "a limit of processor time": (
        """
import os, resource, signal
for heeds in (False, True):
    if not (pid := os.fork()):
        heard = []
        if heeds:
            signal.signal(signal.SIGXCPU, lambda *_: heard.append(1))
        resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
        while not heard: pass
        os._exit(5)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""",
        "-24\n5\n",
    ),
    "each thread has a time of its own": (
        """
import threading, time
times = {}
def computes():
    begin = time.thread_time()
    while time.thread_time() - begin < 0.1: pass
    times["computes"] = time.thread_time() - begin
def sleeps():
    begin = time.thread_time()
    time.sleep(0.1)
    times["sleeps"] = time.thread_time() - begin
threads = [threading.Thread(target=f) for f in (computes, sleeps)]
for t in threads: t.start()
print(all(time.pthread_getcpuclockid(t.ident) < 0 for t in threads))
for t in threads: t.join()
print(times["computes"] >= 0.1, times["sleeps"] < 0.1, time.thread_time() < time.process_time())
""",
        "True\nTrue True True\n",
    ),
    "a timer outlives exec": (
        """
import os, signal, sys
if not (pid := os.fork()):
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    os.execv(sys.executable, [sys.executable, "-c", "while True: pass"])
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""",
        "-14\n",
    ),
    "a process is a descriptor": (
        """
import asyncio, os, select, signal
if not (pid := os.fork()):
    signal.pause()
fd = os.pidfd_open(pid)
print(select.select([fd], [], [], 0)[0])
signal.pidfd_send_signal(fd, signal.SIGTERM)
print(select.select([fd], [], [])[0] == [fd], os.waitid(3, fd, os.WEXITED).si_status)
async def many():
    made = [await asyncio.create_subprocess_exec("sh", "-c", f"exit {n}") for n in range(5)]
    return [await one.wait() for one in made]
print(asyncio.run(many()))
""",
        "[]\nTrue 15\n[0, 1, 2, 3, 4]\n",
    ),
    "a program is its file, whatever it is called": (
        """
import os, subprocess, sys
def says(name, *options):
    line = [name, *options, "-c", "print(6 * 7)"]
    return subprocess.run(line, executable=sys.executable, capture_output=True, text=True)
print(*(says(name, *options).stdout.strip() for name in ("x", "/none/<stdin>", "a b")
        for options in ((), ("-E",), ("-I", "-B"), ("-X", "dev"))))
""",
        " ".join(["42"] * 12) + "\n",
    ),
    "the user's packages are found as soon as there are some": (
        """
import os, pathlib, site, subprocess, sys
folder = pathlib.Path(site.getusersitepackages())
folder.mkdir(parents=True)
(folder / "brought.py").write_text("print('brought')")
line = [sys.executable, "-c", "import brought"]
print(subprocess.run(line, capture_output=True, text=True).stdout.strip())
line.insert(1, "-s")
print(subprocess.run(line, capture_output=True, text=True).returncode)
""",
        "brought\n1\n",
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_prints_what_it_prints_on_linux(boxer: Boxer, example: Example, name: str) -> None:
    script, expected = SCRIPTS[name]
    done = boxer("run", "--limit", "time=100", example("hello"), "python", "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")
