"""What freezing needs of an engine: a port, so that this room knows none.

`boxer.runtime.BuildInstance` fits it; tests use a plain object.
"""

from __future__ import annotations

from typing import Protocol

from boxer.wasmformat import Buffer


class InstanceState(Protocol):
    """An instance that is read and written from outside while it does not run.

    Sizes and offsets in bytes; a page is 64 KiB.
    """

    def memory_size(self) -> int: ...
    def read(self, offset: int, size: int) -> bytes: ...
    def write(self, offset: int, data: Buffer) -> None: ...
    def grow(self, pages: int) -> None: ...

    def call(self, name: str) -> int | None:
        """Calls an export. Raises `StoppedError` where the program ended instead of returning."""

    def global_value(self, name: str) -> int: ...

    @property
    def output(self) -> bytes:
        """What the program has written to its standard streams."""
