"""A base's recipe is one file, and what has its version in it follows from that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recipes import recipe
from recipes.failures import RecipeError
from tests.pythons import RECIPE, python_of

NEWER = """
[base]
name = "python"
[source]
name = "cpython"
version = "3.99.1"
license = "PSF-2.0"
strip = "Python-3.99.1"
changes = "cpython-3.99.toml"
archives = [{ file = "Python-3.99.1.tar.xz", sha256 = "00" }]
"""


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(recipe, "RECIPES", tmp_path)
    return tmp_path


def test_names_and_folders_follow_from_the_version(recipes: Path) -> None:
    (recipes / "python-3.99.toml").write_text(NEWER)
    assert recipe.recipe_names() == ["python-3.99"]
    found = recipe.load_recipe("python-3.99")
    assert (found.series, found.program) == ("3.99", "python3.99")
    assert found.archive == "/usr/local/lib/python399.zip"
    assert found.source.patch.name == "cpython-3.99.toml"


def test_what_a_base_states_is_what_boxer_reads(recipes: Path) -> None:
    (recipes / "python-3.99.toml").write_text(NEWER)
    facts = recipe.load_recipe("python-3.99").facts()
    assert type(python_of("3.99.1"))(**facts) == python_of("3.99.1")


def test_a_recipe_has_the_name_of_its_base(recipes: Path) -> None:
    (recipes / "python-4.0.toml").write_text(NEWER)
    with pytest.raises(RecipeError, match=r"`python-4\.0\.toml` is the recipe of python-3\.99"):
        recipe.load_recipe("python-4.0")


def test_the_patches_of_a_recipe_are_there() -> None:
    assert RECIPE.source.patch.is_file()


def test_a_base_without_a_recipe_is_refused_with_those_there_are() -> None:
    command = [sys.executable, "-m", "recipes", "build", "python-2.7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert RECIPE.name in done.stderr
