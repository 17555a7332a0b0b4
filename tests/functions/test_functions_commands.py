"""`boxer fn`: the commands, and a function over HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer.functions.httpdoor import HttpDoor
from tests.functions.conftest import Built, Fn

JSDOC = """/** @param {number} number
 * @returns {number} */
export default function (number) { return number + 1; }
"""


def test_the_life_of_a_function(fn: Fn, tmp_path: Path) -> None:
    fn("new", "greet")
    assert "exists already" in fn("new", "greet", status=1).stderr
    built = json.loads(fn("build", "-q", "--format", "json", "greet").stdout)
    assert built["names"] == ["greet:latest"]
    assert json.loads(fn("run", "greet", stdin='{"name":"Bo"}').stdout)["text"] == "Hello Bo!"
    told = fn("run", "greet", "-a", "name=Bo", "-a", "punctuation=?")
    assert json.loads(told.stdout) == {"text": "Hello Bo?", "length": 9}
    assert "`/name`" in fn("run", "greet", "-i", '{"name":1}', status=1).stderr
    record = ("--record", "greet/examples/bad.json")
    fn("run", *record, "greet", "-i", '{"name":1}')
    rows = json.loads(fn("test", "greet", "--function", "greet", "--format", "json").stdout)
    assert [row["result"] for row in rows] == ["passed", "passed"]
    example = tmp_path / "greet" / "examples" / "ada.json"
    example.write_text(example.read_text().replace("Hello", "Bye"))
    assert "failed" in fn("test", "greet", "--function", "greet", status=1).stdout
    assert json.loads(fn("list", "--format", "json").stdout)[0]["name"] == "greet"
    inspected = json.loads(fn("inspect", "--format", "json", "greet").stdout)
    assert f"sha256:{inspected['sha256']}" == built["signature"]
    assert "takes" in fn("inspect", "greet").stdout
    assert "def handler" in fn("stub", "greet").stdout
    assert fn("diff", "greet", "greet").stdout == ""
    fn("export", "--raw", "greet", "raw.wasm")
    assert (tmp_path / "raw.wasm").read_bytes()[:4] == b"\0asm"
    fn("delete", "greet")
    assert json.loads(fn("list", "--format", "json").stdout) == []


@pytest.mark.parametrize(
    ("target", "file", "text"),
    [
        ("app:f", "app.py", "def f(number: int) -> int:\n    return number + 1\n"),
        ("app.py:f", "app.py", "def f(number: int) -> int:\n    return number + 1\n"),
        ("here/app:f", "here/app.py", "def f(number: int) -> int:\n    return number + 1\n"),
        ("here/f.ts", "here/f.ts", "export default (number: number): number => number + 1;\n"),
        ("f.mjs", "f.mjs", JSDOC),
        ("f.ts:g", "f.ts", "export function g(number: number): number { return number + 1; }\n"),
    ],
)
def test_source_is_run_as_it_lies(
    fn: Fn, tmp_path: Path, target: str, file: str, text: str
) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert fn("run", target, "-a", "number=4").stdout == "5\n"
    told = fn("run", target, "-a", "number=x", status=1).stderr
    assert f"`boxer fn inspect {target}`" in told


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("app.py", "app.py:FUNCTION"),
        ("none.ts", "no file"),
        ("none.js:f", "no file"),
        ("none.c", "no file"),
    ],
)
def test_source_that_names_no_function_is_refused(
    fn: Fn, tmp_path: Path, target: str, told: str
) -> None:
    (tmp_path / "app.py").write_text("def f(number: int) -> int:\n    return number + 1\n")
    assert told in fn("run", target, "-i", "4", status=1).stderr


def test_several_functions_are_a_chain(fn: Fn, built: Built) -> None:
    files = [str(built(name)) for name in ("add_one", "double")]
    assert fn("run", *files, "-i", "3").stdout == "8\n"
    told = fn("run", files[0], str(built("shout")), "-i", "3", status=1)
    assert "does not fit" in told.stderr


def test_a_project_that_says_nonsense_is_refused(fn: Fn, tmp_path: Path) -> None:
    for text in ("x", "entry = 3", 'entry = "a b"', 'entry = "a:b"\nother = 1', "name = 'x'",
                 'entry = "a:b"\nlimits = 3', 'entry = "a:b"\n[limits]\ntime = -1',
                 'entry = "a:b"\nlanguage = "cobol"'):  # fmt: skip
        (tmp_path / "boxer.toml").write_text(text)
        assert "error[function]" in fn("build", ".", status=1).stderr
    (tmp_path / "app.py").write_text("def f(x: complex): ...\n")
    assert "complex" in fn("build", "-q", "app:f", status=1).stderr


def _request(door: HttpDoor, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": []}
    asyncio.run(door(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_a_function_answers_http(built: Built) -> None:
    with boxer.function(built("resize"), size=1) as resize:
        door = HttpDoor(resize, "resize", 1)
        given = b'{"image":"YWJj","width":2}'
        assert _request(door, "POST", "/resize", given) == (200, {"width": 2, "data": "YWI="})
        assert _request(door, "POST", "/", given)[0] == 200
        status, told = _request(door, "POST", "/resize", b'{"image":"?"}')
        assert (status, told["errors"][0]["path"]) == (422, "/image")
        assert _request(door, "POST", "/resize", b"[" * 100_000)[0] == 422
        assert _request(door, "POST", "/resize", b"x" * (17 << 20))[0] == 413
        assert _request(door, "GET", "/resize")[0] == 405
        assert _request(door, "POST", "/other")[0] == 404
        assert _request(door, "GET", "/openapi.json")[1]["openapi"] == "3.1.0"
    with boxer.function(built("fail"), size=1) as fail:
        status, told = _request(HttpDoor(fail, "fail", 1), "POST", "/", b'{"text":"why"}')
        assert (status, told["error"], told["message"]) == (500, "ValueError", "why")
