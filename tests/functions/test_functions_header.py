"""`function.h` beside guest/entry/program.h, which programs that include it do not see."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MEMBER = re.compile(r"([\w ]+\**)\s*\(\*(\w+)\)\((.*?)\);|([^;()]+);", re.DOTALL)
_TYPES = {"int", "unsigned", "char", "size_t"}


def members(text: str) -> list[tuple[str, ...]]:
    """Of `struct program`: names and types, without the names of parameters."""
    body = re.search(r"struct program \{\n(.*?)\n\};", re.sub(r"//.*", "", text), re.DOTALL)
    assert body is not None
    found = []
    for result, name, parameters, field in _MEMBER.findall(body[1]):
        types = [unnamed(one) for one in parameters.split(",")] if name else []
        found.append((" ".join((field or result).split()), name, *types))
    return found


def unnamed(parameter: str) -> str:
    words = re.findall(r"\w+|\*", parameter)
    if words[-1] not in {*_TYPES, "*"}:
        words.pop()
    return " ".join(words)


def test_a_function_in_c_is_a_program_as_the_kernel_has_it() -> None:
    function = files("boxer.functions").joinpath("c", "function.h").read_text()
    kernel = members((ROOT / "guest" / "entry" / "program.h").read_text())
    assert members(function) == kernel
    assert len(kernel) == 8
    assert kernel[4] == ("int", "thaw", "const char *", "int", "char * *", "unsigned", "int")
