"""Calling uv: the only place that starts it.

Belongs here: finding its program, running it in an empty folder, what its failures say. Does not:
what it is asked (`resolve`, `sdist`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uv as uv_package

from boxer.ending import run_program, temporary_folder

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class UvResult:
    """message: both streams, for a person. output: standard output alone."""

    status: int
    message: str
    output: str = ""


def run_uv(arguments: Sequence[str], environment: Mapping[str, str], timeout: float) -> UvResult:
    """Runs uv in an empty folder, so that it finds no project of this machine.

    timeout: seconds, after which the status is 124, as timeout(1) has it.
    """
    with temporary_folder("boxer-uv-") as folder, temporary_folder("boxer-uv-") as scratch:
        try:
            done = run_program(
                [uv_package.find_uv_bin(), *arguments],
                environment={**environment, "TMPDIR": str(scratch)},
                folder=folder,
                timeout=timeout,
            )
        except TimeoutError:
            return UvResult(124, f"it was not done after {timeout:.0f} seconds")
    text = (done.stderr + done.stdout).decode("utf-8", "replace")
    output = done.stdout.decode("utf-8", "replace")
    return UvResult(done.returncode, _ANSI.sub("", text).strip(), output)


def explain(message: str, folder: Path) -> str:
    """uv's own words without its marks and our folders."""
    lines = []
    for line in message.replace(str(folder) + "/", "").splitlines():
        text = line.strip().removeprefix("error:").strip(" ×╰─▶│├")
        if text and not text.startswith("warning:"):
            lines.append(text)
    return " ".join(lines).replace(" cause: ", ": ")
