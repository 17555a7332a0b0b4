"""Options of python(1) and variables that are given at run, to a frozen interpreter."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

RUNS = tomllib.loads(Path(__file__).with_name("run_options.toml").read_text("utf-8"))["run"]


@pytest.mark.parametrize("run", RUNS)
def test_what_is_given_at_run_is_heeded(
    boxer: Boxer, example: Example, run: dict[str, Any]
) -> None:
    given = [word for variable in run["variables"] for word in ("-e", variable)]
    command = ["python", *run["options"], "-c", run["program"]]
    done = boxer("run", *given, example("hello"), *command)
    assert done.stdout == run["prints"] + "\n", done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("allocator", ["pymalloc", "debug", "malloc", "malloc_debug"])
def test_an_allocator_is_the_one_that_is_asked_for(
    boxer: Boxer, example: Example, allocator: str
) -> None:
    program = "import sys; print(len([bytes(n) for n in range(999)]), sys.getallocatedblocks() > 0)"
    words = ["-e", f"PYTHONMALLOC={allocator}", example("hello"), "python", "-c", program]
    done = boxer("run", *words)
    counted = not allocator.startswith("malloc")  # pymalloc counts its blocks, malloc does not
    assert (done.stdout, done.stderr) == (f"999 {counted}\n", "")


@pytest.mark.parametrize("variable", ["PYTHONUTF8=x", "PYTHONMALLOC=x", "PYTHONHASHSEED=x"])
def test_what_cannot_be_understood_is_an_error(
    boxer: Boxer, example: Example, variable: str
) -> None:
    done = boxer("run", "-e", variable, example("hello"))
    assert done.returncode == 1
    assert "Fatal Python error" in done.stderr
    assert variable.partition("=")[0] in done.stderr


UNBUFFERED = [(["-e", "PYTHONUNBUFFERED=1"], ["python"]), ([], ["python", "-u"])]


@pytest.mark.parametrize(("options", "command"), UNBUFFERED)
def test_unbuffered_output_is_there_when_a_limit_ends_the_run(
    boxer: Boxer, example: Example, options: list[str], command: list[str]
) -> None:
    program = "import sys; print('text'); sys.stdout.buffer.write(b'bytes')\nwhile True: pass"
    words = [*options, "--limit", "cpu=1", example("hello"), *command, "-c", program]
    done = boxer("run", *words)
    assert done.returncode == 137
    assert done.stdout == "text\nbytes"


def test_who_had_the_stream_before_the_freeze_writes_unbuffered(
    boxer: Boxer, tmp_path: Path
) -> None:
    (tmp_path / "kept.py").write_text(
        "import logging, sys\nkept = sys.stdout\nbuffer = sys.stdout.buffer\n"
        "logging.basicConfig(stream=sys.stdout, format='%(message)s')\n"
    )
    (tmp_path / "main.py").write_text(
        "import kept, logging, os\nprint('a', file=kept.kept)\nlogging.warning('b')\n"
        "kept.buffer.write(b'c')\nkept.buffer.flush()\nos._exit(0)\n"
    )
    (tmp_path / "Dockerfile").write_text(
        'FROM python:3.13-slim\nWORKDIR /app\nCOPY *.py .\nCMD ["python", "-u", "main.py"]\n'
    )
    built = boxer("build", "-q", "-o", tmp_path / "box.wasm", tmp_path)
    assert built.returncode == 0, built.stderr
    assert boxer("run", tmp_path / "box.wasm").stdout == "a\nb\nc"
    done = boxer("run", "-e", "PYTHONUNBUFFERED=1", tmp_path / "box.wasm", "python", "main.py")
    assert done.stdout == "a\nb\nc"
