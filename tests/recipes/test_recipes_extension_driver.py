"""The compiler of a kit: what the words of a package's build come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from recipes.extension.driver import expanded, linked_words, parted


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("-O3", True),
        ("-fvisibility=hidden", True),
        ("-DNAME=1", True),
        ("-shared", True),
        ("-march=native", False),
        ("-mavx2", False),
        ("-fPIC", False),
        ("-pthread", False),
        ("-flto=auto", False),
        ("-g3", False),
        ("-Wl,--as-needed", False),
        ("-Wall", True),
    ],
)
def test_options_of_other_machines_are_dropped(word: str, kept: bool) -> None:
    assert (word in parted([word, "a.c"]).options) == kept


def test_headers_of_the_hosts_python_are_not_seen() -> None:
    words = parted(["-I/usr/include/python3.13", "-I", "/usr/include/python3.11", "-Iown", "a.c"])
    assert words.options == ["-Iown"]


def test_libraries_of_the_machine_are_dropped_and_others_linked() -> None:
    words = parted(["a.o", "-L", "there", "-lm", "-lpthread", "-lother", "-o", "b.so", "-shared"])
    assert linked_words(words) == ["a.o", "-Lthere", "-lother"]
    assert words.output == "b.so"


def test_a_response_file_is_read_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "words.rsp"
    file.write_text("a.o 'with space.o'\n")
    assert expanded(["-shared", f"@{file}", "b.o"]) == ["-shared", "a.o", "with space.o", "b.o"]
