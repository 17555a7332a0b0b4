"""The interpreter in a box behaves as `python` does."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pythons import PYTHON

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

# Arguments of python, standard input, exit status, standard output.
LINES = [
    (["-c", "import sys; print(sys.argv, sys.executable)", "a"], "", 0,
     "['-c', 'a'] /usr/local/bin/python\n"),
    (["-V"], "", 0, f"Python {PYTHON.version}\n"),
    (["-"], "print(__name__, 1 + 1)", 0, "__main__ 2\n"),
    (["-m", "no_such_module"], "", 1, ""),
    (["-m", "json.tool"], '{"a":1}', 0, '{\n    "a": 1\n}\n'),
    (["-c", "import sys; sys.exit('no')"], "", 1, ""),
    (["-c", "raise SystemExit(3)"], "", 3, ""),
    (["-c", "print(input())"], "line\n", 0, "line\n"),
    (["-O", "-c", "assert False; print(__debug__)"], "", 0, "False\n"),
    (["-I", "-c", "import sys; print(sys.flags.isolated)"], "", 0, "1\n"),
    (["-q", "-c", "import sys; print(sys.flags.quiet)"], "", 0, "1\n"),
    (["-W", "error", "-c", "import warnings; warnings.warn('x')"], "", 1, ""),
    (["-X", "utf8", "-c", "import sys; print(sys._xoptions)"], "", 0, "{'utf8': True}\n"),
    (["-B", "-c", "import sys; print(sys.dont_write_bytecode)"], "", 0, "True\n"),
    (["-c", "import os; os.kill(os.getpid(), 15)"], "", 143, ""),
    (["-c", "import os; os._exit(9)"], "", 9, ""),
    (["-c", "print('ä', '\\N{SNOWMAN}')"], "", 0, "ä ☃\n"),
]  # fmt: skip

SNIPPETS = {
    "hashes": "import hashlib; print(len(hashlib.algorithms_guaranteed & {"
    "n for n in hashlib.algorithms_guaranteed if hashlib.new(n)}))",
    "compression": "import zlib, bz2, lzma; d = b'x' * 9999\n"
    "print(all(m.decompress(m.compress(d)) == d for m in (zlib, bz2, lzma)))",
    "time zones": "import zoneinfo, datetime as d\n"
    "print(d.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin')).utcoffset())",
    "source": "import inspect, json; print('def dumps' in inspect.getsource(json.dumps))",
    "resources": "import importlib.resources as r\n"
    "print(r.files('email').joinpath('architecture.rst').is_file())",
    "pwd": "import pwd, grp; print(pwd.getpwuid(0).pw_name, grp.getgrgid(0).gr_name)",
    "mmap": "import mmap; m = mmap.mmap(-1, 99); m[:2] = b'ab'; print(m[:3])",
    "fcntl": "import fcntl; f = open('/tmp/l', 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('ok')",
    "select": "import select, os; r, w = os.pipe(); os.write(w, b'x')\n"
    "print(select.select([r], [], [], 0)[0] == [r])",
    "sockets": "import socket; a, b = socket.socketpair(); a.send(b'hi'); print(b.recv(9))",
    "decimal": "import decimal; print(decimal.Decimal(1) / 7)",
    "xml": "import xml.etree.ElementTree as e; print(e.fromstring('<a><b/></a>').find('b').tag)",
    "tempfile": "import tempfile; print(open(tempfile.mkstemp()[1]).read() == '')",
    "help": "import io, pydoc; out = io.StringIO(); pydoc.Helper(output=out).help('len')\n"
    "print('number of items' in out.getvalue())",
    "tty": "import sys; print(sys.stdout.isatty())",
}
EXPECTED = {
    "hashes": "14",
    "compression": "True",
    "time zones": "2:00:00",
    "source": "True",
    "resources": "True",
    "pwd": "root root",
    "mmap": r"b'ab\x00'",
    "fcntl": "ok",
    "select": "True",
    "sockets": "b'hi'",
    "decimal": "0.1428571428571428571428571429",
    "xml": "b",
    "tempfile": "True",
    "help": "True",
    "tty": "False",
}

# sched(7), waitid(2) by a process's descriptor.
SCHEDULING = """
import os
none = os.sched_param(0)
def tried(call, *words):
    try:
        return call(*words)
    except OSError as error:
        return type(error).__name__
