"""CMD in shell form: a simple command is understood, anything else refused by name."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

PROGRAM = "import sys, os; print(sys.argv[1:], os.environ.get('X'))"
SCRIPTS = [
    ('exec python -c "$P" --bind :$PORT', "['--bind', ':80'] None\n"),
    ('X=1 python -c "$P" \'a  b\' "" $NONE ${NONE:-d}e', "['a  b', '', 'de'] 1\n"),
    ('python -c "$P" $TWO "$TWO" a\\ b', "['a', 'b', 'a b', 'a b'] None\n"),
]
REFUSED = ["a | b", "a && b", "a; b", "echo *", "x=$(y)", "a\nb", "'open", "${", ""]


@pytest.mark.parametrize(("script", "stdout"), SCRIPTS)
def test_simple_command(boxer: Boxer, example: Example, script: str, stdout: str) -> None:
    given = [w for v in (f"P={PROGRAM}", "PORT=80", "TWO=a b") for w in ("-e", v)]
    done = boxer("run", *given, example("hello"), "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, stdout), done.stderr


@pytest.mark.parametrize("script", REFUSED)
def test_what_needs_a_shell_is_refused(boxer: Boxer, example: Example, script: str) -> None:
    done = boxer("run", example("hello"), "/bin/sh", "-c", script)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("box: cannot start `/usr/bin/sh`: a box has no shell yet") or (
        "cannot start `/bin/sh`" in done.stderr
    )
    assert "JSON form" in done.stderr


def test_shell_form_of_a_dockerfile(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nENV PORT=80\nCMD exec python -c \"print('on', $PORT)\"\n"
    )
    box = tmp_path / "x.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    assert boxer("run", "-e", "PORT=9", box).stdout == "on 9\n"
