"""The examples, built and run as the README says."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pythons import PYTHON

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]


def test_hello_prints_and_says_linux(boxer: Boxer, example: Example) -> None:
    done = boxer("run", example("hello"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f'hello from a box\n{{"python": "{PYTHON.version}", "platform": "linux"}}\n'
    )


def test_word_counter_reads_stdin_and_a_mounted_folder(
    boxer: Boxer, example: Example, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("tea Tea jam")
    (tmp_path / "no.md").write_text("tea")
    box = example("wordcount")
    assert boxer("run", box, stdin="b a b").stdout == "     2 b\n     1 a\n"
    done = boxer("run", "-v", f"{tmp_path}:/data:ro", box, "/data")
    assert done.stdout == "     2 tea\n     1 jam\n"
    missing = boxer("run", box, "nothing")
    assert (missing.returncode, missing.stderr) == (1, "count: no such file: nothing\n")


@pytest.mark.network
def test_site_is_written_to_a_mounted_folder_and_not_to_a_read_only_one(
    boxer: Boxer, example: Example, tmp_path: Path
) -> None:
    box = example("site")
    done = boxer("run", "-v", f"{tmp_path}:/site", box)
    assert (done.returncode, done.stdout) == (0, "wrote about.html\nwrote index.html\n")
    assert "<em>whole machine</em>" in (tmp_path / "index.html").read_text()
    assert "<td>inside</td>" in (tmp_path / "index.html").read_text()
    refused = boxer("run", "-v", f"{tmp_path}:/site:ro", box)
    assert refused.returncode == 1
    assert "Read-only file system" in refused.stderr


def test_report_keeps_its_database_to_itself(boxer: Boxer, example: Example) -> None:
    box = example("report")
    first, second = boxer("run", box), boxer("run", "-e", "CURRENCY=SEK", box)
    assert first.stdout.splitlines()[:3] == [
        "bread     17     37.40 EUR",
        "tea        4     18.00 EUR",
        "jam        2      7.50 EUR",
    ]
    assert "SEK" in second.stdout  # and the table is not there yet: a machine of its own
    assert second.returncode == 0


@pytest.mark.network
def test_package_is_started_by_its_console_script(boxer: Boxer, example: Example) -> None:
    box = example("package")
    assert boxer("run", box, "Ada", "--language", "fr").stdout == "Bonjour, Ada!\n"
    assert boxer("run", box, "--version").stdout == "1.2.0\n"
    assert boxer("run", box).stdout.startswith("usage: greet")
    who = boxer("run", "--entrypoint", "python", box, "-c", "import os; print(os.getuid())")
    assert who.stdout == "65534\n"


def test_same_input_gives_the_same_bytes(boxer: Boxer, example: Example, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    again = tmp_path / "again.wasm"
    assert boxer("build", "-q", "-o", again, root / "examples" / "hello").returncode == 0
    assert again.read_bytes() == example("hello").read_bytes()


def test_boxes_of_one_base_share_their_code(example: Example) -> None:
    from boxer.boxfile import read_box

    first, second = (read_box(example(n).read_bytes()) for n in ("hello", "report"))
    assert first.code == second.code
    assert first.image.segments != second.image.segments


def test_licences_name_every_part(boxer: Boxer, example: Example) -> None:
    lines = boxer("inspect", "--licenses", example("hello")).stdout.splitlines()
    parts = {line.split()[0]: line for line in lines}
    assert {"boxer", "cpython", "musl", "zlib", "sqlite", "expat", "tzdata"} <= parts.keys()
    assert "PSF-2.0" in parts["cpython"]
