"""The shell of a box beside this machine's dash: the same output and status for the same script."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

# Scripts with lines of `%%%%` between them.
SCRIPTS = Path(__file__).with_name("shell_scripts.txt").read_text()[:-1].split("\n%%%%\n")
DASH = shutil.which("dash")
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/root"}

REFUSED = [
    ("echo a; python -c 'print(1)'; echo b", "a\n", "the last command of the script"),
    ("x=$(python -c 'print(1)'); echo b", "", "the last command of the script"),
    ("(python -c 'print(1)'); echo b", "", "the last command of the script"),
    ("python -c 'print(1)' | cat", "", "the last command of the script"),
    ("echo a & echo b", "", "in the background"),
    ("[[ a = a ]]; echo b", "", "POSIX shell"),
]
TAKES_OVER = [
    ("exec python -c \"$P\" b", "['b'] /"),
    ("cd /tmp; python -c \"$P\" b", "['b'] /tmp"),
    ("if true; then cd /usr; exec python -c \"$P\" \"$@\"; fi; echo no", "['x y', ''] /usr"),
    ("f() { python -c \"$P\" \"$1\"; }; f a", "['a'] /"),
    ("(cd /tmp && exec python -c \"$P\")", "[] /tmp"),
    ("set -eu; [ -n \"$P\" ] || exit 4; env X=y python -c \"$P\"", "[] / y"),
    ("X=y python -c \"$P\"", "[] / y"),
    ("false || python -c \"$P\" $(echo a b)", "['a', 'b'] /"),
    ("case $1 in x*) exec python -c \"$P\" x;; esac", "['x'] /"),
]  # fmt: skip
PROGRAM = (
    "import os, sys; sys.stdout.write(' '.join([str(sys.argv[1:]), os.getcwd(),"
    " *filter(None, [os.environ.get('X')])]))"
)


@pytest.mark.skipif(DASH is None, reason="this machine has no dash to compare with")
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_does_what_it_does_in_dash(boxer: Boxer, example: Example, script: str) -> None:
    assert DASH is not None
    wanted = subprocess.run(
        [DASH, "-c", script, "sh"],
        env=ENVIRONMENT,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    done = boxer("run", "-w", "/", example("hello"), "sh", "-c", script, "sh")
    assert (done.returncode, done.stdout) == (wanted.returncode, wanted.stdout), done.stderr
    assert bool(done.stderr) == bool(wanted.stderr), (done.stderr, wanted.stderr)


@pytest.mark.parametrize(("script", "stdout", "message"), REFUSED)
def test_what_needs_a_second_process_ends_the_script(
    boxer: Boxer, example: Example, script: str, stdout: str, message: str
) -> None:
    done = boxer("run", example("hello"), "sh", "-c", script)
    assert (done.returncode, done.stdout) == (126, stdout)
    assert message in done.stderr


@pytest.mark.parametrize(("script", "stdout"), TAKES_OVER)
def test_the_last_command_takes_the_shells_place(
    boxer: Boxer, example: Example, script: str, stdout: str
) -> None:
    given = ("-e", f"P={PROGRAM}", "-w", "/")
    done = boxer("run", *given, example("hello"), "sh", "-c", script, "sh", "x y", "")
    assert (done.returncode, done.stdout) == (0, stdout), done.stderr


def test_an_entrypoint_script_hands_over_to_the_command(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "entrypoint.sh").write_text(
        "#!/bin/bash\nset -euo pipefail\n: ${PORT:=8000}\nexport PORT\n"
        'if [ "${1#-}" != "$1" ]; then set -- python "$@"; fi\nmkdir -p /tmp/run\nexec "$@"\n'
    )
    (tmp_path / "app.py").write_text(
        "#!/usr/bin/env python3\nimport os, sys\nprint(sys.argv, os.environ['PORT'])\n"
    )
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nCOPY --chmod=755 entrypoint.sh app.py /\n"
        'ENTRYPOINT ["/entrypoint.sh"]\nCMD ["python", "/app.py", "a"]\n'
    )
    box = tmp_path / "x.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    assert boxer("run", box).stdout == "['/app.py', 'a'] 8000\n"
    assert boxer("run", "-e", "PORT=9", box, "/app.py", "b").stdout == "['/app.py', 'b'] 9\n"
    assert boxer("run", box, "-c", "print(1)").stdout == "1\n"


def test_a_script_comes_from_standard_input(boxer: Boxer, example: Example) -> None:
    done = boxer("run", "-i", example("hello"), "sh", stdin="echo in; exit 3\n")
    if done.returncode == 2:  # standard input is always there
        done = boxer("run", example("hello"), "sh", stdin="echo in; exit 3\n")
    assert (done.returncode, done.stdout) == (3, "in\n")
