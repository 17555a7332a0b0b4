"""HTTP/2 of `--host-lib granian`, by what RFC 9113 says and h2spec asks: whoever breaks it is told
so by the right code, and other connections never notice."""

from __future__ import annotations

import signal
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.serving.running import PATIENCE, command

pytest.importorskip("granian", reason="granian is not installed")
pytest.importorskip("hyperframe", reason="h2 is not installed")

from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.serving.http2 import GET, PREFACE, Http2, raw

pytestmark = pytest.mark.base
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, MORE = range(10)
PROTOCOL, FLOW, CLOSED, SIZE, COMPRESSION, CALM = 1, 3, 5, 6, 9, 11
SECRET = (*GET[:3], (":path", "/secret"), ("x-secret", "own"))


@pytest.fixture(scope="module")
def port(served_file: Path) -> Iterator[int]:
    options = ("--app", "streaming:app", "--host-lib", "granian")
    with command(served_file, *options) as (port, process):
        yield port
        assert process.poll() is None


@pytest.fixture(scope="module")
def other(port: int) -> Iterator[Http2]:
    with Http2(port) as client:
        yield client


@pytest.fixture(autouse=True)
def _others_never_notice(other: Http2) -> Iterator[None]:
    yield
    head, body, _ = other.answer(other.ask(SECRET))
    assert (head[":status"], body) == ("200", b"own|own")


def setting(name: int, value: int) -> bytes:
    return raw(SETTINGS, 0, 0, struct.pack("!HI", name, value))


WHOLE = b"\x82\x86\x84\x41\x01a"  # GET http / of the authority a (RFC 7541)
CONNECTION_ERRORS: dict[str, tuple[bytes, set[int]]] = {
    "data on stream 0": (raw(DATA, 0, 0, b"a"), {PROTOCOL}),
    "headers on stream 0": (raw(HEADERS, 5, 0, WHOLE), {PROTOCOL}),
    "a stream of the server's": (raw(HEADERS, 5, 2, WHOLE), {PROTOCOL}),
    "data of a stream that is not open": (raw(DATA, 0, 5, b"a"), {PROTOCOL, CLOSED}),
    "a reset of a stream that is not open": (raw(RST, 0, 5, bytes(4)), {PROTOCOL}),
    "a reset of three bytes": (raw(HEADERS, 4, 1, WHOLE) + raw(RST, 0, 1, bytes(3)), {SIZE}),
    "a frame over the bound": (raw(HEADERS, 4, 1, WHOLE) + raw(DATA, 0, 1, bytes(16385)), {SIZE}),
    "settings of a stream": (raw(SETTINGS, 0, 1), {PROTOCOL}),
    "settings of five bytes": (raw(SETTINGS, 0, 0, bytes(5)), {SIZE}),
    "an acknowledgement with settings": (raw(SETTINGS, 1, 0, bytes(6)), {SIZE}),
    "pushes are 2": (setting(2, 2), {PROTOCOL}),
    "a window of 2^31": (setting(4, 1 << 31), {FLOW}),
    "frames of 100 bytes": (setting(5, 100), {PROTOCOL}),
    "frames of 2^24 bytes": (setting(5, 1 << 24), {PROTOCOL}),
    "a push": (raw(PUSH, 4, 1, struct.pack("!I", 2) + WHOLE), {PROTOCOL}),
    "a ping of seven bytes": (raw(PING, 0, 0, bytes(7)), {SIZE}),
    "a ping of a stream": (raw(PING, 0, 1, bytes(8)), {PROTOCOL}),
    "a goodbye of a stream": (raw(GOAWAY, 0, 1, bytes(8)), {PROTOCOL}),
    "no more window": (raw(WINDOW, 0, 0, bytes(4)), {PROTOCOL}),
    "a window update of three bytes": (raw(WINDOW, 0, 0, bytes(3)), {SIZE}),
    "a window beyond 2^31": (raw(WINDOW, 0, 0, struct.pack("!I", (1 << 31) - 1)) * 2, {FLOW}),
    "more of no headers": (raw(MORE, 4, 1, WHOLE), {PROTOCOL}),
    "something between headers": (
        raw(HEADERS, 1, 1, WHOLE) + raw(PING, 0, 0, bytes(8)),
        {PROTOCOL},
    ),
    "more of other headers": (raw(HEADERS, 1, 1, WHOLE) + raw(MORE, 4, 3, b""), {PROTOCOL}),
    "an index that is not there": (raw(HEADERS, 5, 1, b"\xff\xff\xff\x0f"), {COMPRESSION}),
    "a table beyond its bound": (raw(HEADERS, 5, 1, b"\x3f\xe1\xff\x0f" + WHOLE), {COMPRESSION}),
    "padding that is longer than its frame": (raw(HEADERS, 13, 1, b"\xff" + WHOLE), {PROTOCOL}),
}
STREAM_ERRORS: dict[str, tuple[tuple[str, str], ...]] = {
    "a large letter": (*GET, ("X-Large", "a")),
    "an unknown pseudo-header": (*GET, (":odd", "a")),
    "a pseudo-header of answers": (*GET, (":status", "200")),
    "a pseudo-header behind others": (*GET[:3], ("x-a", "b"), GET[3]),
    "connection": (*GET, ("connection", "keep-alive")),
    "transfer-encoding": (*GET, ("transfer-encoding", "chunked")),
    "te: gzip": (*GET, ("te", "gzip")),
    "no method": GET[1:],
    "no scheme": (GET[0], *GET[2:]),
    "no path": GET[:3],
    "an empty path": (*GET[:3], (":path", "")),
    "two paths": (*GET, (":path", "/b")),
    "a line's end in a value": (*GET, ("x-a", "b\r\nx-c: d")),
    "a NUL in a value": (*GET, ("x-a", "b\0c")),
    "a space in a name": (*GET, ("x a", "b")),
}


