"""Signals sent to `boxer run` are the program's, as under `docker run --init`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Example = Callable[[str], Path]
BOXER = Path(sys.executable).with_name("boxer")
PATIENCE = 300

# The launcher, the Python program over a mapped machine, and over one with a mounted folder.
WAYS = {
    "launcher": [],
    "limits": ["--limit", "time=100"],
    "folder": ["-v", "{folder}:/mounted"],
}
HANDLER = (
    "import atexit, signal, sys, time, os\n"
    "atexit.register(lambda: print('at exit'))\n"
    "def handler(number, frame):\n    print('got', signal.Signals(number).name)\n    sys.exit(7)\n"
    "for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):\n"
    "    signal.signal(s, handler)\n"
    "print('ready', flush=True)\n"
)
# How a program may spend its time.
WAITS = {
    "sleep": "time.sleep(1000)",
    "loop": "while True: pass",
    "read": "sys.stdin.readline()",
    "pause": "signal.pause()",
    "lock": "import threading; threading.Event().wait()",
    "select": "import select; select.select([], [], [], 1000)",
}


@contextlib.contextmanager
def started(words: Sequence[object]) -> Iterator[subprocess.Popen[str]]:
    """A run whose program has said `ready`."""
    command = [str(BOXER), "run", *map(str, words)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def outcome(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Its status, and what it wrote behind `ready`; its standard input stays open meanwhile."""
    status = process.wait(PATIENCE)
    assert process.stdout is not None
    assert process.stderr is not None
    return status, process.stdout.read(), process.stderr.read()


def options(way: str, folder: Path) -> list[str]:
    return [word.format(folder=folder) for word in WAYS[way]]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wait", WAITS)
def test_a_handler_runs_wherever_the_program_is(
    example: Example, tmp_path: Path, way: str, wait: str
) -> None:
    words = [*options(way, tmp_path), example("hello"), "python", "-c", HANDLER + WAITS[wait]]
    with started(words) as process:
        process.send_signal(signal.SIGTERM)
        assert outcome(process) == (7, "got SIGTERM\nat exit\n", "")


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"])
def test_each_signal_is_told_by_its_name(example: Example, name: str) -> None:
    with started([example("hello"), "python", "-c", HANDLER + WAITS["sleep"]]) as process:
        process.send_signal(signal.Signals[name])
        assert outcome(process) == (7, f"got {name}\nat exit\n", "")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1"])
def test_without_a_handler_it_ends_the_program(
    example: Example, tmp_path: Path, way: str, name: str
) -> None:
    program = "import time; print('ready', flush=True); time.sleep(1000)"
    words = [*options(way, tmp_path), example("hello"), "python", "-c", program]
    with started(words) as process:
        process.send_signal(signal.Signals[name])
        assert outcome(process) == (128 + signal.Signals[name], "", "")


@pytest.mark.parametrize("way", WAYS)
def test_ctrl_c_is_keyboard_interrupt(example: Example, tmp_path: Path, way: str) -> None:
    program = (
        "import atexit; atexit.register(lambda: print('at exit'))\n"
        "try:\n    print('ready', flush=True)\n    while True: pass\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n    raise\n"
    )
    words = [*options(way, tmp_path), example("hello"), "python", "-c", program]
    with started(words) as process:
        process.send_signal(signal.SIGINT)
        status, out, err = outcome(process)
    assert (status, out) == (130, "interrupted\nat exit\n")
    assert err.endswith("KeyboardInterrupt\n")


def test_an_event_loop_hears_of_them(example: Example) -> None:
    program = (
        "import asyncio, signal\nasync def main():\n    done = asyncio.Event()\n"
        "    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)\n"
        "    print('ready', flush=True)\n    await done.wait()\n    print('done')\n"
        "asyncio.run(main())\n"
    )
    with started([example("hello"), "python", "-c", program]) as process:
        process.send_signal(signal.SIGTERM)
        assert outcome(process) == (0, "done\n", "")


def test_a_program_that_does_not_end_is_ended(example: Example) -> None:
    program = (
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\nwhile True: pass\n"
    )
    words = ["--stop-timeout", "0.2", example("hello"), "python", "-c", program]
    with started(words) as process:
        process.send_signal(signal.SIGTERM)
        assert outcome(process)[0] == 137


def test_a_shell_that_waits_gets_them_alone_as_under_an_init(example: Example) -> None:
    script = f'python -c "{HANDLER}{WAITS["sleep"]}"; echo after'
    with started([example("hello"), "sh", "-c", script]) as process:
        process.send_signal(signal.SIGTERM)
        assert outcome(process) == (143, "", "")


def test_a_shell_with_a_trap_can_hand_them_on(example: Example) -> None:
    program = f'python -c "{HANDLER}{WAITS["sleep"]}"'
    script = f"trap 'kill $!; wait $!; exit 9' TERM; {program} & wait"
    with started([example("hello"), "sh", "-c", script]) as process:
        process.send_signal(signal.SIGTERM)
        assert outcome(process)[:2] == (9, "got SIGTERM\nat exit\n")


def test_what_was_ignored_when_it_began_stays_ignored(example: Example) -> None:
    program = "import signal, sys; print('ready', flush=True); sys.stdin.readline(); print('end')"
    words = [str(BOXER), "run", str(example("hello")), "python", "-c", program]
    script = "trap '' HUP; exec \"$@\""
    pipe = subprocess.PIPE
    with subprocess.Popen(["sh", "-c", script, "sh", *words], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(b"\n", PATIENCE)
    assert (process.returncode, out) == (0, b"end\n")


def test_the_size_of_the_terminal_and_its_changes(example: Example) -> None:
    program = (
        "import os, signal, time\n"
        "def show(*_): os.write(1, b'%d %d\\n' % os.get_terminal_size())\n"
        "signal.signal(signal.SIGWINCH, show)\nshow()\nwhile True: time.sleep(1000)\n"
    )
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    command = [str(BOXER), "run", str(example("hello")), "python", "-c", program]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave) as process:
        try:
            with open(master, "rb", closefd=False) as shown:
                assert shown.readline() == b"101 33\r\n"
                fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 60, 0, 0))
                process.send_signal(signal.SIGWINCH)
                assert shown.readline() == b"60 20\r\n"
        finally:
            process.kill()
            os.close(slave)
    os.close(master)


def test_a_program_in_c_that_only_computes_is_ended_at_once(tmp_path: Path) -> None:
    (tmp_path / "spin.c").write_text(
        '#include <stdio.h>\nint main(void) { volatile int i = 0; puts("ready");'
        " fflush(stdout); for (;;) i++; }\n"
    )
    made = subprocess.run(
        [str(BOXER), "cc", "-o", str(tmp_path / "spin.wasm"), str(tmp_path / "spin.c")],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with started([tmp_path / "spin.wasm"]) as process:
        process.send_signal(signal.SIGTERM)
        assert outcome(process)[0] == 143
