"""Modules of older Pythons that a program written for one of them still imports.

Belongs here: which modules these are, which of them source text imports, and the distributions
that bring them back (removed.toml). Does not: installing those (`installer`), which Python a
Dockerfile asks for (`images`).

An import counts where the module cannot be used without it: not behind `try`, not under a
condition on the version, not in a function, which may never be called.
"""

from __future__ import annotations

import ast
import functools
import re
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources

_TESTS = re.compile(r"(^|/)(tests?|testing)/")


def removed_for(asked: str) -> Mapping[str, str]:
    """Modules that Python `asked` (`3.9`) has and the box's has not: what brings each back."""
    if not asked:
        return {}
    version = _parts(asked)
    return {
        module: entry["brought"]
        for module, entry in _table().items()
        if version < _parts(entry["gone"])
    }


def constraints_of(asked: str) -> list[str]:
    """Which versions the distributions that bring modules back must be of, if one is installed."""
    return sorted({line for line in removed_for(asked).values() if "<" in line})


def imported_of(removed: Mapping[str, str], sources: Iterable[tuple[str, bytes]]) -> list[str]:
    """Which of the removed modules Python files import, sorted. sources: names and contents."""
    if not removed:
        return []
    mentions = re.compile(rb"\b(?:" + b"|".join(name.encode() for name in removed) + rb")\b")
    found: set[str] = set()
    for name, data in sources:
        if name.endswith(".py") and not _TESTS.search(name) and mentions.search(data):
            found |= removed.keys() & set(_imports(data))
    return sorted(found)


def _imports(data: bytes) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(data).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module:
            yield statement.module.partition(".")[0]


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


@functools.cache
def _table() -> Mapping[str, Mapping[str, str]]:
    text = resources.files(__package__).joinpath("removed.toml").read_text("utf-8")
    table: dict[str, dict[str, str]] = tomllib.loads(text)
    return table