# The connection ends, too, but hyper, granian's library, says PROTOCOL_ERROR.
BY_ANOTHER_CODE = {
    "a reset of three bytes",
    "settings of five bytes",
    "an acknowledgement with settings",
    "a window of 2^31",
    "a ping of seven bytes",
    "a window update of three bytes",
    "an index that is not there",
    "a table beyond its bound",
}


@pytest.mark.parametrize("name", CONNECTION_ERRORS)
def test_what_ends_a_connection(port: int, name: str) -> None:
    sent, codes = CONNECTION_ERRORS[name]
    if name in BY_ANOTHER_CODE:
        codes = {PROTOCOL}
    with Http2(port) as client:
        client.send(sent)
        said, code = client.verdict()
        while said in ("RST_STREAM", "status") and code not in codes:
            said, code = client.verdict()
    assert said == "closed" or code in codes, (said, code)


@pytest.mark.parametrize("name", STREAM_ERRORS)
def test_what_ends_a_stream(port: int, name: str) -> None:
    with Http2(port) as client:
        assert ended(client, client.ask(STREAM_ERRORS[name])) in (PROTOCOL, "400")


def ended(client: Http2, stream: int) -> int | str | None:
    """By which code, or status."""
    try:
        return client.answer(stream)[0][":status"]
    except ConnectionError as error:
        code: int | None = error.args[1]
        return code


def test_a_bad_preface(port: int) -> None:
    for sent in (
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        PREFACE[:-2] + b"X" * 64,
        PREFACE + bytes(64),
    ):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(sent)
            with suppress(ConnectionError):
                while connection.recv(1 << 16):
                    pass


def test_what_is_ignored(port: int) -> None:
    """Frames, flags and settings of a later day, priorities (section 5.3.2)."""
    with Http2(port) as client:
        client.send(
            raw(0x55, 0xFF, 0, b"later"), setting(0x99, 7), raw(PRIORITY, 0, 9, bytes(5)),
            raw(PING, 0xFE, 0, b"what now"),
        )  # fmt: skip
        pings = (frame for frame in client.frames() if isinstance(frame, PingFrame))
        assert next(pings).opaque_data == b"what now"
        head, body, _ = client.answer(client.ask(SECRET))
    assert (head[":status"], body) == ("200", b"own|own")


def test_lengths_that_are_not_kept(port: int) -> None:
    post = ((":method", "POST"), *GET[1:3], (":path", "/count"), ("content-length", "9"))
    with Http2(port) as client:
        stream = client.ask(post, flags=())
        client.send(DataFrame(stream, b"hi", flags=["END_STREAM"]))
        assert ended(client, stream) in (PROTOCOL, "400", "500")


