"""The SDK of a base: what its extension modules are compiled and linked with.

Belongs here: where `recipes/` leaves it. Does not: what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boxer.images import BaseInfo, Python, bases_folder, tool_environment


@dataclass(frozen=True, slots=True)
class Sdk:
    """folder: the SDK. digest: of the base it belongs to. python: the base's."""

    folder: Path
    digest: str
    python: Python

    def program(self, name: str) -> Path:
        return self.folder / "bin" / name

    def environment(self) -> dict[str, str]:
        """What its programs read. Raises `BaseMissingError`: the compiler is not installed."""
        return tool_environment(self.folder)


def find_sdk(base: BaseInfo) -> Sdk | None:
    """The SDK of a base on this machine; None where the base came without one."""
    folder = bases_folder() / f"{base.name}-{base.variant}" / base.recipe_digest / "kit"
    if base.python is None or not (folder / "kit.json").is_file():
        return None
    return Sdk(folder, base.recipe_digest, base.python)
