"""`FROM quickjs` and `FROM node`: one program of modules of its own, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import boxer
from boxer.errors import UnsupportedModuleError
from boxer.pipeline import build

MAIN = """
import { double } from "./lib/double.js";
import table from "./table.json";
import * as std from "std";
// process.env and require("x") in a comment
console.log(double(21), table.a, "require(x)", typeof process, scriptArgs.slice(1));
std.err.puts(std.getenv("COLOUR") + "\\n");
export const add = (a, b) => a + b;
export const named = (a, { by = 1 } = {}) => a * by;
let calls = 0;
export const count = () => ++calls;
await Promise.resolve();
setTimeout(() => console.log("late"), 1);
"""
FILES = {
    "main.js": MAIN,
    "lib/double.js": "export const double = (n) => 2 * n;\n",
    "table.json": '{"a": "b"}\n',
}


def context(folder: Path, image: str, command: str, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    lines = [f"FROM {image}", "WORKDIR /app", "COPY . .", "ENV COLOUR=red", f"CMD {command}"]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    return folder


@pytest.mark.parametrize("image", ["quickjs", "node:22-alpine"])
def test_a_program_of_modules_runs(tmp_path: Path, image: str) -> None:
    program = "qjs" if image == "quickjs" else "node"
    folder = context(tmp_path, image, f'["{program}", "main.js", "x"]', FILES)
    box = tmp_path / "out.wasm"
    box.write_bytes(build(folder).data)
    words = [sys.executable, "-m", "boxer.cli", "run", str(box)]
    done = subprocess.run(words, capture_output=True, timeout=300)
    assert done.stdout == b"42 b require(x) undefined [ 'x' ]\nlate\n"
    assert (done.stderr, done.returncode) == (b"red\n", 0)
    for text, status in (("throw new Error('no')", 1), ("import('std').then(s => s.exit(7))", 7)):
        done = subprocess.run([*words, program, "-e", text], capture_output=True, timeout=300)
        assert done.returncode == status, done.stderr
    with boxer.load(box).pool(1) as pool:
        assert pool.call("main:add", 1, 2) == 3
        assert pool.call("main:add", "a", "b") == "ab"
        assert pool.call("main:named", 2, by=3) == 6
        assert [pool.call("main:count"), pool.call("main:count")] == [1, 1]
        assert pool.call("main:add", 2**60, 2**60) == 2**61
        with pytest.raises(boxer.GuestError, match="exports"):
            pool.call("main:nothing")


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        ('import fs from "node:fs";\n', 1, "node:fs"),
        ('import a from "left-pad";\n', 1, "left-pad"),
        ('export {\n  a,\n} from "left-pad";\n', 3, "left-pad"),
        ('const a = 1;\nconst b = require("b");\n', 2, "require"),
        ("let a;\nmodule.exports = a;\n", 2, "module"),
        ("\n\nconsole.log(process.env.A);\n", 3, "process"),
        ('let a = Buffer.from("b");\n', 1, "Buffer"),
    ],
)
def test_what_is_nodes_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, name: str
) -> None:
    folder = context(tmp_path, "node:22", '["node", "main.js"]', {"main.js": text})
    with pytest.raises(UnsupportedModuleError, match=f"`{name}`") as raised:
        build(folder)
    assert str(raised.value.where) == f"/app/main.js:{line}"


def test_names_of_the_programs_own_are_not_nodes(tmp_path: Path) -> None:
    text = "const process = { env: 1 };\nfunction f(Buffer) { return Buffer.a; }\n"
    text += "console.log(process.env, f({ a: 2 }), `${1} require('x')`, /require\\(/.test('a'));\n"
    folder = context(tmp_path, "node", '["node", "main.js"]', {"main.js": text})
    assert build(folder).data
