"""Programs in C with many processes: in a box they print what they print natively."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.base,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed"),
]

Boxer = Callable[..., subprocess.CompletedProcess[str]]
SOURCES = Path(__file__).with_name("processes")
DOCKERFILE = """FROM gcc
COPY a.out /bin/program
CMD ["/bin/program"]
"""


def natively(source: Path, folder: Path) -> str:
    program = folder / "native"
    flags = ["-O1", "-w", "-I", SOURCES, source, "-o", program, "-lpthread", "-lutil"]
    subprocess.run(["gcc", *map(str, flags)], check=True)
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True, cwd=folder) as done:
        out, _ = done.communicate(timeout=100)
    return out


def without_echo(said: str) -> str:
    """A terminal echoes keys before or behind what a program writes just then, on Linux too."""
    return said.replace("^Z", "").replace("^C", "")


@pytest.mark.parametrize("name", sorted(path.stem for path in SOURCES.glob("*.c")))
def test_a_box_says_what_linux_says(boxer: Boxer, tmp_path: Path, name: str) -> None:
    source = SOURCES / f"{name}.c"
    expected = natively(source, tmp_path)
    made = boxer("cc", "-w", "-I", SOURCES, source, "-o", tmp_path / "a.out")
    assert made.returncode == 0, made.stderr
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    built = boxer("build", "-q", "-o", tmp_path / "box.wasm", tmp_path)
    assert built.returncode == 0, built.stderr
    done = boxer("run", tmp_path / "box.wasm")
    assert (without_echo(done.stdout), done.returncode) == (without_echo(expected), 0), done.stderr
