"""The `cc` of a configure: what it compiles, and what it leaves out when it links."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from recipes import driver


def calls(folder: Path, *arguments: str) -> list[str]:
    """The compiler's and the linker's command lines."""
    names = {"compile": "echo COMPILE", "link": "echo LINK", "libraries": "libc.a"}
    (folder / "cc").write_text(driver.SCRIPT.format(**driver.cases(), **names))
    done = subprocess.run(
        ["sh", "cc", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return re.sub(r"\S+/(\d\.o)", r"\1", done.stdout).splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "-c a.c -o b.o -fPIC -march=x -Wl,-x -pthread",
        "-E a.c",
        "--version",
        "-print-multiarch",
        "-v",
        "-dumpversion",
    ],
)
def test_a_question_and_a_compilation_are_the_compilers_as_they_stand(
    tmp_path: Path, line: str
) -> None:
    assert calls(tmp_path, *line.split()) == [f"COMPILE {line}"]


def test_a_program_is_compiled_and_linked_without_options_of_other_linkers(tmp_path: Path) -> None:
    line = "-O2 a.c -shared -s -static -Wl,-x -z now -T b.ld -pthread -rdynamic -lm -lz -Lx -o b"
    assert calls(tmp_path, *line.split(), "-DX='a b'") == [
        "COMPILE -c a.c -o 1.o -O2 -DX='a b'",
        "LINK 1.o -lz -Lx libc.a -o b",
    ]


def test_a_program_of_objects_is_linked(tmp_path: Path) -> None:
    assert calls(tmp_path, "a.o", "libb.a", "-lm") == ["LINK a.o libb.a libc.a -o a.out"]
