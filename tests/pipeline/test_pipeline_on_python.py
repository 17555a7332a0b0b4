"""Boxes on the real Python base: the laws that the tiny base cannot show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from boxer.boxfile import Box, ImageConfig, read_box
from boxer.errors import RunFailedError
from boxer.images import BaseFolder, bases_folder
from boxer.pipeline import build
from boxer.pipeline.assemble import Finished, linker
from boxer.preinit.snapshot import ALWAYS_MAPPED, MOST_SEGMENTS
from boxer.runtime import Limits, run
from boxer.wasmformat import Module, data_segments

pytestmark = pytest.mark.base

HELLO = Path(__file__).parents[2] / "examples" / "hello"
# The bound of the project for hello, uncompressed.
LARGEST_HELLO = 16_000_000


@pytest.fixture(scope="module")
def hello() -> Box:
    return read_box(build(HELLO).data)


def made(folder: Path, dockerfile: str, **files: str) -> Box:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "Dockerfile").write_text(f"FROM python:3.13\n{dockerfile}")
    return read_box(build(folder).data)


def python(box: Box, code: str, limits: Limits | None = None) -> tuple[int, bytes]:
    result = run(box, ["python", "-c", code], limits=limits)
    return result.exit_code, result.stdout


def test_hello_is_small() -> None:
    assert len(build(HELLO).data) <= LARGEST_HELLO


def test_hello_is_mapped_by_engines() -> None:
    data = build(HELLO).data
    segments = data_segments(Module.parse(data))
    assert len(segments) <= MOST_SEGMENTS
    span = segments[-1].end - segments[0].offset
    assert span <= ALWAYS_MAPPED or sum(len(s.data) for s in segments) * 2 >= span


def test_frozen_machine_does_what_a_cold_one_does(hello: Box) -> None:
    base = BaseFolder(bases_folder())
    loaded = base.load(base.resolve("python:3.13"))
    config = replace(ImageConfig.from_oci(loaded.info.config), cmd=("python",))
    module = Module.parse(loaded.module)
    image = linker(Finished(loaded, loaded.tree, config, 0), module)(())
    cold = Box(hello.info, hello.code, image)
    code = (
        "import sys, os, json, re, decimal;"
        "print(sys.argv, sys.flags, sys.path, sorted(sys.builtin_module_names), os.getcwd());"
        "print(json.dumps({'a': [1, 2.5]}), re.sub('a', 'b', 'aa'), decimal.Decimal(1) / 7);"
        "print(sys.executable, sys.prefix, sys.stdout.encoding, os.umask(0), os.getpid())"
    )
    arguments = ["python", "-c", code, "x"]
    warm_result = run(hello, arguments, working_dir="/", env={"A": "1"})
    cold_result = run(cold, arguments, working_dir="/", env={"A": "1"})
    assert warm_result.stdout == cold_result.stdout
    assert (warm_result.exit_code, cold_result.exit_code) == (0, 0)
    assert warm_result.stdout


def test_program_of_the_box_runs_while_it_is_built(tmp_path: Path) -> None:
    box = made(
        tmp_path,
        "WORKDIR /app\nCOPY make.py .\n"
        "RUN echo seed | python make.py && test -s out.txt\n"
        'CMD ["cat"]\n',
        make="import sys, os\nopen('out.txt', 'w').write(sys.stdin.read() + os.getcwd())\n",
    )
    assert python(box, "print(open('/app/out.txt').read())") == (0, b"seed\n/app\n")
    assert python(box, "import os; print(os.path.exists('/app/make.py'))") == (0, b"True\n")


def test_program_that_fails_while_the_box_is_built_stops_it(tmp_path: Path) -> None:
    with pytest.raises(RunFailedError, match=r"status 3[\s\S]*oh no") as caught:
        made(tmp_path, "RUN python -c \"import sys; print('oh no'); sys.exit(3)\"\n")
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_build_is_the_same_with_programs_that_look_at_clocks_and_randomness(tmp_path: Path) -> None:
    code = "import time, random; open('/x', 'w').write(f'{time.time()} {random.random()}')"
    dockerfile = f'RUN python -c "{code}"\n'
    first = made(tmp_path, dockerfile)
    again = made(tmp_path, dockerfile)
    assert first.image.to_bytes() == again.image.to_bytes()


def test_imports_of_the_program_are_done_before_the_freeze(tmp_path: Path) -> None:
    box = made(
        tmp_path,
        'COPY main.py /\nCMD ["python", "/main.py"]\n',
        main="import csv, sys\nprint('csv' in sys.modules)\n",
    )
    assert "csv" in box.info.preinitialised
    assert python(box, "import sys; print('csv' in sys.modules)") == (0, b"True\n")


def test_module_that_is_run_is_not_imported_early(tmp_path: Path) -> None:
    box = made(tmp_path, 'CMD ["python", "-m", "http.server"]\n')
    assert {"http", "socketserver", "email.utils"} <= set(box.info.preinitialised)
    assert "http.server" not in box.info.preinitialised
    result = run(box, ["python", "-m", "http.server", "--help"])
    assert (result.exit_code, result.stderr) == (0, b"")


def test_program_goes_on_with_the_frozen_interpreter(hello: Box) -> None:
    assert python(hello, "import sys; print('json' in sys.modules)") == (0, b"True\n")


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("while True: pass", "time"),
        ("import time; time.sleep(1000)", "time"),
        ("import re; re.match('(a+)+b', 'a' * 60)", "time"),
        ("import sys\nwhile True: sys.stdout.write('spam' * 1000)", "output"),
    ],
)
def test_runaways_end_at_their_limit(hello: Box, code: str, limit: str) -> None:
    result = run(hello, ["python", "-c", code], limits=Limits(time=2.0, output="1MB"))
    assert (result.exit_code, result.limit) == (137, limit)


def test_memory_bomb_is_a_memory_error(hello: Box) -> None:
    code = "try: x = [bytearray(10**7) for _ in range(1000)]\nexcept MemoryError: print('full')"
    assert python(hello, code, Limits(memory="256MB")) == (0, b"full\n")


def test_recursion_is_an_error_of_the_program(hello: Box) -> None:
    code = "def f(): f()\ntry: f()\nexcept RecursionError: print('deep')"
    assert python(hello, code) == (0, b"deep\n")


@pytest.mark.parametrize("status", [0, 1, 125, 126, 200, 255])
def test_every_status_of_a_program_arrives(hello: Box, status: int) -> None:
    assert python(hello, f"import sys; sys.exit({status})")[0] == status
