"""File system calls in a box beside native ones on tmpfs: `python -m bench.files [--json]`.

Method: one program in Python and the same in C, each in a box and natively on /dev/shm, in turns,
ROUNDS times; every sample counts. Natively they are Python of the base's version where one is in
the cache (`--python` names another) and gcc -O2. The C programs show the kernel, the Python
programs what is left of it in Python.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from boxer.benchmark import percentile
from boxer.images import default_base
from recipes.recipe import load_recipe
from recipes.workshop import cache_root

HERE = Path(__file__).resolve().parent
BOXER = [sys.executable, "-m", "boxer"]
ROUNDS = 3
TMPFS = "/dev/shm"
DOCKERFILES = {
    "python": "FROM python\nCOPY file_calls.py /\n",
    "c": 'FROM scratch\nCOPY file_calls /\nCMD ["/file_calls", "/"]\n',
}
Samples = dict[str, list[float]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.files", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--python", help="the native Python to compare with")
    options = parser.parse_args()
    python = options.python or native_python()
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory(dir=TMPFS) as tmpfs:
        figures = {
            language: _compare(_programs(language, Path(made), python), Path(tmpfs))
            for language in DOCKERFILES
        }
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        _tell(figures)
    return 0


def native_python() -> str:
    recipe = load_recipe(default_base().replace(":", "-"))
    folder = f"python-{recipe.source.version}-plain"
    kept = cache_root() / "native" / folder / "bin" / recipe.program
    return str(kept) if kept.exists() else sys.executable


def _programs(language: str, folder: Path, python: str) -> dict[str, list[str]]:
    """The commands of both sides, without the folder natively."""
    context = folder / language
    context.mkdir()
    (context / "Dockerfile").write_text(DOCKERFILES[language])
    if language == "python":
        shutil.copy(HERE / "file_calls.py", context)
        native = [python, str(HERE / "file_calls.py")]
        argv = ["python", "/file_calls.py", "/tmp"]
    else:
        source = str(HERE / "file_calls.c")
        subprocess.run([*BOXER, "cc", "-O2", "-o", str(context / "file_calls"), source], check=True)
        native = [str(folder / "file_calls")]
        subprocess.run(["gcc", "-O2", "-o", native[0], source], check=True)
        argv = []
    box = folder / f"{language}.wasm"
    subprocess.run([*BOXER, "build", "-q", "-o", str(box), str(context)], check=True)
    return {"box": [*BOXER, "run", str(box), *argv], "native": native}


def _compare(programs: dict[str, list[str]], tmpfs: Path) -> dict[str, Samples]:
    found: dict[str, Samples] = {side: {} for side in programs}
    for _ in range(ROUNDS):
        for side, command in programs.items():
            with tempfile.TemporaryDirectory(dir=tmpfs) as folder:
                line = command if side == "box" else [*command, folder]
                for name, times in _run(line).items():
                    found[side].setdefault(name, []).extend(times)
    return found


def _run(line: Sequence[str]) -> Samples:
    done = subprocess.run(line, stdout=subprocess.PIPE, check=True, timeout=600)
    samples: Samples = json.loads(done.stdout)
    return samples


def _tell(figures: dict[str, dict[str, Samples]]) -> None:
    print(f"{'':<28}{'box p50':>12}{'p99':>12}{'native p50':>12}{'p99':>12}{'p50 ratio':>11}")
    for language, sides in figures.items():
        for name, box in sides["box"].items():
            native = sides["native"][name]
            cells = [
                percentile(times, part) * 1e6 for times in (box, native) for part in (0.5, 0.99)
            ]
            row = "".join(f"{cell:>12,.2f}" for cell in cells)
            print(f"{language + ': ' + name:<28}{row}{cells[0] / cells[2]:>11.2f}")
    print("microseconds")


if __name__ == "__main__":
    sys.exit(main())
