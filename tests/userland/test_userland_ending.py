"""How a process ends in which a shell still holds a volume."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PROGRAM = """
from boxer.errors import BoxerError
from tests.stages import Stage

kept = []
try:
    Stage().run("pip install --nonsense x")
except BoxerError as error:
    kept.append(error)  # its traceback holds the shell
raise SystemExit(1 if kept else 3)
"""


def test_a_process_that_ends_with_an_error_of_a_run_ends_with_its_status() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=_ROOT, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 1, done.stderr.decode()
    assert done.stderr == b""
