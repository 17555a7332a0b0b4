"""Frames between a machine and its host while a call runs.

A frame is its kind (a byte), the number of its stream and the size of its data (four bytes each,
big-endian), and the data, LARGEST bytes at most. Both ends keep count of what the other may send on
a stream (WINDOW): who takes data gives credit, so that nobody holds more than that.

    host to machine                               machine to host
    R  JSON: a request, whole or "more_body"      S  JSON: {"status", "headers", "trailers"}
    W  JSON: a WebSocket's request                A  JSON: accepted {"subprotocol", "headers"}
    B  a part of the body    E  its end           B, E  likewise     H  JSON: trailers
    t, T  a message's text, and the last part     t, T, y, Y  likewise
    y, Y  a message's bytes, likewise             X  JSON: closed {"code", "reason"}
    D  JSON: the client is gone {"code"}          F  JSON: the stream is over {"imported"}
    C  credit: four bytes                         C  likewise
    P  of stream 0: end once nothing runs         !  JSON: it failed {"type", "message", ...}
"""

import _thread
import json
import os
import struct
from collections import deque

HEAD = struct.Struct("!cII")
LARGEST = 1 << 16
WINDOW = 1 << 18
# What a frame counts for beside its data.
OVERHEAD = 64


class GoneError(ConnectionError):
    """The client is gone."""


class Channel:
    """The machine's end: what were its standard input and output. What the program prints goes to
    standard error from then on, and what it reads is empty."""

    def __init__(self):
        self.inward, self._outward = os.dup(0), os.dup(1)
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0, True)
        os.close(null)
        os.dup2(2, 1, True)
        self.streams = {}
        self.is_ended = False
        self.opened = None  # called with what begins
        self.turned = None  # a Condition: another thread reads the frames
        self._writing = _thread.allocate_lock()
        self._rest = bytearray()

    def send(self, kind, number, data=b""):
        with self._writing:
            frame = HEAD.pack(kind, number, len(data)) + data
            written = os.write(self._outward, frame)
            while written < len(frame):
                frame = memoryview(frame)[written:]
                written = os.write(self._outward, frame)

    def send_json(self, kind, number, value):
        data = json.dumps(value, separators=(",", ":")).encode()
        self.send(kind, number, data)

    def pump(self):
        """Waits for bytes of the host's and hands on the frames in them."""
        try:
            got = os.read(self.inward, LARGEST)
        except BlockingIOError:
            return
        if not got:
            self.is_ended = True
            for stream in list(self.streams.values()):
                stream.feed(b"D", b"{}")
            return
        rest = self._rest
        rest += got
        at = 0
        while len(rest) - at >= HEAD.size:
            kind, number, size = HEAD.unpack_from(rest, at)
            if len(rest) - at - HEAD.size < size:
                break
            at += HEAD.size
            self._hand_on(kind, number, bytes(rest[at : at + size]))
            at += size
        del rest[:at]

    def _hand_on(self, kind, number, data):
        if kind in b"RW":
            self.opened(self.open(number), json.loads(data))
        elif kind == b"P":
            self.is_ended = True
        elif number in self.streams:
            self.streams[number].feed(kind, data)

    def open(self, number):
        stream = self.streams[number] = Stream(self, number)
        return stream

    def wait(self, is_enough):
        """On a thread of its own, or the only one."""
        if self.turned is None:
            while not is_enough():
                self.pump()
        else:
            with self.turned:
                self.turned.wait_for(is_enough)


class Stream:
    """One request, or WebSocket. parts: that have come and nobody has taken: (kind, data)."""

    def __init__(self, channel, number):
        self.channel, self.number = channel, number
        self.parts = deque()
        self.gone = None
        self._room = WINDOW
        self._owed = 0
        self._has_asked = False
        self._waiter = None

    def feed(self, kind, data):
        if kind == b"C":
            self._room += int.from_bytes(data, "big")
        elif kind == b"D":
            self.gone = json.loads(data)
        else:
            self.parts.append((kind, data))
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def send(self, kind, data=b""):
        self.channel.send(kind, self.number, data)

    def send_json(self, kind, value):
        self.channel.send_json(kind, self.number, value)

    def close(self):
        self.channel.streams.pop(self.number, None)

    def _ask(self):
        """The host sends no body to who does not ask: it may wait for a `100 Continue`."""
        if not self._has_asked:
            self._has_asked = True
            self.send(b"C", WINDOW.to_bytes(4, "big"))

    def _take(self):
        kind, data = self.parts.popleft()
        self._owed += len(data) + OVERHEAD
        if self._owed >= WINDOW // 2:
            self.send(b"C", self._owed.to_bytes(4, "big"))
            self._owed = 0
        return kind, data

    # For who runs in a thread.

    def take(self):
        """The next part. Raises `GoneError`."""
        self._ask()
        if not self.parts and not self.gone:
            self.channel.wait(self._has_come)
        if self.parts:
            return self._take()
        raise GoneError("the client is gone")

    def take_body(self):
        parts = []
        while (taken := self.take())[0] == b"B":
            parts.append(taken[1])
        return b"".join(parts)

    def put(self, data):
        """A part of the answer's body. Raises `GoneError`."""
        for at in range(0, len(data), LARGEST):
            if self._room <= 0 and not self.gone:
                self.channel.wait(self._may_send)
            self._put(b"B", data[at : at + LARGEST])

    def _has_come(self):
        return bool(self.parts) or self.gone is not None

    def _may_send(self):
        return self._room > 0 or self.gone is not None

    def _put(self, kind, part):
        if self.gone is not None:
            raise GoneError("the client is gone")
        self._room -= len(part) + OVERHEAD
        self.send(kind, part)

    # For who runs in the event loop.

    async def take_later(self, loop):
        """The next part; None: the client is gone."""
        self._ask()
        while not self._has_come():
            await self._turn(loop)
        return self._take() if self.parts else None

    async def put_later(self, loop, kind, data):
        """kind: of the last part; those before it are of the small letter, if it has one."""
        data = memoryview(data)
        at = 0
        while True:
            while not self._may_send():
                await self._turn(loop)
            part = data[at : at + LARGEST]
            at += LARGEST
            is_last = at >= len(data)
            self._put(kind if is_last or kind == b"B" else kind.lower(), part)
            if is_last:
                return

    def _turn(self, loop):
        if self._waiter is None:
            self._waiter = loop.create_future()
        return self._waiter
