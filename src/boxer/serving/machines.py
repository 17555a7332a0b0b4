"""Which machine answers a request.

Belongs here: fresh machines of the pool; machines that live on, for a connection, a session or all.
Does not: what is said to them (`talk`).

Invariant: a machine that lives on is given to nobody but whose key it was made for.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from boxer.runtime import Channel
from boxer.serving.served import MODULE, Served
from boxer.serving.talk import Stream, Talk


class Machines(Protocol):
    async def open(self, request: dict[str, Any], scope: Any) -> Stream:
        """A stream of the machine that answers, which has the request."""

    def close(self) -> None: ...


class Fresh:
    """A machine of the pool for each request."""

    def __init__(self, served: Served) -> None:
        self._served = served
        # Threads are made as they are needed.
        self._executor = ThreadPoolExecutor(served.pool.size, "boxer-serve")

    async def open(self, request: dict[str, Any], scope: Any) -> Stream:
        def call(channel: Channel) -> Any:
            return self._served.talk(channel, request)

        talk = Talk(call, self._executor, self._ended)
        await talk.begin()
        return talk.open()

    def _ended(self, result: Any) -> None:
        if isinstance(result, dict):
            self._served.learn(result.get("imported"))

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


class Living:
    """One machine that lives on; it is made when it is first asked, and anew when it has ended."""

    def __init__(self, served: Served, executor: ThreadPoolExecutor) -> None:
        self._served, self._executor = served, executor
        self._talk: Talk | None = None
        self._making = asyncio.Lock()

    async def open(self, request: dict[str, Any], scope: Any) -> Stream:
        async with self._making:
            if self._talk is None or self._talk.is_over:
                loop = asyncio.get_running_loop()
                machine = await loop.run_in_executor(None, self._served.pool.start, MODULE)

                def call(channel: Channel) -> Any:
                    return machine.talk(channel, f"{MODULE}:attend")

                self._talk = Talk(call, self._executor, lambda _: machine.close(), is_shared=True)
                await self._talk.begin()
        kind = b"W" if request.get("type") == "websocket" else b"R"
        return self._talk.begin_stream(kind, request)

    def close(self) -> None:
        if self._talk is not None:
            self._talk.cancel()
