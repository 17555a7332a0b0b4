"""Functions in C: compiled by `boxer cc`, frozen after `boxer_init`, called like those in Python.

Belongs here: from source to box. Does not: the C side (`c/function.h`), the box's description
(`building`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from boxer.boxfile import read_box
from boxer.errors import FunctionError
from boxer.functions.project import Project
from boxer.pipeline import program_box
from boxer.runtime import Frozen, Pool

HEADERS = Path(__file__).with_name("c")
SECONDS = 600  # that a compiler may take


def build_program(project: Project) -> tuple[bytes, dict[str, Any]]:
    """The box of a function in C, and its signature. Raises `FunctionError`."""
    source = project.folder / project.entry
    if not source.is_file():
        raise FunctionError(f"There is no file `{source}`.", hint="`entry` names a source in C.")
    with tempfile.TemporaryDirectory(prefix="boxer-function-") as folder:
        program = Path(folder) / "function"
        words = ["cc", "-O2", f"-I{HEADERS}", "-o", str(program), str(source)]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "boxer.cli", *words],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise FunctionError(f"`{source}` does not compile.\n{done.stderr.strip()}")
        data = program_box(program.read_bytes(), project.name)
    if data is None:
        raise FunctionError(f"`{source}` is no program.")
    with Pool(Frozen.of(read_box(data)), 1) as pool:
        told = pool.call("boxer.functions:open_function")
    return data, _completed(told, project)


def _completed(told: Any, project: Project) -> dict[str, Any]:
    """A signature as C states it, with what follows from it."""
    if not isinstance(told, dict):
        raise FunctionError(f"BOXER_SIGNATURE of `{project.entry}` is no JSON object.")
    names = list(told.get("input", {}).get("properties", {}))
    made = {"name": project.name, "positional": names, "async": False, **told}
    json.dumps(made)
    return made
