"""CMD in shell form."""

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


@pytest.mark.parametrize(("script", "stdout"), SCRIPTS)
def test_simple_command(boxer: Boxer, example: Example, script: str, stdout: str) -> None:
    given = [w for v in (f"P={PROGRAM}", "PORT=80", "TWO=a b") for w in ("-e", v)]
    done = boxer("run", *given, example("hello"), "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, stdout), done.stderr


def test_shell_form_of_a_dockerfile(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nENV PORT=80\nCMD exec python -c \"print('on', $PORT)\"\n"
    )
    box = tmp_path / "x.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    assert boxer("run", "-e", "PORT=9", box).stdout == "on 9\n"
