"""The native launcher does what the Python program does, or leaves it to that."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from boxer.blobstore import cache_folder
from boxer.boxfile import BoxInfo, Code, ImageConfig, MemoryImage, read_box, write_box
from boxer.runtime import mapped, native, write_plan
from boxer.runtime.native import native_folder
from boxer.store import ImageStore, parse_reference
from boxer.wasmformat import Module

pytestmark = [
    pytest.mark.base,
    pytest.mark.skipif(not mapped.is_available(), reason="the native parts are not there"),
]
Example = Callable[[str], Path]
TOOK_OVER = 99


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """A launcher whose Python program only says that it was called."""
    shutil.copy2(native_folder() / "boxer", tmp_path / "boxer")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "python $@"\nexit {TOOK_OVER}\n')
    python.chmod(0o755)
    return tmp_path / "boxer"


@pytest.fixture
def hello(example: Example) -> Path:
    box = example("hello")
    write_plan(box, read_box(box.read_bytes()))
    return box


def run(
    program: list[str], arguments: list[str], stdin: bytes = b"", cwd: Path | None = None
) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [*program, *arguments], input=stdin, capture_output=True, timeout=300, check=False, cwd=cwd
    )
    return done.returncode, done.stdout, done.stderr


SCRIPT = "import os, sys; print(sys.argv, os.environ.get('A'), os.getcwd(), sys.stdin.read())"
RUNS = {
    "the default command": ([], [], b""),
    "arguments": ([], ["python", "-c", SCRIPT, "ü", "", "a b"], b"typed"),
    "environment": (["-e", "A=1", "-eB=2", "--env=C=3"], ["python", "-c", SCRIPT], b""),
    "passed on environment": (["--env", "HOME"], ["python", "-c", SCRIPT], b""),
    "working directory": (["-w", "/tmp"], ["python", "-c", SCRIPT], b""),
    "habits": (["--rm", "-it", "-e", "A=1", "-i", "-t", "--init"], ["python", "-c", SCRIPT], b""),
    "entrypoint": (["--entrypoint", "python"], ["-c", SCRIPT], b""),
    "status": ([], ["python", "-c", "import sys; sys.exit(77)"], b""),
    "large status": ([], ["python", "-c", "import os; os._exit(200)"], b""),
    "exception": ([], ["python", "-c", "1 / 0"], b""),
    "abort": ([], ["python", "-c", "import os; os.abort()"], b""),
    "alarm": ([], ["python", "-c", "import signal; signal.alarm(1)\nwhile True: pass"], b""),
    "missing program": ([], ["nothing"], b""),
    "much output": ([], ["python", "-c", "print('x' * 3_000_000)"], b""),
}  # fmt: skip


TREE = "import os; print([(a, sorted(b), sorted(c)) for a, b, c in os.walk('/m')])"


def test_folders_are_mounted_without_the_python_program(
    launcher: Path, hello: Path, tmp_path: Path
) -> None:
    for name in ("outer/inner", "other"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text(name)
    mounts = ["-v", "./other:/m/inner:ro", f"--volume={tmp_path}/outer/:/m:rw"]
    line = ["run", *mounts, str(hello), "python", "-c"]
    code = (
        f"{TREE}; print(open('/m/inner/file').read()); open('/m/new', 'w').close()\n"
        "open('/m/inner/new', 'w')"
    )
    programs = [[str(launcher)], [sys.executable, "-m", "boxer"]]
    said = [run(program, [*line, code], cwd=tmp_path) for program in programs]
    (tmp_path / "outer" / "new").unlink()
    assert said[0][0] == 1
    assert said[0][1].endswith(b"other\n")
    assert b"Read-only file system" in said[0][2]
    assert said[0][2] == said[1][2]


@pytest.mark.parametrize("kind", RUNS)
def test_a_run_is_the_same_from_both(launcher: Path, hello: Path, kind: str) -> None:
    options, words, stdin = RUNS[kind]
    line = ["run", *options, str(hello), *words]
    assert run([str(launcher)], line, stdin) == run([sys.executable, "-m", "boxer"], line, stdin)


CRASHES = {"abort": "unreachable", "address": "(drop (i32.load (i32.const -1)))"}


@pytest.mark.parametrize("kind", CRASHES)
def test_a_crash_is_told_by_the_python_program(launcher: Path, tmp_path: Path, kind: str) -> None:
    launcher.with_name("python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    made = Module.parse(
        bytes(
            wat2wasm(
                f'(module (memory (export "memory") 1) (func (export "_start") {CRASHES[kind]}))'
            )
        )
    )
    info = BoxInfo(ImageConfig(), "tiny", "1", "", Code.of(made), 1, "0")
    box = tmp_path / "crash.wasm"
    box.write_bytes(write_box(made, MemoryImage(65536, ()), info))
    line = ["run", str(box)]
    theirs = run([sys.executable, "-m", "boxer"], line)  # and makes the plan
    assert theirs[0] > 128
    assert b"boxer: The program" in theirs[2]
    assert run([str(launcher)], line) == theirs


OTHERS = {
    "another command": ["images"],
    "no command": [],
    "a volume": ["run", "-v", "data:/data", "BOX"],
    "a file to mount": ["run", "-v", f"{__file__}:/data", "BOX"],
    "a folder to make": ["run", "-v", "/tmp/is/not/there:/data", "BOX"],
    "a relative target": ["run", "-v", "/tmp:data", "BOX"],
    "an option of a mount": ["run", "-v", "/tmp:/data:z", "BOX"],
    "two mounts at one place": ["run", "-v", "/tmp:/data", "--volume", "/:/data", "BOX"],
    "a mount at nothing": ["run", "-v", "/tmp:", "BOX"],
    "a user": ["run", "-u", "5", "BOX"],
    "an unknown option": ["run", "--what", "BOX"],
    "a trace": ["run", "--strace", "BOX"],
    "no box": ["run"],
    "a missing box": ["run", "missing.wasm"],
    "a missing name": ["run", "no-such-box"],
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_it_does_not_know_it_hands_over(launcher: Path, hello: Path, kind: str) -> None:
    line = [str(hello) if word == "BOX" else word for word in OTHERS[kind]]
    assert run([str(launcher)], line) == (
        TOOK_OVER,
        " ".join(["python -P -m boxer", *line]).encode() + b"\n",
        b"",
    )


def test_without_an_interpreter_beside_it_the_one_that_has_boxer_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs, elsewhere = tmp_path / "bin", tmp_path / "elsewhere"
    packages = tmp_path / "lib" / "python3.99" / "site-packages" / "boxer"
    for folder in (programs, elsewhere, packages):
        folder.mkdir(parents=True)
    shutil.copy2(native_folder() / "boxer", programs / "boxer")
    for name in ("python3", "python3.99"):
        (elsewhere / name).write_text(f'#!/bin/sh\necho "{name} $@"\n')
        (elsewhere / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{elsewhere}:/bin")
    line = [str(programs / "boxer")], ["bases"]
    assert run(*line) == (0, b"python3.99 -P -m boxer bases\n", b"")
    packages.rmdir()
    assert run(*line) == (0, b"python3 -P -m boxer bases\n", b"")


def test_a_box_that_has_changed_has_no_plan(launcher: Path, hello: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.wasm"
    copy.write_bytes(hello.read_bytes())
    assert run([str(launcher)], ["run", str(copy)])[0] == TOOK_OVER
    write_plan(copy, read_box(copy.read_bytes()))
    assert run([str(launcher)], ["run", str(copy)])[0] == 0
    copy.write_bytes(hello.read_bytes())
    assert run([str(launcher)], ["run", str(copy)])[0] == TOOK_OVER


def test_plans_in_a_folder_others_can_write_to_are_not_used(
    launcher: Path, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache" / "boxer" / "run"  # other tests need theirs
    folder.mkdir(mode=0o700, parents=True)
    for plan in plans_of(hello):
        shutil.copy2(plan, folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert run([str(launcher)], ["run", str(hello)])[0] == 0
    folder.chmod(0o770)
    assert run([str(launcher)], ["run", str(hello)])[0] == TOOK_OVER


def plans_of(box: Path) -> list[Path]:
    """Other tests sweep theirs meanwhile."""
    found = []
    for plan in (cache_folder() / "run").glob("*.plan"):
        with contextlib.suppress(FileNotFoundError):
            if str(box) in plan.read_text():
                found.append(plan)
    return found


def test_a_damaged_plan_is_handed_over_and_written_anew(
    launcher: Path, hello: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.wasm"
    copy.write_bytes(hello.read_bytes())
    box = read_box(copy.read_bytes())
    write_plan(copy, box)
    [plan] = plans_of(copy)
    library = native.engine_library()
    gone = plan.read_text().replace(library, f"{tmp_path}/another/installation.so")
    for text in ("", "abi=1\n", "abi=99\n" + plan.read_text(), "\0" * 5000, "box=\udcff\n", gone):
        plan.write_bytes(text.encode("utf-8", "surrogateescape"))
        assert run([str(launcher)], ["run", str(copy)])[0] == TOOK_OVER
        write_plan(copy, box)
        assert run([str(launcher)], ["run", str(copy)])[0] == 0


def test_plans_of_boxes_that_are_gone_are_swept(hello: Path, tmp_path: Path) -> None:
    folder = cache_folder() / "run"
    copies = [tmp_path / f"{name}.wasm" for name in "ab"]
    for copy in copies:
        copy.write_bytes(hello.read_bytes())
    write_plan(copies[0], read_box(copies[0].read_bytes()))
    first = {path.name for path in folder.iterdir()}
    left = [folder / "gone.pages", folder / "gone.pages.12"]
    for path in left:
        path.touch()
    copies[0].unlink()
    write_plan(copies[1], read_box(copies[1].read_bytes()))
    assert not plans_of(copies[0])
    assert not any(path.exists() for path in left)
    assert first - {path.name for path in folder.iterdir()}


def _ranges(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8, sys.byteorder) for number in numbers)


LEFT = {
    "nothing": b"",
    "half a number": b"\1\2\3",
    "an odd number": _ranges(4096),
    "beyond the end": _ranges(0, 1 << 40),
    "far beyond": _ranges((1 << 64) - 4096, 8192),
    "no page": _ranges(4097, 4096),
    "too many": _ranges(0, 4096 * 1025),
    "in disorder": _ranges(8192, 4096, 4096, 4096),
    "many": _ranges(*[4096] * 5000),
    "other pages": _ranges(0, 8192, 65536, 4096),
}


@pytest.mark.parametrize("kind", LEFT)
def test_what_an_earlier_run_wrote_to_changes_nothing(
    launcher: Path, hello: Path, tmp_path: Path, kind: str
) -> None:
    copy = tmp_path / "copy.wasm"
    copy.write_bytes(hello.read_bytes())
    write_plan(copy, read_box(copy.read_bytes()))
    line = ["run", str(copy), "python", "-c", "print([1])"]
    assert run([str(launcher)], line) == (0, b"[1]\n", b"")
    [plan] = plans_of(copy)
    pages = plan.with_suffix(".pages")
    assert pages.stat().st_size % 16 == 0
    assert 0 < pages.stat().st_size <= 1024 * 16
    pages.write_bytes(LEFT[kind])
    assert run([str(launcher)], line) == (0, b"[1]\n", b"")
    assert pages.read_bytes() == LEFT[kind]


# Reads in a worker, as servers on standard input do, and goes on meanwhile.
CONVERSATION = """
import asyncio, sys
async def answer(line):
    await asyncio.sleep(0.001)
    await asyncio.to_thread(print, line.strip().upper(), flush=True)
