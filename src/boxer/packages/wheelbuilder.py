"""Who builds packages with native parts for a box.

Belongs here: the protocol. Does not: the builder itself (`native`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol


class WheelBuilder(Protocol):
    """Builds packages with native parts for the box. has_rust: also those with Rust in them.
    can_make_rust: or `make_rust` may bring it about. brought: those with Rust in them whose wheels
    came with it, versions by normalised names."""

    @property
    def has_rust(self) -> bool: ...

    @property
    def can_make_rust(self) -> bool: ...

    @property
    def brought(self) -> Mapping[str, str]: ...

    def wheel_of(self, source: bytes) -> tuple[str, bytes] | None:
        """The wheel that came with it of a source archive: its name and bytes."""

    def make_rust(self, tell: Callable[[str], None]) -> str:
        """Makes the Rust compiler, in some minutes: "", or why it cannot be made. tell: is told how
        long it takes."""

    def key(self, filename: str) -> str:
        """Names what the source archive of this name is built with: a wheel that was kept under
        another key is not taken."""

    def build(
        self, source: Path, folder: Path, environment: Mapping[str, str]
    ) -> tuple[Path | None, str]:
        """A wheel from a source archive or a project's folder, in an empty folder, and what the
        build said. None where the build failed."""
