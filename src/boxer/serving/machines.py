"""Which machine answers a request: a fresh one of the pool, or one that lives on, for all or for a
connection.

Belongs here: machines by what they are for. Does not: what is said to them (`talk`), sessions
(`sessions`).

Invariant: a machine that lives on is given to nobody but whom it was made for.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from boxer.runtime import Channel, LivingMachine
from boxer.serving.log import logger
from boxer.serving.served import MODULE, Served
from boxer.serving.shapes import Shapes
from boxer.serving.talk import Stream, Talk

# Of a scope's "state": the connection, where the server tells of it.
CONNECTION = "boxer.connection"
# Threads for machines that live on, of which each takes one while it is awake.
MOST_AWAKE = 4096


class NoRoomError(Exception):
    """All machines that there may be are busy."""


class Machines(Protocol):
    async def open(self, request: dict[str, Any], scope: Any) -> Stream:
        """A stream of the machine that answers, which has the request. Raises `NoRoomError`."""

    def done(self, stream: Stream, scope: Any) -> None:
        """The request is over."""

    def close(self) -> None: ...


class Fresh:
    """A machine of the pool for each request."""

    def __init__(self, served: Served, shapes: Shapes) -> None:
        self._served, self._shapes = served, shapes
        # Threads are made as they are needed.
        self._executor = ThreadPoolExecutor(served.pool.size, "boxer-serve")

    async def open(self, request: dict[str, Any], scope: Any) -> Stream:
        def call(channel: Channel) -> Any:
            return self._served.talk(channel, request)

        def ended(result: Any) -> None:
            if isinstance(result, dict):
                self._served.learn(result.get("imported"))
            if has_end:
                self._shapes.note(request["method"], request["path"], talk.usage)

        has_end = request.get("type") != "websocket"
        talk = Talk(call, self._executor, ended, has_end=has_end)
        await talk.begin()
        return talk.open()

    def done(self, stream: Stream, scope: Any) -> None:
        pass

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


class Living:
    """A machine that lives on. It is made when it is first asked, and anew when it has ended; its
    image is the one of that moment."""

    def __init__(self, served: Served, executor: Executor) -> None:
        self._served, self._executor = served, executor
        self._talk: Talk | None = None
        self._machine: LivingMachine | None = None
        self._entering = asyncio.Lock()
        self._file: Path | None = None
        self._sleeper: LivingMachine | None = None  # whose file it is

    @property
    def is_awake(self) -> bool:
        return self._machine is not None

    async def open(self, request: dict[str, Any]) -> Stream:
        async with self._entering:
            if self._talk is None or self._talk.is_over:
                loop = asyncio.get_running_loop()
                self._machine = machine = await loop.run_in_executor(None, self._woken)

                def call(channel: Channel) -> Any:
                    return machine.talk(channel, f"{MODULE}:attend")

                self._talk = Talk(
                    call, self._executor, self._ended, is_shared=True, learn=self._served.learn
                )
                await self._talk.begin()
            kind = b"W" if request.get("type") == "websocket" else b"R"
            return self._talk.begin_stream(kind, request)

    def _woken(self) -> LivingMachine:
        if self._machine is not None and not self._machine.is_over:
            return self._machine
        self._served.figures.living += 1
        file, self._file = self._file, None
        if file is None:
            return self._served.pool.start(MODULE)
        self._served.figures.asleep -= 1
        assert self._sleeper is not None, "there is a file of it"
        try:
            return self._sleeper.wake(file)
        finally:
            file.unlink(missing_ok=True)

    def _ended(self, result: Any) -> None:
        machine = self._machine
        if machine is not None and machine.is_over:
            self._forget(machine)
            if isinstance(result, Exception):
                logger.warning("a machine that lived on has ended: %s", str(result)[:200])

    def _forget(self, machine: LivingMachine) -> None:
        machine.close()
        self._machine = None
        self._served.figures.living -= 1

    async def sleep(self, file: Path) -> bool:
        """Puts the machine away, once nobody has a stream of it. False: it stays awake. Raises
        OSError where there is no room for it: nothing is lost."""
        async with self._entering:
            talk, machine = self._talk, self._machine
            if machine is None or talk is None or talk.has_streams:
                return machine is None
            if not talk.is_over:
                talk.finish()
                await talk.wait()
            self._talk = None
            if machine.is_over:
                return True
            loop = asyncio.get_running_loop()
            is_saved = False
            try:
                is_saved = await loop.run_in_executor(None, machine.save, file)
            finally:
                if not is_saved:
                    file.unlink(missing_ok=True)
            if not is_saved:
                return False
            self._sleeper, self._file = machine, file
            self._served.figures.asleep += 1
            self._forget(machine)
            return True

    def close(self) -> None:
        if self._talk is not None and not self._talk.is_over:
            self._talk.cancel()
        elif self._machine is not None:
            self._forget(self._machine)
        if self._file is not None:
            self._file.unlink(missing_ok=True)
            self._served.figures.asleep -= 1
            self._file = None


class One:
    """One machine that lives on, for all."""

    def __init__(self, served: Served) -> None:
        self._executor = ThreadPoolExecutor(2, "boxer-serve")
        self._living = Living(served, self._executor)

    async def open(self, request: dict[str, Any], scope: Any) -> Stream:
        return await self._living.open(request)

    def done(self, stream: Stream, scope: Any) -> None:
        pass

    def close(self) -> None:
        self._living.close()
        self._executor.shutdown(wait=False, cancel_futures=True)


class Connection:
    """A client's, as the server knows it. living: its machine, once it has one."""

    def __init__(self) -> None:
        self.living: Living | None = None

    def end(self) -> None:
        living, self.living = self.living, None
        if living is not None:
            living.close()


class PerConnection:
    """A machine for each connection, which lives as long. most: at once."""

    def __init__(self, served: Served, most: int) -> None:
        self._served, self._most = served, most
        self._executor = ThreadPoolExecutor(MOST_AWAKE, "boxer-serve")

    async def open(self, request: dict[str, Any], scope: Any) -> Stream:
        connection = (scope.get("state") or {}).get(CONNECTION)
        if not isinstance(connection, Connection):
            raise NoRoomError("the server does not tell of connections")
        if connection.living is None:
            if self._served.figures.living >= self._most:
                raise NoRoomError
            connection.living = Living(self._served, self._executor)
        return await connection.living.open(request)

    def done(self, stream: Stream, scope: Any) -> None:
        """A WebSocket is the last of its connection."""
        connection = (scope.get("state") or {}).get(CONNECTION)
        if scope["type"] == "websocket" and isinstance(connection, Connection):
            connection.end()

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
