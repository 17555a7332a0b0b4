"""What a hint or a page says pip should install, Boxer has."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_extras_that_are_named_are_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    files = chain((ROOT / "src").rglob("*.py"), (ROOT / "docs").rglob("*.md"), ROOT.glob("*.md"))
    named = {
        (str(path.relative_to(ROOT)), extra.strip())
        for path in files
        for listed in re.findall(r"\bboxer\[([^\]\n]+)\]", path.read_text())
        for extra in listed.split(",")
    }
    assert len(named) > 20
    assert {(path, extra) for path, extra in named if extra not in known(project)} == set()


def known(project: dict[str, dict[str, list[str]]]) -> set[str]:
    return set(project["optional-dependencies"])
