"""A machine that goes back is its image, byte for byte, whatever a run has done.

BOXER_LEAK_SECONDS: how long the many-threads test goes on; `make leaks` sets minutes.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import threading
import time
from ctypes import byref

import pytest

import boxer
from boxer.runtime import mapped
from boxer.runtime.calls import call_request
from boxer.runtime.entry import RunOptions
from boxer.runtime.mapped import MappedInstance, prepared
from boxer.runtime.runner import command_line

pytestmark = [
    pytest.mark.base,
    pytest.mark.skipif(not mapped.is_available(), reason="the native library is not there"),
]

SECRET = "tenant-secret-0123456789"
# What a run may do to a machine. Each puts SECRET where it can.
DEEDS = {
    "nothing": "pass",
    "globals": f"import sys; sys.modules['json'].leak = '{SECRET}' * 1000",
    "files": f"import os; os.makedirs('/a/b'); open('/a/b/c', 'w').write('{SECRET}' * 10**5)",
    "overwrite": f"open('/etc/passwd', 'w').write('{SECRET}' * 100)",
    "remove": "import shutil; shutil.rmtree('/usr/local/lib/python3.13/email')",
    "links": "import os; os.link('/etc/passwd', '/x'); os.symlink('/x', '/y'); os.chmod('/x', 7)",
    "descriptors": "fs = [open('/dev/zero') for _ in range(500)]\nimport os; os.dup2(5, 1)",
    "cwd": "import os; os.mkdir('/q'); os.chdir('/q'); os.rmdir('/q')",
    "environment": f"import os; os.environ['LEAK'] = '{SECRET}'; os.putenv('B', 'c')",
    "umask": "import os; os.umask(0o077)",
    "limits": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))",
    "credentials": "import os; os.setgid(5); os.setuid(5)",
    "signals": """
import signal
signal.signal(15, lambda *a: 0)
signal.setitimer(0, 100)
signal.pthread_sigmask(0, {10})
""",
    "recursion": "import sys; sys.setrecursionlimit(500)\ndef f(): f()\nf()",
    "memory": f"x = ['{SECRET}' + str(i) for i in range(20000)]",
    "little growth": "x = bytearray(6 * 2**20); x[::4096] = b'z' * 1536",
    "large growth": "x = bytearray(64 * 2**20); x[::4096] = b'z' * 16384",
    "exception": "raise ValueError('x' * 10000)",
    "exit": "import sys; sys.exit(9)",
    "hard exit": "import os; os._exit(9)",
    "abort": "import os; os.abort()",
    "sockets": """
import socket
a, b = socket.socketpair()
a.send(b'x' * 1000)
s = socket.create_server(('127.0.0.1', 80))
""",
    "threads": "import threading; threading.local().x = 1",
    "imports": """
