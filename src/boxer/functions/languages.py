"""Functions in C and in JavaScript: from source to box, or to what a Dockerfile needs besides.

Belongs here: compiling C by `boxer cc`; what a box is told of a function in JavaScript, and its
files without types. Does not: the guests' side (`c/function.h`, guest/quickjs), the box's
description (`building`).
"""

from __future__ import annotations

import hashlib
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


def script_lines(project: Project) -> tuple[dict[str, Any], list[str]]:
    """Of a function in JavaScript or TypeScript: what its box is told, and the instructions that
    put its files without types in their places. Raises `FunctionError`."""
    from boxer.functions.scriptcheck import program_files
    from boxer.functions.scripts import read_function, split_entry
    from boxer.functions.scriptstrip import stripped
    from boxer.functions.scriptsyntax import Sources

    sources = Sources(project.folder)
    file, exported = split_entry(project.entry)
    lines = []
    try:
        function = read_function(sources, project.folder, project.entry, project.name)
        for source in program_files(sources, sources.read(project.folder / file)):
            if source.path.suffix in (".ts", ".mts"):
                place = source.path.relative_to(sources.folder).as_posix()
                lines += written_file(place, stripped(source))
    except RecursionError:
        raise FunctionError(f"`{project.entry}` is nested too deeply to be read.") from None
    told = {
        "entry": f"{file}:{exported}",
        "signature": function.document,
        "types": function.types,
        "parameters": function.parameters,
    }
    return told, lines


def written_file(place: str, text: str) -> list[str]:
    """The instruction that puts a file there."""
    mark = f"END-OF-BOXER-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return [f"COPY <<'{mark}' {json.dumps([place])[1:-1]}", text.removesuffix("\n"), mark]


def _completed(told: Any, project: Project) -> dict[str, Any]:
    """A signature as C states it, with what follows from it."""
    if not isinstance(told, dict):
        raise FunctionError(f"BOXER_SIGNATURE of `{project.entry}` is no JSON object.")
    names = list(told.get("input", {}).get("properties", {}))
    made = {"name": project.name, "positional": names, "async": False, **told}
    json.dumps(made)
    return made
