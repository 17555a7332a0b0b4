"""Who watches a build: the output of its commands, and notices for its user.

Belongs here: the protocol that every room of a build reports to. Does not: what is shown
(`console`), the events of a whole build (`pipeline`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from boxer.errors import Where

Stream = Literal["stdout", "stderr"]
# Told of something the user should know: message, place, hint.
Notify = Callable[[str, Where | None, str | None], None]


class Listener(Protocol):
    """Who watches the steps of a build."""

    def output(self, stream: Stream, data: bytes) -> None:
        """Bytes a command wrote, as it wrote them."""

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        """Something the user should know that does not stop the build."""

    def progress(self, text: str) -> None:
        """What a step that takes long is doing just now: for who watches, nothing keeps it."""


class Silent:
    """A listener for who does not watch."""

    def output(self, stream: Stream, data: bytes) -> None:
        return None

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        return None

    def progress(self, text: str) -> None:
        return None