import decimal, sqlite3, email, http.client
sqlite3.connect(':memory:').execute('create table t(x)')
""",
    "monkeypatch": "import builtins; builtins.print = None; builtins.leak = 1",
    "collector": "import gc; gc.disable(); gc.unfreeze(); gc.collect()",
    "mappings": "import mmap; m = mmap.mmap(-1, 2**20); m[:] = b'x' * 2**20",
    "stack": "import json; json.dumps([[[[[1]]]]] * 1000)",
    "types": "class A: pass\nfor i in range(1000): setattr(A, f'n{i}', i)",
    "flush": "import sys; sys.stdout.write('x' * 10**6)",
    "restart": "import sys; sys.stdout.close()",
}  # fmt: skip
LIMITS = {
    "time": (boxer.Limits(time=0.05), "while True: pass"),
    "cpu": (boxer.Limits(cpu=0.05), "while True: pass"),
    "output": (boxer.Limits(output="10KB"), "print('x' * 10**6)"),
    "memory": (boxer.Limits(memory="40MB"), "x = bytearray(10**9)"),
    "files": (boxer.Limits(files=50), "fs = [open('/dev/null') for _ in range(100)]"),
    "storage": (boxer.Limits(storage="1MB"), "open('/big', 'wb').write(b'x' * 10**7)"),
    "call depth": (boxer.Limits(call_depth=100), "def f(): f()\nf()"),
}


def machine_of(box: boxer.Box, memory: str = "1GiB") -> MappedInstance:
    machine = box.frozen.machine(boxer.Limits(memory=memory).memory_bytes)
    assert isinstance(machine, MappedInstance)
    return machine


def run_of(code: str, limits: boxer.Limits | None = None) -> RunOptions:
    return RunOptions(limits or boxer.Limits(), command_line(["python", "-c", code]))


def serve(machine: MappedInstance, given: RunOptions) -> bool:
    return bool(machine.serve(byref(prepared(given)), None).reusable)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_machine_is_its_image_again_or_is_dropped(box: boxer.Box, deed: str) -> None:
    machine = machine_of(box)
    for _ in range(4):  # while it learns its pages, and after
        if not serve(machine, run_of(DEEDS[deed])):
            assert deed == "large growth"
            return
        assert machine.is_pristine()


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_leaves_nothing_behind(box: boxer.Box, limit: str) -> None:
    limits, code = LIMITS[limit]
    machine = machine_of(box, str(limits.memory))
    for _ in range(4):
        assert not serve(machine, run_of(code, limits)) or machine.is_pristine()


def test_deeds_in_any_order_leave_nothing(box: boxer.Box) -> None:
    machine = machine_of(box)
    for first, second in itertools.islice(itertools.permutations(DEEDS, 2), 0, None, 17):
        for deed in (first, second):
            if not serve(machine, run_of(DEEDS[deed])):
                machine = machine_of(box)
            assert machine.is_pristine(), (first, second)


def test_the_next_run_finds_no_trace(box: boxer.Box) -> None:
    search = (
        "import os, sys, json, builtins\n"
        "print(os.listdir('/'), hasattr(json, 'leak'), os.environ.get('LEAK'), os.umask(0),"
        " os.getuid(), os.getcwd(), hasattr(builtins, 'leak'), os.path.exists('/a'))"
    )
    with box.pool(size=1) as pool:
        clean = pool.run(["python", "-c", search]).stdout
        for code in DEEDS.values():
            pool.run(["python", "-c", code])
            assert pool.run(["python", "-c", search]).stdout == clean


def test_swapped_out_pages_are_put_back_too(box: boxer.Box) -> None:
    page_out = 21  # MADV_PAGEOUT
    libc = ctypes.CDLL(None, use_errno=True)
    machine = machine_of(box)
    for deed in ("files", "memory", "globals", "nothing", "files"):
        machine.run(run_of(DEEDS[deed]))
        size = ctypes.c_uint64()
        start = machine._library.boxer_machine_memory(machine.address, byref(size))
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size.value), page_out)
        assert machine.reset()
        assert machine.is_pristine()


def test_calls_leave_nothing_however_they_end(box: boxer.Box) -> None:
    frozen, _ = box.frozen.after(b'i{"modules": ["app"]}', RunOptions())
    machine = frozen.machine(1 << 30)
    assert isinstance(machine, MappedInstance)
    run = byref(prepared(RunOptions(boxer.Limits(time=0.1))))
    calls = [
        ("app:echo", ("x" * 10**6,)), ("app:count", ()), ("app:fail", ("x",)), ("app:leave", (1,)),
        ("app:identity", ()), ("os:_exit", (3,)), ("app:spin", ()), ("app:nested", (50,)),
    ]  # fmt: skip
    for name, arguments in calls * 3:
        if not machine.serve(run, call_request(name, arguments, {})).reusable:
            machine = frozen.machine(1 << 30)
            assert isinstance(machine, MappedInstance)
        assert machine.is_pristine(), name


def test_eight_threads_leave_nothing(box: boxer.Box) -> None:
    end = time.monotonic() + float(os.environ.get("BOXER_LEAK_SECONDS", "5"))
    leaks: list[str] = []

    def work(offset: int) -> None:
        machine = machine_of(box)
        for name in itertools.islice(itertools.cycle(DEEDS), offset, None):
            if time.monotonic() > end or leaks:
                return
            if not serve(machine, run_of(DEEDS[name])):
                machine = machine_of(box)
            if not machine.is_pristine():
                leaks.append(name)

    threads = [threading.Thread(target=work, args=(3 * number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not leaks