def test_no_more_is_sent_than_there_is_window_for(port: int) -> None:
    with Http2(port, {SettingsFrame.INITIAL_WINDOW_SIZE: 10}) as client:
        stream = client.ask((*GET[:3], (":path", "/large")))
        got = 0
        for frame in client.frames():
            if isinstance(frame, DataFrame):
                got += len(frame.data)
                if got == 10:
                    break
        client.send(PingFrame(0, b"and now?"))
        for frame in client.frames():
            assert not isinstance(frame, DataFrame)
            if isinstance(frame, PingFrame):
                break
        client.send(WindowUpdateFrame(stream, window_increment=5))
        more = next(frame for frame in client.frames() if isinstance(frame, DataFrame))
        assert len(more.data) == 5
        client.send(WindowUpdateFrame(stream, window_increment=(1 << 31) - 1))
        client.send(WindowUpdateFrame(stream, window_increment=(1 << 31) - 1))
        ends = (f for f in client.frames() if isinstance(f, RstStreamFrame | GoAwayFrame))
        assert next(ends).error_code == FLOW


@pytest.mark.parametrize("size", [0, 1, 16384])
def test_a_flood_of_continuations(port: int, size: int) -> None:
    """CVE-2024-27316: headers that never end, in empty frames, too. Bounded by bytes or frames."""
    with Http2(port) as client:
        client.send(HeadersFrame(1, WHOLE))
        field = b"\x00\x01a" + b"\x7f\xff\x7f" + b"a" * size if size > 1 else b"\x82" * size
        frame = ContinuationFrame(1, field[:16384]).serialize()
        ended = threading.Event()

        def heard() -> None:
            for _ in client.frames():
                pass
            ended.set()

        threading.Thread(target=heard, daemon=True).start()
        for _ in range(3000):
            if ended.is_set():
                break
            client.send(frame)
        assert ended.wait(PATIENCE)


def test_rapid_reset(port: int) -> None:
    """CVE-2023-44487: streams that are reset as soon as they are open."""
    with Http2(port) as client:
        for _ in range(3000):
            stream = client.ask((*GET[:3], (":path", "/events")))
            client.send(RstStreamFrame(stream, error_code=8))
        assert client.verdict() in (("GOAWAY", CALM), ("closed", None), ("PING", None))


@pytest.mark.parametrize(
    "frame", [raw(PING, 0, 0, bytes(8)), raw(SETTINGS, 0, 0)], ids=["ping", "settings"]
)
def test_a_flood_of_what_is_to_be_acknowledged(port: int, frame: bytes) -> None:
    """CVE-2019-9512, 9515: it is read as it can be answered, or not at all."""
    with Http2(port) as client:
        for _ in range(200):
            client.send(frame * 100)


def test_headers_beyond_the_bound(port: int) -> None:
    with Http2(port) as client:
        client.stream += 2
        block = client.encoder.encode([*GET, *((f"x-{n}", "b" * 1000) for n in range(200))])
        parts = [block[at : at + 16000] for at in range(0, len(block), 16000)]
        client.send(HeadersFrame(client.stream, parts[0], flags=["END_STREAM"]))
        for part in parts[1:-1]:
            client.send(ContinuationFrame(client.stream, part))
        client.send(ContinuationFrame(client.stream, parts[-1], flags=["END_HEADERS"]))
        said, code = client.verdict()
    assert said in ("GOAWAY", "RST_STREAM", "closed") or (said, code) == ("status", 431)


def test_fields_behind_a_body_are_no_headers(port: int) -> None:
    with Http2(port) as client:
        post = ((":method", "POST"), *GET[1:3], (":path", "/count"))
        stream = client.ask(post, flags=())
        client.send(DataFrame(stream, b"hi"))
        behind = HeadersFrame(stream, client.encoder.encode([("x-secret", "behind")]))
        behind.flags |= {"END_HEADERS", "END_STREAM"}
        client.send(behind)
        head, body, _ = client.answer(stream)
        assert (head[":status"], body) == ("200", b"2")


def test_a_stop_lets_answers_end(served_file: Path) -> None:
    options = ("--app", "streaming:app", "--host-lib", "granian")
    with command(served_file, *options) as (port, process):
        with Http2(port) as client:
            stream = client.ask((*GET[:3], (":path", "/events")))
            begun = next(frame for frame in client.frames() if isinstance(frame, DataFrame))
            process.send_signal(signal.SIGTERM)
            body = begun.data
            for frame in client.frames():
                if isinstance(frame, DataFrame):
                    body += frame.data
                if frame.stream_id == stream and "END_STREAM" in frame.flags:
                    break
        assert body.count(b"data:") == 3
        assert process.wait(PATIENCE) == 0
