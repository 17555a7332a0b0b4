"""Callers' sources, checked by who reads them: mypy, tsc, wasm-tools."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from boxer.functions import python_stub, typescript_stub, wit_package
from boxer.schemas import signature_of

TYPESCRIPT = "typescript@5.9.3"
SECONDS = 300


class Colour(enum.Enum):
    RED = "red"
    DARK_BLUE = "dark blue"


@dataclasses.dataclass
class Circle:
    radius: float
    kind: Literal["circle"] = "circle"


@dataclasses.dataclass
class Square:
    sideLength: int  # noqa: N815 - as JSON has it
    kind: Literal["square"] = "square"


@dataclasses.dataclass
class Tree:
    """A tree."""

    name: str
    children: list[Tree] = dataclasses.field(default_factory=list)
    shape: Circle | Square | None = None
    colours: dict[str, Colour] = dataclasses.field(default_factory=dict)
    data: bytes | None = None


def plant(
    tree: Tree,
    count: int = 1,
    *numbers: int,
    at: datetime.datetime | None = None,
    pairs: list[tuple[int, str]] | None = None,
    anything: Any = None,
    record: dict[int, bool] | None = None,
    **more: bytes,
) -> Tree:
    """Plants it."""
    return tree


def nothing() -> None:
    pass


FUNCTIONS: list[Callable[..., Any]] = [plant, nothing, Tree]
CALL = """
from planted import plant

told = plant({"name": "oak", "children": [{"name": "twig"}]}, 2, extra=b"x")
name: str = told["children"][0]["name"]
plant({"name": 1})  # type: ignore[typeddict-item]
plant({})  # type: ignore[typeddict-item]
"""


def test_python_stubs_are_sound_to_mypy(tmp_path: Path) -> None:
    for number, function in enumerate(FUNCTIONS):
        source = python_stub("demo:1.0", signature_of(function).document)
        (tmp_path / f"stub{number}.py").write_text(source)
        exec(compile(source, "stub", "exec"), {"__name__": "stub"})
    (tmp_path / "planted.py").write_text((tmp_path / "stub0.py").read_text())
    (tmp_path / "calls.py").write_text(CALL)
    command = [
        sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary",
        "--disable-error-code=no-any-unimported", "--ignore-missing-imports", ".",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout


def test_a_type_that_is_read_and_written_apart_has_two_names() -> None:
    source = typescript_stub("demo:1.0", signature_of(plant).document)
    assert "children?: Array<TreeInput>;" in source
    assert "children: Array<Tree>;" in source
    assert "def call_Tree(" in python_stub("demo:1.0", signature_of(Tree).document)


@pytest.mark.network
def test_typescript_stubs_are_sound_to_tsc(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm here")
    tools = tmp_path_factory.mktemp("npm")
    words = [npm, "install", "--no-audit", "--no-fund", "--silent", TYPESCRIPT]
    if subprocess.run(words, cwd=tools, capture_output=True, timeout=SECONDS).returncode != 0:
        pytest.skip("typescript cannot be installed here")
    for number, function in enumerate(FUNCTIONS):
        source = typescript_stub("demo:1.0", signature_of(function).document)
        (tmp_path / f"stub{number}.ts").write_text(source)
    done = subprocess.run(
        [
            str(tools / "node_modules/.bin/tsc"), "--strict", "--noEmit", "--target", "es2022",
            "--lib", "es2022,dom", "--module", "esnext", "stub0.ts", "stub1.ts", "stub2.ts",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("function", FUNCTIONS)
def test_wit_is_read_by_wasm_tools(function: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "function.wit"
    path.write_text(wit_package("registry.example:5000/demo:1.0", signature_of(function).document))
    program = Path(sys.executable).with_name("wasm-tools")
    done = subprocess.run(
        [program, "component", "wit", str(path)], capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, f"{done.stderr}\n{path.read_text()}"


def test_wit_has_each_kind_of_type() -> None:
    source = wit_package("demo:1.0", signature_of(plant).document)
    for line in (
        "package boxer:demo;",
        "enum colour {\n    red,\n    dark-blue,\n  }",
        "side-length: s64,",
        "children: list<json>,",  # WIT has no recursive types
        "data: option<list<u8>>,",
        "pairs: option<list<tuple<s64, string>>>",
        "%record: option<list<tuple<s64, bool>>>",
        "rest: list<tuple<string, list<u8>>>",
        "square(square),",
    ):
        assert line in source, source
    told = wit_package("demo:1.0", signature_of(nothing).document)
    assert "nothing: func() -> result<_, string>;" in told
