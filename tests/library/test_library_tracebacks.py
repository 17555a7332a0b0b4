"""What a program raises is shown with the program's own frames, and none of ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import boxer

pytestmark = pytest.mark.base

FILES = {
    "app.py": """
import threading

class Thing:
    pass

VALUE = 3

def good(n: int) -> int:
    return n + 1

def inner():
    import failing

def fail(n: int) -> int:
    try:
        inner()
    except ValueError as error:
        raise ExceptionGroup("two", [error, KeyError(n)]) from error

async def starting(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})

async def slowly(n: int) -> int:
    import asyncio
    await asyncio.wait_for(asyncio.sleep(60), 0.001)

def stand():
    threading.Thread(target=threading.Event().wait, name="stander").start()
""",
    "broken.py": "def x(:\n    pass\n",
    "failing.py": "def helper():\n    raise ValueError('no luck')\nhelper()\n",
    "missing.py": "import notthere\n",
    "Dockerfile": "FROM python\nWORKDIR /app\nCOPY *.py ./\n",
}
# What is asked for -> lines of the program that are shown, how it ends.
BAD = {
    "app:nothing": ([], "AttributeError: `app` has no `nothing`"),
    "absent:x": ([], "ModuleNotFoundError: No module named 'absent'"),
    "broken:x": (["/app/broken.py"], "SyntaxError: invalid syntax"),
    "failing:x": (["/app/failing.py", "/app/failing.py"], "ValueError: no luck"),
    "missing:x": (["/app/missing.py"], "ModuleNotFoundError: No module named 'notthere'"),
}
BOXER = [sys.executable, "-m", "boxer.cli"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (made / name).write_text(text)
    return made


@pytest.fixture(scope="module")
def file(folder: Path) -> Path:
    subprocess.run([*BOXER, "build", "-q", "-o", "box.wasm", "."], check=True, cwd=folder)
    return folder / "box.wasm"


def shown(text: str) -> list[str]:
    """The files of the frames."""
    return re.findall(r'File "([^"]+)", line \d+', text)


def said(folder: Path, *arguments: str) -> str:
    """What a command that fails says in the end."""
    done = subprocess.run(
        [*BOXER, *arguments], capture_output=True, text=True, timeout=300, check=False, cwd=folder
    )
    assert done.returncode == 1
    return "error[" + done.stderr.partition("error[")[2]


@pytest.mark.parametrize("target", BAD)
def test_of_a_call(file: Path, target: str) -> None:
    frames, end = BAD[target]
    with boxer.load(file).pool(size=1) as pool, pytest.raises(boxer.GuestError) as caught:
        pool.call(target)
    assert shown(caught.value.traceback) == frames
    assert end in caught.value.traceback


def test_what_we_call_of_the_standard_library_is_ours_too(file: Path, folder: Path) -> None:
    told = said(folder, "serve", str(file), "--app", "app:starting", "-p", "0")
    assert "StartupError: the application did not start: no database" in told
    assert shown(told) == []


def test_what_the_program_calls_of_it_is_the_programs(folder: Path) -> None:
    build = [*BOXER, "fn", "build", "-q", "-o", "slowly.wasm", "app:slowly"]
    subprocess.run(build, check=True, cwd=folder, timeout=300)
    told = said(folder, "fn", "run", "slowly.wasm", "-i", '{"n": 1}')
    first, *others = shown(told.rpartition("Traceback")[2])  # behind the one it came from
    assert first == "/app/app.py"
    assert others
    assert all("/asyncio/" in name for name in others)
    assert "runners.py" not in told


def test_of_all_that_an_error_came_from(file: Path) -> None:
    with boxer.load(file).pool(size=1) as pool, pytest.raises(boxer.GuestError) as caught:
        pool.call("app:fail", 1)
    before = ["/app/app.py", "/app/app.py", "/app/failing.py", "/app/failing.py"]
    assert shown(caught.value.traceback) == [*before, "/app/app.py", *before]


@pytest.mark.parametrize(
    "target",
    [*BAD, "app:VALUE", "app:Thing"],
)
def test_of_a_function_that_is_built(folder: Path, target: str) -> None:
    ours: dict[str, tuple[list[str], str]] = {
        "app:VALUE": ([], "TypeError: `app:VALUE` cannot be called"),
        "app:Thing": ([], "the type `Thing` has no JSON form"),
    }
    frames, end = {**BAD, **ours}[target]
    told = said(folder, "fn", "build", "-q", target)
    assert told.startswith(f"error[function]: `{target}` cannot be loaded.\n")
    assert shown(told) == frames
    assert end in told
    assert "\n\nhint: " in told


@pytest.mark.parametrize("target", BAD)
def test_of_a_set_up(folder: Path, target: str) -> None:
    frames, end = BAD[target]
    told = said(folder, "build", "-q", "--init", target, "-o", "x.wasm", ".")
    assert told.startswith("error[freeze-failed]: ")
    assert shown(told) == frames
    assert end in told


def test_of_a_label_with_its_line(folder: Path) -> None:
    text = FILES["Dockerfile"] + "LABEL boxer.init=failing:x\n"
    (folder / "Labelled").write_text(text)
    told = said(folder, "build", "-q", "-f", "Labelled", "-o", "x.wasm", ".")
    assert shown(told) == BAD["failing:x"][0]
    assert "  --> Labelled:4\n" in told


def test_of_threads_that_stand(folder: Path) -> None:
    told = said(folder, "build", "-q", "--init", "app:stand", "-o", "x.wasm", ".")
    assert "`stander`, which was started at" in told
    assert shown(told) == ["/app/app.py"]


@pytest.mark.parametrize("target", BAD)
def test_of_an_application(file: Path, folder: Path, target: str) -> None:
    frames, end = BAD[target]
    told = said(folder, "serve", str(file), "--app", target, "-p", "0")
    assert told.startswith(f"error[cannot-serve]: `{target}` cannot be served: ")
    assert shown(told) == frames
    assert end in told


@pytest.mark.parametrize("target", [name for name in BAD if name != "app:nothing"])
def test_of_a_cell(file: Path, target: str) -> None:
    frames, end = BAD[target]
    module, _, name = target.partition(":")
    with boxer.load(file).start() as machine:
        error = machine.cell(f"import {module}\n{module}.{name}").error
    assert error is not None
    assert shown(error.traceback) == ["<cell 1>", *frames]
    assert end in error.traceback


def test_a_box_without_a_function_says_so(file: Path) -> None:
    done = boxer.load(file).run(["python", "-m", "boxer.functions"])
    assert done.exit_code == 1
    assert done.stderr.startswith(b"This box has no function: ")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("source", "frames"),
    [
        ("def build_wheel(*a, **k):\n    raise ValueError('no wheel')\n", 1),
        ("raise ValueError('no wheel')\n", 1),
    ],
)
def test_of_a_build_back_end(tmp_path: Path, source: str, frames: int) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "backend.py").write_text(source)
    (tmp_path / "package" / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        "[project]\nname = 'x'\nversion = '1'\n"
    )
    (tmp_path / "Dockerfile").write_text("FROM python\nCOPY . /src\nRUN pip install /src/package\n")
    told = said(tmp_path, "build", "-q", "-o", "x.wasm", ".")
    assert "ValueError: no wheel" in told
    assert [Path(name).name for name in shown(told)] == ["backend.py"] * frames
