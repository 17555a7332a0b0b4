"""A call under way on a thread, and its streams in the event loop.

Belongs here: frames in and out, credit, the call's end. Does not: what a stream carries
(`exchange`, `websocket`).

Invariants
1. Of a stream no more than WINDOW bytes and a frame are held here, nor in the machine: who sends
   more ends its call.
2. A stream's last event is OVER, whatever becomes of the machine.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, cast

from boxer.errors import GuestError
from boxer.runtime import Channel, Usage
from boxer.serving.frames import (
    LARGEST,
    OVERHEAD,
    PARTS,
    WINDOW,
    Decoder,
    FrameError,
    frame,
    json_frame,
    read_json,
)

# An event's kind: a frame's, or this one with the call's result, or what it raised.
OVER = b""
Event = tuple[bytes, Any]
# Frames without room in the window that a stream may have here.
MOST_EVENTS = 1024


class Talk(asyncio.Protocol):
    """call: made on a thread of the executor, with the channel. ended: called once it is over,
    with its result or what it raised. is_shared: others have streams of it. has_end: what the
    machine sends is bounded as a whole, not by the message. learn: told what requests imported."""

    def __init__(
        self,
        call: Callable[[Channel], Any],
        executor: Executor,
        ended: Callable[[Any], None] = lambda result: None,
        is_shared: bool = False,
        has_end: bool = True,
        learn: Callable[[object], None] = lambda modules: None,
    ) -> None:
        self.is_shared = is_shared
        self._call, self._executor, self._ended = call, executor, ended
        self.learn = learn
        self._channel = Channel(has_end)
        self._decoder = Decoder()
        self._streams: dict[int, Stream] = {}
        self._numbers = 0
        self._transport: asyncio.WriteTransport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._read = asyncio.Event()  # all of it
        self._error: Exception | None = None
        self.is_over = False

    async def begin(self) -> None:
        self._loop = loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self, sock=self._channel.ours)
        self._result = loop.run_in_executor(self._executor, self._call, self._channel)
        self._ending = loop.create_task(self._end())

    def open(self) -> Stream:
        """The next stream; the first has the number 1."""
        self._numbers += 1
        stream = self._streams[self._numbers] = Stream(self, self._numbers)
        return stream

    def begin_stream(self, kind: bytes, request: dict[str, Any]) -> Stream:
        """A request of a machine that lives on."""
        stream = self.open()
        self.write(json_frame(kind, stream.number, request))
        return stream

    @property
    def usage(self) -> Usage | None:
        """Once the call is over."""
        return self._channel.usage

    @property
    def has_streams(self) -> bool:
        return bool(self._streams)

    def finish(self) -> None:
        """The machine may end its call: no stream is open."""
        self.write(frame(b"P", 0))

    def cancel(self, error: Exception | None = None) -> None:
        """Ends the call now. error: what its streams are told instead."""
        self._error = self._error or error
        self._channel.cancel()

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def write_leave(self, number: int, code: int, reason: str) -> None:
        self.write(json_frame(b"D", number, {"code": code, "reason": reason}))

    async def drain(self) -> None:
        await self._writable.wait()

    def forget(self, stream: Stream) -> None:
        self._streams.pop(stream.number, None)

    async def wait(self) -> None:
        """Until the call is over."""
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        result: Any
        try:
            result = await self._result
        except asyncio.CancelledError:  # the loop ends
            self._channel.cancel()
            if self._transport is not None:
                self._transport.abort()
            raise
        except Exception as error:  # whatever ended the machine is told by each stream
            result = self._error or error
        self.is_over = True
        await self._read.wait()  # what the machine wrote before its end
        for stream in list(self._streams.values()):
            stream.feed(OVER, result)
        self._ended(result)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # not by its class: loops differ

    def data_received(self, data: bytes) -> None:
        try:
            for kind, number, part in self._decoder.feed(data):
                stream = self._streams.get(number)
                if stream is not None:
                    stream.take_frame(kind, part)
        except FrameError as error:
            self.cancel(GuestError("ProtocolError", str(error), ""))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._writable.set()
        self._read.set()
        self._transport = None
        self._channel.close()


class Stream:
    """One request, or WebSocket, of a call."""

    def __init__(self, talk: Talk, number: int) -> None:
        self.talk, self.number = talk, number
        self.is_over = False
        self.headers: list[list[str]] = []  # more of the answer's
        self.owner: Any = None
        self._events: deque[Event] = deque()
        self._held = self._owed = 0
        self._room = 0
        self._waiter: asyncio.Future[None] | None = None
        self._sender: asyncio.Future[None] | None = None

    def take_frame(self, kind: bytes, data: bytes) -> None:
        """Raises `FrameError`."""
        if kind == b"C":
            if len(data) == 4:
                self._room += struct.unpack("!I", data)[0]
            self._wake_sender()
        elif kind in PARTS:
            self._held += len(data) + OVERHEAD
            if self._held > WINDOW + LARGEST + OVERHEAD:
                raise FrameError("more than there is credit for")
            self.feed(kind, data)
        elif len(self._events) > MOST_EVENTS:
            raise FrameError("too many frames")
        elif kind == b"F":
            told = _dict(read_json(data))
            self.talk.learn(told.get("imported"))
            self.feed(OVER, {"streamed": True, **told})
        elif kind == b"!":
            told = _dict(read_json(data))
            error = [str(told.get(name, "")) for name in ("type", "message", "traceback")]
            self.feed(OVER, GuestError(*error))
        else:
            self.feed(kind, None if kind == b"E" else read_json(data))

    def feed(self, kind: bytes, value: Any) -> None:
        if self.is_over:
            return
        if kind == OVER:
            self.is_over = True
            self.talk.forget(self)
            self._wake_sender()
        self._events.append((kind, value))
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def next(self) -> Event:
        """What the machine says next. After OVER there is nothing."""
        while not self._events:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        kind, value = self._events.popleft()
        if kind in PARTS:
            cost = len(value) + OVERHEAD
            self._held -= cost
            self._owed += cost
            if self._owed >= WINDOW // 2:
                self.talk.write(frame(b"C", self.number, self._owed.to_bytes(4, "big")))
                self._owed = 0
        return kind, value

    async def asked(self) -> bool:
        """Once the machine wants a part; False: it never will."""
        while self._room <= 0 and not self.is_over:
            self._sender = asyncio.get_running_loop().create_future()
            await self._sender
        return not self.is_over

    async def put(self, kind: bytes, data: bytes) -> None:
        """kind: of the last part; those before it are of the small letter, but a body's."""
        at = 0
        while True:
            part = data[at : at + LARGEST]
            at += LARGEST
            is_last = at >= len(data)
            if not await self.asked():
                return
            self._room -= len(part) + OVERHEAD
            told = kind if is_last or kind == b"B" else kind.lower()
            self.talk.write(frame(told, self.number, part))
            await self.talk.drain()
            if is_last:
                return

    def end_body(self) -> None:
        self.talk.write(frame(b"E", self.number))

    def leave(self, code: int = 1005, reason: str = "") -> None:
        """Its client is gone."""
        if not self.is_over:
            self.talk.write_leave(self.number, code, reason)

    def _wake_sender(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None and not sender.done():
            sender.set_result(None)


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FrameError("a frame that is no object")
    return value
