"""Code knows of no version of Python: a base states its own, and its recipe is data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from boxer.images import known_bases
from recipes.recipe import load_recipe, recipe_names
from tests.pythons import RECIPE

ROOT = Path(__file__).parents[2]
CODE = ("src/boxer/**/*.py", "guest/**/*.[ch]", "guest/**/*.py", "recipes/**/*.py", "native/*.[ch]")


def _numbers(name: str) -> tuple[str, str]:
    series = load_recipe(name).series
    return series, series.replace(".", "")


@pytest.mark.parametrize("pattern", CODE)
def test_no_code_names_the_version_of_a_base(pattern: str) -> None:
    numbers = "|".join(re.escape(number) for name in recipe_names() for number in _numbers(name))
    named = re.compile(rf"(?<![\d.])(?:{numbers})(?!\d)")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in ROOT.glob(pattern)
        for line in path.read_text().splitlines()
        if named.search(line)
    ]
    assert found == []


def test_every_python_base_that_a_from_can_mean_has_a_recipe() -> None:
    known = {f"{base.name}-{base.variant}" for base in known_bases() if base.name == "python"}
    assert known == set(recipe_names())


def test_the_readme_names_the_version_of_the_default_base() -> None:
    readme = (ROOT / "README.md").read_text()
    assert f"Python {RECIPE.source.version}**" in readme
    assert f"FROM python:{RECIPE.series}-slim" in readme
