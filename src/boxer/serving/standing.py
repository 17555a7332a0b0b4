"""Boxes whose command is a server of its own (gunicorn, uvicorn, `python -m http.server`, one in
C): each connection begins where the server waits for its first one.

Belongs here: the processes in which such machines stand, from their start to their end. Does not:
what happens in one (`standingprocess`), how a connection gets a life (native/lives.c).

Invariants
1. The port's socket is this process's and outlives each of those: who connects while they change is
   served by the next one.
2. A process that ends by itself is begun again; one that has never waited for a connection ends the
   service, and so does one that ends again and again.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from boxer.errors import BoxerError, ServeError
from boxer.serving.log import logger

# Seconds: until a server waits for connections; between two starts, and how long one has to stand
# to be a new one; beyond the grace, until a process is ended.
START, AGAIN, STANDS, SLACK = 300.0, 1.0, 10.0, 5.0
FAILURES = 5
PROCESS = "boxer.serving.standingprocess"


@dataclass
class Standing:
    """A process. control: ours; closing it ends the process, once its connections have ended."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    began: float
    is_ready: bool = False
    ends_at: float | None = None


class Supervisor:
    """environment: what a process is told beside this one's variables. prepare: called before the
    box's server is begun anew of what the box is by then. Raises `ServeError`."""

    def __init__(
        self,
        listener: socket.socket,
        workers: int,
        environment: dict[str, str],
        grace: float,
        prepare: Callable[[], object] = lambda: None,
    ) -> None:
        self._listener, self._workers, self._grace = listener, workers, grace
        self._prepare = prepare
        self._environment = environment
        self._all: list[Standing] = []
        self._failures = 0
        self._is_told, self._is_ending = False, False
        self._again: float | None = None
        self._selector = selectors.DefaultSelector()

    def run(self, ear: Ear) -> None:
        """Serves until `end`."""
        self._ear = ear
        self._selector.register(ear, selectors.EVENT_READ)
        try:
            self._fill()
            while self._all or not self._is_ending:
                for key, _ in self._selector.select(0.2):
                    if isinstance(key.data, Standing):
                        self._hear(key.data)
                    else:
                        ear.heed()
                self._look()
        finally:
            for each in self._all:
                each.process.kill()
                each.process.wait()

    def end(self) -> None:
        """No more connections are taken; those under way have their grace. Again: at once."""
        if self._is_ending:
            for each in self._all:
                each.process.kill()
        self._is_ending = True
        for each in self._all:
            self._drain(each)

    def renew(self) -> None:
        """New processes take the place of these, of what the box is now, as soon as they stand."""
        if self._is_ending or not self._is_told:
            return
        try:
            self._prepare()
        except BoxerError as error:
            logger.error("the box's server goes on as it was: %s", error)
        else:
            self._begin(self._workers)

    def _fill(self) -> None:
        living = [each for each in self._all if each.ends_at is None]
        self._begin(self._workers - len(living))

    def _begin(self, count: int) -> None:
        for _ in range(count):
            ours, theirs = socket.socketpair()
            given = [theirs.fileno(), self._listener.fileno()]
            family = 6 if self._listener.family == socket.AF_INET6 else 4
            command = [sys.executable, "-P", "-m", PROCESS, *map(str, (*given, family))]
            environment = {**os.environ, **self._environment}
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=given, env=environment
            )
            theirs.close()
            ours.setblocking(False)
            standing = Standing(process, ours, time.monotonic())
            self._all.append(standing)
            self._selector.register(ours, selectors.EVENT_READ, standing)

    def _hear(self, standing: Standing) -> None:
        try:
            said = standing.control.recv(64)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self._selector.unregister(standing.control)
            return
        standing.is_ready = True
        older = [each for each in self._all if each.is_ready and each.ends_at is None]
        for each in older[: -self._workers]:
            self._drain(each)
        if not self._is_told:
            self._is_told = True
            self._ear.on_ready()

    def _drain(self, standing: Standing) -> None:
        if standing.ends_at is None:
            standing.ends_at = time.monotonic() + self._grace + SLACK
            with suppress(KeyError):
                self._selector.unregister(standing.control)
            standing.control.close()

    def _look(self) -> None:
        now = time.monotonic()
        for each in list(self._all):
            if each.process.poll() is not None:
                self._ended(each, now)
            elif each.ends_at is not None and now > each.ends_at:
                each.process.kill()
            elif not each.is_ready and now - each.began > START:
                each.process.kill()
                logger.error("the box's server waits for no connection after %d seconds", START)
        if self._again is not None and now >= self._again and not self._is_ending:
            self._again = None
            self._fill()

    def _ended(self, standing: Standing, now: float) -> None:
        self._all.remove(standing)
        with suppress(KeyError, ValueError):
            self._selector.unregister(standing.control)
        standing.control.close()
        if standing.ends_at is not None or self._is_ending:
            return
        code = standing.process.returncode
        if not standing.is_ready and not self._is_told:
            raise ServeError(
                f"The box's server has ended before it waited for a connection (status {code}).",
                hint="Try it: boxer run BOX",
            )
        self._failures = self._failures + 1 if now - standing.began < STANDS else 1
        if self._failures > FAILURES:
            raise ServeError(f"The box's server ends again and again (status {code}).")
        logger.error("the box's server has ended (status %s): it is started again", code)
        self._again = now + AGAIN


class Ear:
    """How a supervisor is told something: by other threads, and by signals. on_ready: called once
    connections are waited for."""

    def __init__(self) -> None:
        self.on_ready: Callable[[], None] = lambda: None
        self._ours, self._theirs = socket.socketpair()
        self._told: list[Callable[[], None]] = []
        for one in (self._ours, self._theirs):
            one.setblocking(False)

    def __enter__(self) -> Ear:
        return self

    def __exit__(self, *raised: object) -> None:
        self._ours.close()
        self._theirs.close()

    def fileno(self) -> int:
        return self._ours.fileno()

    def tell(self, call: Callable[[], None]) -> None:
        self._told.append(call)
        with suppress(OSError):
            self._theirs.send(b"!")

    def heed(self) -> None:
        with suppress(BlockingIOError):
            self._ours.recv(64)
        while self._told:
            self._told.pop(0)()


@contextmanager
def told_by_signals(supervisor: Supervisor, ear: Ear) -> Iterator[None]:
    """SIGTERM and SIGINT end it, SIGHUP renews it; in the main thread."""
    calls = {
        signal.SIGTERM: supervisor.end,
        signal.SIGINT: supervisor.end,
        signal.SIGHUP: supervisor.renew,
    }
    before = {
        number: signal.signal(number, lambda *_, call=call: ear.tell(call))
        for number, call in calls.items()
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def listen_privately(path: str) -> Iterator[socket.socket]:
    """A socket in a folder that is this user's alone."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.setblocking(False)
        yield listener
