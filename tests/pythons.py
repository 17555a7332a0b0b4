"""Pythons of bases, for tests: the one of the default base's recipe, and made-up ones."""

from __future__ import annotations

from boxer.images import Python, default_base
from recipes.recipe import load_recipe

RECIPE = load_recipe(default_base().replace(":", "-"))


def python_of(version: str) -> Python:
    """What a base with this version of CPython states."""
    major, minor, _ = version.split(".")
    soabi = f"cpython-{major}{minor}-wasm32-linux-musl"
    return Python(version, soabi, f"/usr/local/lib/python{major}.{minor}", "linux-wasm32")


PYTHON = python_of(RECIPE.source.version)
