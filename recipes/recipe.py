"""The recipe of a base, `recipes/bases/NAME.toml`, and the names that follow from its version.

Belongs here: which recipes there are, reading one. Does not: making a base of it (`base`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipes.failures import RecipeError
from recipes.sources import Source, read_source

RECIPES = Path(__file__).with_name("bases")
PREFIX = "/usr/local"
# What CPython calls MULTIARCH, and its platform in sysconfig.
MACHINE = "wasm32-linux-musl"
PLATFORM = "linux-wasm32"


@dataclass(frozen=True)
class Recipe:
    """A Python base to make. name: `python-X.Y`. table: what its file says. source: CPython."""

    name: str
    table: dict[str, Any]
    source: Source

    @property
    def series(self) -> str:
        """The `X.Y` of the version."""
        return self.source.version.rpartition(".")[0]

    @property
    def program(self) -> str:
        """The interpreter's name in bin."""
        return f"python{self.series}"

    @property
    def library(self) -> str:
        """The folder of the standard library."""
        return f"{PREFIX}/lib/python{self.series}"

    @property
    def archive(self) -> str:
        """The zip file that CPython looks for its standard library in, too."""
        return f"{PREFIX}/lib/python{self.series.replace('.', '')}.zip"

    @property
    def soabi(self) -> str:
        """What stands in the names of extension modules (PEP 3149)."""
        return f"cpython-{self.series.replace('.', '')}-{MACHINE}"

    def facts(self) -> dict[str, str]:
        """What base.json says of the interpreter."""
        return {
            "version": self.source.version,
            "soabi": self.soabi,
            "stdlib": self.library,
            "platform": PLATFORM,
        }


def recipe_names() -> list[str]:
    """The names of the bases that can be made."""
    return sorted(file.stem for file in RECIPES.glob("*.toml"))


def load_recipe(name: str) -> Recipe:
    """Reads a recipe. Raises RecipeError where its name is not what its contents say."""
    table = tomllib.loads((RECIPES / f"{name}.toml").read_text())
    recipe = Recipe(name, table, read_source(table["source"]))
    expected = f"{table['base']['name']}-{recipe.series}"
    if name != expected:
        raise RecipeError(f"`{name}.toml` is the recipe of {expected}.")
    return recipe
