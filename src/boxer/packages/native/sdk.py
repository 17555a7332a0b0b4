"""The SDK of a base: what its extension modules are compiled and linked with.

Belongs here: where `recipes/` leaves it. Does not: what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boxer.images import BaseInfo, Python, bases_roots, tool_environment


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
    if base.python is None:
        return None
    for root in bases_roots():
        folder = root / f"{base.name}-{base.variant}" / base.recipe_digest / "sdk"
        if (folder / "sdk.json").is_file():
            return Sdk(folder, base.recipe_digest, base.python)
    return None
