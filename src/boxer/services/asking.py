"""Who asks a supervisor something, and the answers.

Belongs here: the socket, requests, and who waits for what. Does not: doing it (`supervisor`).

    {"do": "kill", "signal": 15}            {"done": true}, or {"over": true}
    {"do": "stop", "timeout": 10}           {"done": true} when it has ended
    {"do": "restart", "timeout": 10}        {"running": ..} or {"error": ..}
    {"do": "health"}                        {"unchecked": None}, or why it is not
    {"do": "wait"}                          {"exit_code": 0} when it has ended
    {"do": "exec", "words": [..], ..}       {"exit_code": 0} when that program has ended

Invariant: only who may read the folder can ask, which is its user; his other processes too.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxer.services.control import LONGEST_REQUEST, address_of
from boxer.services.signals import SENDABLE

if TYPE_CHECKING:
    from boxer.services.supervisor import Supervisor

_MOST_DESCRIPTORS = 3


class Questions:
    """folder: where the socket is made. Raises OSError where it cannot be."""

    def __init__(self, supervisor: Supervisor, folder: Path) -> None:
        self._supervisor = supervisor
        self._path = folder / "control"
        self._open: set[Question] = set()
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._listener.bind(address_of(descriptor, self._path.name))
        finally:
            os.close(descriptor)
        self._path.chmod(0o600)
        self._listener.listen(128)
        self._listener.setblocking(False)
        supervisor.hear(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        self._open.add(Question(self._supervisor, connection, self._open.discard))

    def ended(self, exit_code: int) -> None:
        """A life has ended."""
        for question in list(self._open):
            question.ended(exit_code)

    def close(self) -> None:
        """Nobody is asked any more; who waits sees that the supervisor has gone."""
        self._listener.close()
        self._path.unlink(missing_ok=True)
        for question in list(self._open):
            question.close()


class Question:
    """One connection, with one request. gone: told when it is closed."""

    def __init__(
        self, supervisor: Supervisor, connection: socket.socket, gone: Callable[[Question], None]
    ) -> None:
        self._supervisor, self._connection, self._gone = supervisor, connection, gone
        self._text = b""
        self._descriptors: list[int] = []
        self.request: dict[str, Any] | None = None
        self.left: Callable[[], None] = lambda: None
        connection.setblocking(False)
        supervisor.hear(connection.fileno(), self._read)

    def _read(self) -> None:
        try:
            piece, descriptors, _, _ = socket.recv_fds(self._connection, 1 << 16, _MOST_DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError:
            piece, descriptors = b"", []
        self._descriptors += descriptors
        if not piece:
            self.left()
            self.close()
            return
        self._text += piece
        if self.request is None and self._text.endswith(b"\n"):
            self._do()
        elif len(self._text) > LONGEST_REQUEST:
            self.close()

    def _do(self) -> None:
        try:
            self.request = dict(json.loads(self._text))
            number = int(self.request.get("signal", 0))
            timeout = self.request.get("timeout")
            timeout = None if timeout is None else float(timeout)
        except (ValueError, TypeError):
            self.close()
            return
        supervisor = self._supervisor
        match self.request.get("do"):
            case "kill" if number in SENDABLE:
                sent = supervisor.send(number)
                self.answer({"done": True} if sent else {"over": True})
            case "stop":
                supervisor.stop(timeout)
                self.ended(supervisor.state.exit_code)
            case "restart":
                supervisor.stop(timeout, again=self.answer)
            case "wait":
                pass
            case "health":
                supervisor.programs.when_known(
                    lambda: self.answer({"unchecked": supervisor.state.unchecked})
                )
            case "exec":
                supervisor.programs.execute(self, self.request, self._descriptors)
            case _:
                self.answer({"error": {"message": "The supervisor is of an older Boxer."}})

    def ended(self, exit_code: int) -> None:
        """A life has ended, or the service has."""
        kind = self.request and self.request.get("do")
        is_over = self._supervisor.state.status == "exited"
        if kind == "wait" and is_over:
            self.answer({"exit_code": exit_code})
        elif kind == "stop" and is_over:
            self.answer({"done": True})

    @property
    def is_over(self) -> bool:
        return self._connection.fileno() < 0

    def answer(self, reply: dict[str, Any]) -> None:
        """The last thing that is said to it."""
        with contextlib.suppress(OSError):
            self._connection.send(json.dumps(reply).encode() + b"\n")
        self.close()

    def drop_descriptors(self) -> None:
        """Another has them by now."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []

    def close(self) -> None:
        if self._connection.fileno() >= 0:
            self._supervisor.deafen(self._connection.fileno())
            self._connection.close()
            self._gone(self)
        self.drop_descriptors()
