"""What a server behind the one in front may answer, and what comes of it by the byte."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from boxer.serving.forwarding import announced, forwarded
from boxer.serving.upstream import MOST_HEAD, Upstream, UpstreamError

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 2\r\n\r\nhi"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
REFUSED = {
    "a folded header": OK + b"X-A: a\r\n b\r\n" + LENGTH,
    "a CR in a value": OK + b"X-A: a\rX-B: b\r\n" + LENGTH,
    "lines that end with LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
    "a NUL in a value": OK + b"X-A: a\0b\r\n" + LENGTH,
    "an escape in a value": OK + b"X-A: \x1b[31m\r\n" + LENGTH,
    "a name with a space": OK + b"X A: a\r\n" + LENGTH,
    "a space before the colon": OK + b"X-A : a\r\n" + LENGTH,
    "chunks and a length": OK + CHUNKED + b"Content-Length: 2\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "a length and chunks": OK + b"Content-Length: 2\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
    "less than its length": OK + b"Content-Length: 9\r\n\r\nhi",
    "chunks without an end": OK + CHUNKED + b"\r\n5\r\nhello\r\n",
    "another protocol": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nblah",
    "a status of one digit": b"HTTP/1.1 0 OK\r\n" + LENGTH,
    "a status of 999": b"HTTP/1.1 999 OK\r\n" + LENGTH,
    "no HTTP": b"\x16\x03\x01hello",
    "one long header": OK + b"X-A: " + b"a" * MOST_HEAD + b"\r\n" + LENGTH,
    "many small headers": OK + b"A:\r\n" * (MOST_HEAD // 5 + 1) + LENGTH,
    "nothing": b"",
    "only what comes before an answer": b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n",
}
READ = {
    "more than its length": OK + LENGTH + b"more",
    "another answer": OK + LENGTH + b"HTTP/1.1 500 No\r\nContent-Length: 4\r\nX-A: a\r\n\r\nevil",
    "what comes before an answer": b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH,
    "trailers": OK + CHUNKED + b"\r\n2\r\nhi\r\n0\r\nX-A: a\r\n\r\n",
    "the connection's own": OK + b"Connection: x\r\nKeep-Alive: 1\r\nUpgrade: a\r\n" + LENGTH,
    "up to the end": b"HTTP/1.0 200 OK\r\n\r\nhi",
}


class _Nothing:
    transport: Any = None


async def answer(parts: list[bytes]) -> tuple[int, dict[bytes, bytes], bytes]:
    reader = asyncio.StreamReader()
    upstream = Upstream(reader, _Nothing())  # type: ignore[arg-type]
    for part in parts:
        reader.feed_data(part)
    reader.feed_eof()
    status, headers = await upstream.head()
    body, has_more = b"", True
    while has_more:
        part, has_more = await upstream.body()
        body += part
    return status, {name.lower(): value for name, value in headers}, body


def by_the_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize("name", REFUSED)
def test_an_answer_that_is_none(name: str) -> None:
    for parts in ([REFUSED[name]], by_the_byte(REFUSED[name])):
        with pytest.raises(UpstreamError):
            asyncio.run(answer(parts))


@pytest.mark.parametrize("name", READ)
def test_an_answer_is_over_where_it_says_so(name: str) -> None:
    for parts in ([READ[name]], by_the_byte(READ[name])):
        status, headers, body = asyncio.run(answer(parts))
        assert (status, body) == (200, b"hi")
        assert set(headers) <= {b"content-length"}


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "scheme": "http", "client": ("192.0.2.7", 1), "headers": headers}


def test_a_body_goes_on_in_one_framing() -> None:
    length, chunked = (b"content-length", b"5"), (b"transfer-encoding", b"chunked")
    for headers, framing in (
        ((length,), [length]), ((chunked,), [chunked]), ((length, chunked), [chunked]), ((), []),
    ):  # fmt: skip
        is_chunked, _ = announced(scope(*headers))
        kept = forwarded(scope(*headers), "1", is_chunked)
        assert [pair for pair in kept if pair[0] in (length[0], chunked[0])] == framing


def test_what_is_told_of_who_asks_is_ours() -> None:
    """Also where the server in the box takes `_` for `-`."""
    names = ("x-forwarded-for", "x_forwarded_for", "x-forwarded_proto", "forwarded", "x_request_id")
    given = scope(*((name.encode(), b"theirs") for name in names), (b"x_mine", b"kept"))
    kept = forwarded(given, "ours", False)
    assert (b"x_mine", b"kept") in kept
    assert b"theirs" not in {value for _, value in kept}
    assert (b"x-forwarded-for", b"192.0.2.7") in kept
