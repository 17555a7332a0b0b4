"""Every kind of field, both ways, in each language, from one set of values."""

from __future__ import annotations

import base64
import datetime
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer.functions import build_function, project_of

HERE = Path(__file__).resolve().parent / "kinds"
ENTRIES = {"python": "kinds:handler", "ts": "kinds.ts:handler", "c": "kinds.c"}


def _value(told: Any) -> Any:
    """Of the file: bytes, and what is long, have forms of their own there."""
    if isinstance(told, list):
        return [_value(one) for one in told]
    if not isinstance(told, dict):
        return told
    if "$bytes" in told:
        return base64.b64decode(told["$bytes"])
    if "$repeat" in told:
        text, count = told["$repeat"]
        return base64.b64decode(text) * count if text == "AAEC" else text * count
    return {name: _value(one) for name, one in told.items()}


VECTORS: dict[str, dict[str, list[Any]]] = {
    name: {key: [_value(one) for one in told[key]] for key in told}
    for name, told in json.loads((HERE / "vectors.json").read_text("utf-8")).items()
}


@pytest.fixture(scope="module", params=list(ENTRIES))
def function(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    if request.param == "ts":
        pytest.importorskip("tree_sitter_typescript")
    folder = tmp_path_factory.mktemp("kinds")
    for file in HERE.iterdir():
        if file.suffix in (".py", ".ts", ".c"):
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "boxer.toml").write_text(f'name = "kinds"\nentry = "{ENTRIES[request.param]}"\n')
    box = folder / "kinds.wasm"
    box.write_bytes(build_function(project_of(str(folder))).data)
    with boxer.function(box, size=1) as made:
        yield made


def _same(name: str, one: Any, other: Any) -> bool:
    if name == "moment":
        return datetime.datetime.fromisoformat(one) == datetime.datetime.fromisoformat(other)
    if name == "unique":
        return sorted(one) == sorted(other)
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=0)
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("name", VECTORS)
def test_what_goes_in_comes_back(function: Callable[..., Any], name: str) -> None:
    for value in VECTORS[name]["right"]:
        told = function(given={name: value})
        assert list(told) == [name]
        assert _same(name, value, told[name]), (value, told)


@pytest.mark.parametrize("name", VECTORS)
def test_what_does_not_fit_is_refused_with_its_path(function: Any, name: str) -> None:
    if function.description.language == "c":
        pytest.skip("in C the function looks at its values itself")
    for value in VECTORS[name]["wrong"]:
        with pytest.raises(boxer.FunctionInputError) as raised:
            function(given={name: value})
        assert all(path.startswith(f"/given/{name}") for path, _ in raised.value.errors), value


def test_c_says_what_is_of_another_kind(function: Any) -> None:
    if function.description.language != "c":
        pytest.skip("the others have types")
    with pytest.raises(boxer.FunctionInputError, match="/given/data"):
        function(given={"data": 1})
