"""`boxer run --strace`: what a program asks of the kernel, on standard error."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base
Example = Callable[[str], Path]
Boxer = Callable[..., subprocess.CompletedProcess[str]]
SCRIPT = """
import os, sys
fd = os.open('/tmp/new', os.O_RDWR | os.O_CREAT, 0o640)
os.write(fd, b'text')
try:
    os.stat('/none')
except FileNotFoundError:
    print('missing', 'BOXER_STRACE' in os.environ)
sys.exit(3)
"""


def test_each_call_is_shown_with_paths_flags_and_errors(example: Example, boxer: Boxer) -> None:
    done = boxer("run", "--strace", example("hello"), "python", "-c", SCRIPT)
    assert (done.returncode, done.stdout) == (3, "missing False\n")
    opened = r'openat\(AT_FDCWD, "/tmp/new", O_RDWR\|O_CREAT\|O_CLOEXEC, 0640\) = (\d+)'
    found = re.search(opened, done.stderr)
    assert found, done.stderr
    assert f'write({found[1]}, "text", 4) = 4\n' in done.stderr
    missing = r'statx\(AT_FDCWD, "/none", .*\) = -1 ENOENT \(No such file or directory\)\n'
    assert re.search(missing, done.stderr), done.stderr
    assert done.stderr.endswith("exit_group(3) = ?\n")


def test_threads_and_processes_are_named(example: Example, boxer: Boxer) -> None:
    script = (
        "import os, threading\n"
        "thread = threading.Thread(target=os.write, args=(1, b'thread\\n'))\n"
        "thread.start(); thread.join()\n"
        "pid = os.fork()\n"
        "if not pid: os._exit(os.write(1, b'child\\n'))\n"
        "os.waitpid(pid, 0)\n"
        "os.write(1, b'alone\\n')\n"
    )
    done = boxer("run", "--strace", example("hello"), "python", "-c", script)
    shown = [line.partition("(1, ") for line in done.stderr.splitlines() if "write(1, " in line]
    assert [(call, text.split(",")[0]) for call, _, text in shown] == [
        ("[pid 8] write", '"thread\\n"'),
        ("[pid 9] write", '"child\\n"'),
        ("write", '"alone\\n"'),
    ]


def test_nothing_is_shown_unasked(example: Example, boxer: Boxer) -> None:
    done = boxer("run", example("hello"), "python", "-c", SCRIPT)
    assert (done.returncode, done.stdout, done.stderr) == (3, "missing False\n", "")
