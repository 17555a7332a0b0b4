"""The table of compiler options, `options.toml`, as values.

Belongs here: reading it, and which of its rows an argument is of. Does not: a policy (`arguments`
for a RUN).

The compilers of the SDKs cannot import this. `recipes` reads the same file and lays the table into
their sdk.json, and `recipes/extension/driver.py` looks an argument up by the same rule.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Literal

Kind = Literal[
    "mode", "question", "output", "language", "preprocessor", "dependency", "library", "linker",
    "machine", "code", "warning",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """A row of the table, which says what its fields mean."""

    kind: Kind
    names: Sequence[str]
    run: Literal["taken", "dropped", "refused"]
    package: Literal["taken", "dropped"]
    value: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    own_libraries: frozenset[str]
    exact: dict[str, Option]
    patterns: list[tuple[str, Option]]

    def find(self, argument: str) -> Option | None:
        """The row of an argument that begins with `-`; None where it is not listed."""
        if argument in self.exact:
            return self.exact[argument]
        opposite = self.exact.get(argument.replace("-fno-", "-f", 1))
        if opposite is not None and opposite.kind == "code":
            return opposite
        return next((row for name, row in self.patterns if fnmatchcase(argument, name)), None)


@functools.cache
def table() -> Table:
    """The table, read once."""
    read = tomllib.loads(files(__package__).joinpath("options.toml").read_text("utf-8"))
    named = [(name, row) for row in (Option(**row) for row in read["option"]) for name in row.names]
    return Table(
        own_libraries=frozenset(read["own_libraries"]),
        exact={name: row for name, row in named if not _is_pattern(name)},
        patterns=[(name, row) for name, row in named if _is_pattern(name)],
    )


def _is_pattern(name: str) -> bool:
    return "*" in name or "[" in name