async def main():
    while line := await asyncio.to_thread(sys.stdin.readline):
        asyncio.create_task(answer(line))
    print("over")
asyncio.run(main())
"""
# Asks before it reads: of a select that may not wait, too.
ASKS_FIRST = """
import os, select
print("ready", flush=True)
while not select.select([0], [1], [], 0)[0]: pass
print(select.select([0], [], [], 60)[0], os.read(0, 99).decode().strip().upper())
"""


@contextlib.contextmanager
def _started(name: str, box: Path, text: str, native: bool) -> Iterator[subprocess.Popen[str]]:
    program = [str(Path(sys.executable).with_name("boxer"))]
    if name == "python":
        program = [sys.executable, "-m", "boxer"]
    environment = {**os.environ, **({} if native else {"BOXER_NATIVE": "0"})}
    line = [*program, "run", str(box), "python", "-c", text]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
    ) as process:
        patience = threading.Timer(120, process.kill)
        patience.start()
        try:
            yield process
            process.wait()
        finally:
            patience.cancel()
            process.kill()


def test_threads_that_would_have_to_take_turns_are_an_error_elsewhere(hello: Path) -> None:
    program = [sys.executable, "-m", "boxer", "run", str(hello), "python", "-c", CONVERSATION]
    environment = {**os.environ, "BOXER_NATIVE": "0"}
    done = subprocess.run(
        program, input="one\n", capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 124
    assert "this runtime cannot switch between threads" in done.stderr


@pytest.mark.parametrize("name", ["launcher", "python"])
def test_a_conversation_over_standard_input(hello: Path, name: str) -> None:
    with _started(name, hello, CONVERSATION, True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for word in ("one", "two", "three"):
            process.stdin.write(f"{word}\n")
            assert process.stdout.readline() == f"{word.upper()}\n"
        process.stdin.close()
        assert process.stdout.readline() == "over\n"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("name", "native"), [("launcher", True), ("python", True), ("python", False)]
)
def test_standard_input_can_be_polled(hello: Path, name: str, native: bool) -> None:
    with _started(name, hello, ASKS_FIRST, native) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("one\n")
        assert process.stdout.readline() == "[0] ONE\n"
    assert process.returncode == 0


def test_named_boxes_are_run_while_nothing_else_is_to_be_asked(
    launcher: Path, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy is the Python program's to ask, and an index that another program has written."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("BOXER_POLICY", raising=False)
    store = ImageStore()
    for name in ("hello", "localhost:5000/team/hello:1"):
        store.put(parse_reference(name), hello.read_bytes())
    write_plan(store.path(parse_reference("hello")), read_box(hello.read_bytes()))
    program = [str(launcher)]
    for name in ("hello", "hello:latest", "localhost:5000/team/hello:1"):
        assert run(program, ["run", name])[0] == 0
    for name in ("localhost:5000/team", "localhost:5000/team/hello", "hello@sha256:" + "0" * 64):
        assert run(program, ["run", name])[0] == TOOK_OVER
    monkeypatch.setenv("BOXER_POLICY", str(tmp_path / "none"))
    assert run(program, ["run", "hello"])[0] == TOOK_OVER
    monkeypatch.delenv("BOXER_POLICY")
    policy = tmp_path / "config" / "boxer" / "policy.json"
    policy.parent.mkdir(parents=True)
    policy.write_text('{"default": [{"type": "reject"}]}')
    assert run(program, ["run", "hello"])[0] == TOOK_OVER
    policy.unlink()
    assert run(program, ["run", "hello"])[0] == 0
    (store.root / "index.json").write_bytes((store.root / "index.json").read_bytes())
    assert run(program, ["run", "hello"])[0] == TOOK_OVER
    store.path(parse_reference("hello"))
    assert run(program, ["run", "hello"])[0] == 0