os.sched_setscheduler(0, os.SCHED_BATCH, none)
os.sched_setparam(0, none)
print(os.sched_getscheduler(0) == os.SCHED_BATCH, os.sched_getparam(0) == none, flush=True)
roots = os.getpid()
pid = os.fork()
if pid == 0:
    os.setuid(65534)
    print(tried(os.sched_getscheduler, roots) == os.SCHED_BATCH)
    print(tried(os.sched_setscheduler, roots, os.SCHED_OTHER, none))
    print(tried(os.sched_setparam, roots, none))
    print(tried(os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(1)))
    print(tried(os.sched_setscheduler, 0, os.SCHED_RR, none) or "no error")
    print(tried(os.sched_getparam, -1), tried(os.sched_getparam, 99999), flush=True)
    os._exit(5)
print(os.waitid(os.P_PIDFD, os.pidfd_open(pid), os.WEXITED).si_status)
"""
SCHEDULED = """\
True True
True
PermissionError
PermissionError
PermissionError
OSError
OSError ProcessLookupError
5
"""


@pytest.mark.parametrize(("words", "stdin", "status", "stdout"), LINES)
def test_interpreter_options(
    boxer: Boxer, example: Example, words: list[str], stdin: str, status: int, stdout: str
) -> None:
    done = boxer("run", example("hello"), "python", *words, stdin=stdin)
    assert (done.returncode, done.stdout) == (status, stdout), done.stderr


@pytest.mark.parametrize("name", SNIPPETS)
def test_standard_library(boxer: Boxer, example: Example, name: str) -> None:
    done = boxer("run", example("hello"), "python", "-c", SNIPPETS[name])
    assert (done.stdout, done.stderr) == (EXPECTED[name] + "\n", "")


def test_the_scheduler_answers_as_linuxs(boxer: Boxer, example: Example) -> None:
    done = boxer("run", example("hello"), "python", "-c", SCHEDULING)
    assert (done.stdout, done.stderr) == (SCHEDULED, "")


def test_traceback_shows_source_lines_and_exits_1(boxer: Boxer, example: Example) -> None:
    done = boxer("run", example("hello"), "python", "-c", "import json; json.loads('x')")
    assert done.returncode == 1
    assert "/usr/local/lib/python3.13/json/decoder.py" in done.stderr
    assert "raise JSONDecodeError" in done.stderr


def test_environment_and_working_directory_of_the_run(boxer: Boxer, example: Example) -> None:
    program = "import os; print(os.environ['X'], os.getcwd(), 'HOST' in os.environ)"
    done = boxer("run", "-e", "X=1", "-w", "/tmp", example("hello"), "python", "-c", program)
    assert done.stdout == "1 /tmp False\n"


def test_two_machines_never_draw_the_same(boxer: Boxer, example: Example) -> None:
    program = (
        "import random, uuid, secrets, tempfile, os\n"
        "print(random.random(), uuid.uuid4(), secrets.token_hex(), tempfile.mktemp(),"
        " os.urandom(8).hex(), sep='\\n')"
    )
    first, second = (
        boxer("run", example("hello"), "python", "-c", program).stdout.split() for _ in range(2)
    )
    assert len(first) == 5
    assert not set(first) & set(second)


def test_command_that_is_not_there_says_so(boxer: Boxer, example: Example) -> None:
    done = boxer("run", example("hello"), "no-such-program")
    assert done.returncode == 127
    assert done.stderr == "box: cannot start `no-such-program`: no such file in the box\n"


def test_box_sees_no_host_file_and_no_host_variable(boxer: Boxer, example: Example) -> None:
    program = (
        f"import os; print(os.path.exists({str(Path(__file__).resolve())!r}), len(os.environ))"
    )
    done = boxer("run", example("hello"), "python", "-c", program)
    assert done.stdout.split()[0] == "False"
    assert int(done.stdout.split()[1]) < 8
