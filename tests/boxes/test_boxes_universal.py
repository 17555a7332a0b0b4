"""The same file, the same output: our runtime, the wasmtime command line, Node's WASI."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxer.wasmformat import Module, exports, imports

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]
PATIENCE = 300
NODE = """
import { WASI } from "node:wasi";
import { readFileSync } from "node:fs";
const [file, ...rest] = process.argv.slice(1);
const wasi = new WASI({ version: "preview1", args: ["box", ...rest], env: {}, returnOnExit: true });
const module = await WebAssembly.compile(readFileSync(file));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
"""
PROGRAMS = [
    ("print('hi', 6 * 7)", 0),
    ("import sys; sys.exit(7)", 7),
    ("import os; print(os.listdir('/')); print(os.getpid() > 0)", 0),
    ("1 / 0", 1),
    ("import asyncio, time; asyncio.run(asyncio.sleep(0.01)); print(time.time() > 1e9)", 0),
]


def _wasmtime(box: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("wasmtime")), "run", str(box), *arguments]
    return _finished(command)


def _node(box: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not on this machine")
    command = [node, "--no-warnings", "--input-type=module", "-e", NODE, str(box), *arguments]
    return _finished(command)


def _finished(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, input="", check=False
    )


@pytest.mark.parametrize("runtime", [_wasmtime, _node])
@pytest.mark.parametrize(("program", "status"), PROGRAMS)
def test_runtimes_agree(
    boxer: Boxer,
    example: Example,
    runtime: Callable[..., subprocess.CompletedProcess[str]],
    program: str,
    status: int,
) -> None:
    box = example("hello")
    ours = boxer("run", box, "python", "-c", program)
    theirs = runtime(box, "python", "-c", program)
    assert ours.returncode == status, ours.stderr
    assert (theirs.returncode, theirs.stdout, theirs.stderr) == (
        ours.returncode,
        ours.stdout,
        ours.stderr,
    )


def test_box_imports_preview_1_only_and_exports_what_a_command_needs(example: Example) -> None:
    module = Module.parse(example("hello").read_bytes())
    assert {entry.module for entry in imports(module)} == {"wasi_snapshot_preview1"}
    turns = {"__indirect_function_table", "boxer_task_begin", "boxer_tasks"}  # abi/boot.toml
    assert {entry.name for entry in exports(module)} == {"memory", "_start", *turns}
