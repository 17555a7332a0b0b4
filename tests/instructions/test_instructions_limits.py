"""What one COPY takes has limits, and links that are swapped in lead nowhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boxer.dockerfile import parse
from boxer.errors import (
    BoxerError,
    CopySourceError,
    DepthError,
    InputTooLargeError,
)
from boxer.instructions import Context, apply
from boxer.instructions.opening import Below
from boxer.instructions.patterns import compile_pattern
from boxer.plan import Step

if TYPE_CHECKING:
    from tests.stages import Stage


def test_one_source_has_a_size(tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file:
        file.truncate((1 << 31) + 1)
    with pytest.raises(InputTooLargeError, match="2 GiB"):
        Context(tmp_path).find(".")


def test_one_source_has_a_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxer.instructions.context.MOST_ENTRIES", 3)
    for name in "abc":
        (tmp_path / name).touch()
    context = Context(tmp_path)
    assert len(context.find("a")) == 1
    assert len(context.find("[ab]")) == 2
    with pytest.raises(InputTooLargeError, match="3 files"):
        context.find(".")


def test_one_source_has_a_depth(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("a", dir_fd=folder)
        inner = os.open("a", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    with pytest.raises(DepthError):
        Context(tmp_path).find(".")
    with pytest.raises(DepthError):
        Context(tmp_path).find("*/" * 400)


@pytest.mark.parametrize("swapped", ["file", "folder", "parent"])
def test_a_link_that_is_swapped_in_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    """Swapped after the look and before the read: what was a file or folder is a link out."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("secret")
    root = tmp_path / "context"
    (root / "d").mkdir(parents=True)
    (root / "d" / "f").write_text("mine")
    real = Below.names if swapped == "folder" else Below.read

    def swap(self: Below, path: str, *rest: Any) -> Any:
        victim = root / ("d/f" if swapped == "file" else "d")
        if path.startswith("d") and not victim.is_symlink():
            victim.rename(tmp_path / "old")
            victim.symlink_to(outside / "f" if swapped == "file" else outside)
        return real(self, path, *rest)

    monkeypatch.setattr(Below, real.__name__, swap)
    with pytest.raises(CopySourceError):
        Context(root).find("d")


def test_a_pipe_that_is_swapped_in_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f")
    with pytest.raises(OSError, match="changed"):
        Below(tmp_path).read("f", 10)


@pytest.mark.parametrize("pattern", ["*a" * 20 + "b", "*?" * 20 + "[b]"])
def test_patterns_take_no_more_than_a_walk_for_each_star(pattern: str) -> None:
    assert compile_pattern(pattern).fullmatch("a" * 255) is None


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("a*b*c", "aXbYc", True), ("*.py", "x.py.py", True), ("a*a", "a", False), ("*", "", True),
        ("**", "abc", True), ("a*", "a", True), ("*b*b", "xbb", True), ("*[ab]", "xa", True),
        ("a**b", "ab", True), ("*ab*", "aab", True),
    ],
)  # fmt: skip
def test_patterns_mean_what_they_meant(pattern: str, name: str, matches: bool) -> None:
    assert (compile_pattern(pattern).fullmatch(name) is not None) is matches


def _apply(text: str, stage: Stage, context: Context) -> None:
    instruction = parse(f"FROM python\n{text}\n").instructions[1]
    apply(Step(instruction, {}), stage.state, context, stage.ports)


@pytest.mark.parametrize(
    "text",
    [
        f"HEALTHCHECK --interval={'9' * 400}h CMD true",
        "HEALTHCHECK --timeout=99999999999999h CMD true",
        f"HEALTHCHECK --retries={'9' * 5000} CMD true",
        "HEALTHCHECK --retries=2147483648 CMD true",
        "HEALTHCHECK --retries=٣ CMD true",
        f"EXPOSE {'9' * 5000}",
        f"STOPSIGNAL {'9' * 5000}",
        f"WORKDIR {'a/' * 1500}",
        f"COPY --chmod={'7' * 5000} <<E /x\nE",
    ],
    ids=lambda text: text[:24],
)
def test_numbers_beyond_sense_are_our_error(stage: Stage, tmp_path: Path, text: str) -> None:
    with pytest.raises(BoxerError):
        _apply(text, stage, Context(tmp_path))
