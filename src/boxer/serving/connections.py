"""uvicorn's HTTP protocol, which tells of connections.

Belongs here: where a connection begins and ends. Does not: its machine (`machines`).
"""

from __future__ import annotations

from typing import Any

from boxer.serving.bounded import BoundedProtocol
from boxer.serving.machines import CONNECTION, Connection


class ConnectionProtocol(BoundedProtocol):
    """Its requests, and the WebSocket it may become, have the connection in their state."""

    def connection_made(self, transport: Any) -> None:
        self._boxer = Connection()
        self.app_state = {**self.app_state, CONNECTION: self._boxer}
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._boxer.end()
