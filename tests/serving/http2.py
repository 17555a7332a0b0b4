"""A client of HTTP/2 by the frame, which says what it likes."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress

import hpack
from hyperframe.exceptions import UnknownFrameError
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)

from tests.serving.running import PATIENCE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GET = ((":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/"))


def raw(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame as RFC 9113 section 4.1 has it, whatever is in it."""
    head = struct.pack("!I", len(payload))[1:] + bytes((kind, flags))
    return head + struct.pack("!I", stream) + payload


class Http2:
    """settings: what the client announces."""

    def __init__(self, port: int, settings: dict[int, int] | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.encoder, self._decoder = hpack.Encoder(), hpack.Decoder()
        self._rest = b""
        self.stream = -1
        self.send(PREFACE, SettingsFrame(0, settings=settings or {}))

    def __enter__(self) -> Http2:
        return self

    def __exit__(self, *raised: object) -> None:
        self.socket.close()

    def send(self, *frames: Frame | bytes) -> None:
        """What the server has closed meanwhile is not said."""
        with suppress(OSError):
            self.socket.sendall(
                b"".join(one if isinstance(one, bytes) else one.serialize() for one in frames)
            )

    def ask(
        self, headers: Iterable[tuple[str, str]] = GET, flags: Iterable[str] = ("END_STREAM",)
    ) -> int:
        """The new stream's number."""
        self.stream += 2
        frame = HeadersFrame(self.stream, self.encoder.encode(list(headers)))
        frame.flags |= {"END_HEADERS", *flags}
        self.send(frame)
        return self.stream

    def frames(self) -> Iterator[Frame]:
        """Until the connection ends; settings are acknowledged."""
        while True:
            while len(self._rest) >= 9:
                try:
                    frame, size = Frame.parse_frame_header(memoryview(self._rest[:9]))
                except UnknownFrameError as error:
                    self._rest = self._rest[9 + error.length :]
                    continue
                if len(self._rest) < 9 + size:
                    break
                frame.parse_body(memoryview(self._rest[9 : 9 + size]))
                self._rest = self._rest[9 + size :]
                if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                    self.send(SettingsFrame(0, flags=["ACK"]))
                yield frame
            try:
                got = self.socket.recv(1 << 16)
            except ConnectionError:
                return
            if not got:
                return
            self._rest += got

    def _fields(self, frame: HeadersFrame) -> dict[str, str]:
        return {str(name): str(value) for name, value in self._decoder.decode(frame.data)}

    def answer(self, stream: int) -> tuple[dict[str, str], bytes, dict[str, str]]:
        """Headers, body and trailers. Raises ConnectionError with the code that ended it."""
        heads: list[dict[str, str]] = []
        body = b""
        for frame in self.frames():
            if isinstance(frame, GoAwayFrame) and frame.error_code:
                raise ConnectionError("GOAWAY", frame.error_code)
            if frame.stream_id != stream:
                continue
            if isinstance(frame, RstStreamFrame):
                raise ConnectionError("RST_STREAM", frame.error_code)
            if isinstance(frame, HeadersFrame):
                heads.append(self._fields(frame))
            elif isinstance(frame, DataFrame):
                body += frame.data
            if "END_STREAM" in frame.flags:
                return heads[0], body, heads[1] if len(heads) > 1 else {}
        raise ConnectionError("closed", None)

    def verdict(self) -> tuple[str, int | None]:
        """What the server makes of what was sent: "GOAWAY" or "RST_STREAM" and the code, "status"
        and an answer's, "closed", or "PING": nothing so far, and it goes on."""
        self.send(PingFrame(0, b"and now?"))
        for frame in self.frames():
            if isinstance(frame, GoAwayFrame):
                return "GOAWAY", frame.error_code
            if isinstance(frame, RstStreamFrame):
                return "RST_STREAM", frame.error_code
            if isinstance(frame, HeadersFrame):
                return "status", int(self._fields(frame)[":status"])
            if isinstance(frame, PingFrame) and frame.opaque_data == b"and now?":
                return "PING", None
        return "closed", None
