"""Scripts and makefiles that would never end, or never have enough: a RUN that failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boxer.errors import BoxerError, InputTooLargeError, PipUsageError, RunFailedError
from boxer.packages.requirements import Reader

if TYPE_CHECKING:
    from tests.stages import Stage

DOUBLED = "A0=xxxxxxxxxxxxxxxx\n" + "".join(f"A{i + 1}=$(A{i})$(A{i})\n" for i in range(30))
MAKEFILES = {
    "calls itself": ("all:\n\t$(MAKE) all\n", "called itself"),
    "a variable calls it": ("A=$(shell $(MAKE))\nall:\n\techo $(A)\n", ""),
    "doubled": (DOUBLED + "all:\n\techo $(words $(A30))\n", "more than a make may use"),
    "names itself": ("A=$(A)x\nall:\n\techo $(A)\n", "Stop"),
    "calls a function": ("f=$(call f)\nall:\n\techo $(call f)\n", "Stop"),
    "one after the other": (
        "".join(f"t{i}: t{i + 1}\n" for i in range(5000)) + "t5000:\n\ttrue\n",
        "nested too deeply",
    ),
    "loops in loops": (
        f"L={'a ' * 1000}\nall:\n\techo $(words $(foreach a,$(L),$(foreach b,$(L),$(L)$(L))))\n",
        "more than a make may use",
    ),
    "multiplied": (
        f"L={'a' * 100_000}\nall:\n\techo $(words $(subst a,$(L),$(L)))\n",
        "too large",
    ),
    "a long number": (f"all:\n\techo $(word {'9' * 5000},a b)\n", "non-numeric"),
}


@pytest.mark.parametrize(("text", "said"), MAKEFILES.values(), ids=MAKEFILES.keys())
def test_a_makefile_without_an_end_is_an_error(stage: Stage, text: str, said: str) -> None:
    stage.tree.add_file("/p/Makefile", text.encode())
    with pytest.raises((RunFailedError, InputTooLargeError)):
        stage.run("cd /p && make")
    assert said.encode() in stage.heard.err


@pytest.mark.parametrize(
    "script",
    [
        "f() { f; }; f",
        "echo {1..1000000000} > /x",
        "printf 'sh /x.sh' > /x.sh; sh /x.sh",
        f"a={'x' * 16}; for i in {' 1' * 40}; do a=$a$a; done; echo ${{#a}}",
        f"mkdir -p /{'a/' * 1500}",
        "d=/; for i in $(seq 400); do d=$d/a; mkdir $d || exit 1; done",
    ],
)
def test_a_script_without_an_end_is_an_error(stage: Stage, script: str) -> None:
    with pytest.raises(BoxerError):
        stage.run(script)


@pytest.mark.parametrize("make", [": > /f$i", "touch /f$i", "mkdir /f$i", "ln -s x /f$i"])
def test_a_script_cannot_make_files_beyond_number(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, make: str
) -> None:
    monkeypatch.setattr("boxer.filetree.room.MOST_NAMES", 300)
    monkeypatch.setattr("boxer.userland.session._COUNTED_EVERY", 50)
    with pytest.raises(BoxerError):
        stage.run(f"set -e; i=0; while true; do i=$((i+1)); {make}; done")


def test_a_script_cannot_write_bytes_beyond_number(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boxer.filetree.room.MOST_BYTES", 100_000)
    stage.run("for i in 1 2 3; do head -c 60000 /dev/zero > /x; rm /x; done")
    with pytest.raises(RunFailedError):
        stage.run("echo xxxxxxxxxxxx > /x; set -e; while true; do cat /x /x > /y; mv /y /x; done")


def test_requirements_that_include_each_other_end(stage: Stage) -> None:
    for number in range(18):
        text = f"-r r{number + 1}.txt\n" * 2
        stage.tree.add_file(f"/r{number}.txt", text.encode())
    stage.tree.add_file("/r18.txt", b"six\n")
    with pytest.raises(PipUsageError, match="too many"):
        Reader(stage.tree, "/", {}, None).add_file("r0.txt")


def test_shells_that_a_run_starts_close_what_they_open(stage: Stage) -> None:
    stage.tree.add_file("/p/Makefile", b"all:\n" + b"\t@true\n" * 30)
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    stage.run("cd /p && make")
    assert len(list(descriptors.iterdir())) < before + 30


def test_a_run_starts_so_many_shells_and_no_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boxer.userland.session._MOST_SHELLS", 10)
    stage.tree.add_file("/p/Makefile", b"all:\n" + b"\t-@false\n" * 30)
    with pytest.raises(InputTooLargeError):
        stage.run("cd /p; make; true")
