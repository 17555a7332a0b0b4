"""Requests that are answered in the protocol's callback, and those that are not."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import boxer
from boxer.cli.commands.serve import SEPARATOR
from boxer.runtime import Usage
from boxer.serving import Application, asgi
from boxer.serving import served as served_module
from boxer.serving.served import Served, rehearsal_of
from boxer.serving.shapes import CALM, QUICK, SHARED, Shapes
from tests.serving.running import PATIENCE, Client, listening

uvicorn = pytest.importorskip("uvicorn")
from boxer.serving.protocol import Protocol  # noqa: E402 - it takes uvicorn

HERE, PATH = "at_once", ("GET", "/")


@pytest.fixture(scope="module")
def served(served_box: boxer.Box) -> Iterator[Served]:
    with served_box.pool(2, limits=boxer.Limits(time=20)) as pool:
        yield Served(pool, "applications:wsgi", ["GET /"])


@pytest.fixture
def application(served: Served) -> Application:
    """A server that ends, ends its threads."""
    return Application(served)


@pytest.fixture
def port(application: Application) -> Iterator[int]:
    with listening(application, Protocol, limit_concurrency=None) as made:
        yield made


def answered(client: Client) -> tuple[int, dict[str, str], bytes]:
    status, headers = client.head()
    return status, headers, client.exactly(int(headers["content-length"]))


def test_a_connection_goes_on(port: int) -> None:
    with Client(port) as client:
        for number in range(3):
            client.ask(f"/{number}?a=b%20c")
            status, headers, body = answered(client)
            assert (status, body) == (200, b"GET|/%d|a=b%%20c|1|||none|" % number)
            assert headers["content-type"] == "text/plain"
            assert headers["date"]
            assert len(headers["x-request-id"]) == 32


def test_a_path_is_told_as_it_is_meant(port: int) -> None:
    with Client(port) as client:
        client.ask("/%C3%A9%20x")
        assert answered(client)[2].startswith("GET|/Ã©\u0020x|".encode("latin-1"))


def test_a_head_has_no_body(port: int) -> None:
    with Client(port) as client:
        client.ask("/", "HEAD")
        status, headers = client.head()
        assert (status, int(headers["content-length"]) > 0) == (200, True)
        client.ask("/after")
        assert answered(client)[2] == b"GET|/after||1|||none|"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_who_wants_no_more_is_hung_up_on(port: int, version: str) -> None:
    with Client(port) as client:
        client.send(f"GET / HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        assert answered(client)[1]["connection"] == "close"
        assert client.socket.recv(1) == b""


def test_many_requests_in_one_piece_are_answered_in_their_order(port: int) -> None:
    with Client(port) as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(20)))
        for number in range(20):
            assert answered(client)[2] == b"GET|/%d||1|||none|" % number


@pytest.mark.parametrize("size", [0, 5, 5000, 300_000])
def test_bodies_in_parts(port: int, size: int) -> None:
    body = bytes(range(33, 113)) * (size // 80) + b"x" * (size % 80)
    with Client(port) as client:
        head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"
        client.send(head.encode() + body[:3])
        client.send(body[3:])
        assert answered(client)[2] == b"POST|/||1|||none|" + body
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send(b"3\r\nabc\r\n0\r\n\r\n")
        assert answered(client)[2] == b"POST|/||1|||none|abc"
        client.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert client.head()[0] == 100
        client.send(b"ab")
        assert answered(client)[2] == b"POST|/||1|||none|ab"


def test_what_is_no_http_is_refused(port: int) -> None:
    with Client(port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
        assert client.head()[0] == 400


def test_which_way_is_counted(
    port: int, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_module, "AT_ONCE", 1000.0)  # however busy this machine is
    ways = application.served.figures.ways
    with Client(port) as client:
        before = ways[HERE]
        client.ask("/a")
        answered(client)
        assert ways[HERE] == before + 1
        client.ask("/fail")
        assert answered(client)[0] == 500
        assert ways[HERE] == before + 2


@pytest.mark.parametrize("trusted", ["127.0.0.1", "192.0.2.1"])
def test_what_a_proxy_says_counts_where_it_is_trusted(
    application: Application, trusted: str
) -> None:
    options = {"forwarded_allow_ips": trusted}
    with listening(application, Protocol, **options) as port, Client(port) as client:
        client.ask("/client", "GET", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https")
        is_trusted = trusted == "127.0.0.1"
        told = b"203.0.113.9 https" if is_trusted else b"127.0.0.1 http"
        assert answered(client)[2] == told


def test_a_quiet_connection_is_closed(application: Application) -> None:
    with (
        listening(application, Protocol, timeout_keep_alive=1) as port,
        Client(port) as client,
        Client(port) as other,
    ):
        for _ in range(3):
            client.ask("/")
            assert answered(client)[0] == 200
        other.ask("/", "GET", "Expect: 100-continue", "Content-Length: 0")  # uvicorn's way
        assert other.head()[0] in (100, 200)
        assert client.socket.recv(1) == b""


def test_a_request_under_way_is_answered_before_the_end(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_ending, answers = threading.Event(), []
    shutdown, on_body = Protocol.shutdown, Protocol.on_body
    has_begun = threading.Event()

    def shut(self: Protocol) -> None:
        shutdown(self)
        is_ending.set()

    def begun(self: Protocol, body: bytes) -> None:
        on_body(self, body)
        has_begun.set()

    monkeypatch.setattr(Protocol, "shutdown", shut)
    monkeypatch.setattr(Protocol, "on_body", begun)

    def send(client: Client) -> None:
        assert is_ending.wait(PATIENCE)
        client.send(b"ef")
        answers.append(answered(client))

    with listening(application, Protocol) as port:
        client = Client(port)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\ncd")
        assert has_begun.wait(PATIENCE)
        sender = threading.Thread(target=send, args=(client,))
        sender.start()
    sender.join(PATIENCE)
    client.socket.close()
    assert answers[0][2] == b"POST|/||1|||none|cdef"


def test_what_rehearsals_leave_is_kept_where_that_is_wanted(served_box: boxer.Box) -> None:
    for keep, count in ((False, b"1"), (True, b"17")):
        with served_box.pool(1) as pool:
            made = asgi(pool, "applications:wsgi", keep_rehearsals=keep)
            with listening(made, Protocol) as port, Client(port) as client:
                for _ in range(2):
                    client.ask("/")
                    assert answered(client)[2].split(b"|")[3] == count


def test_a_rehearsal_may_have_a_body() -> None:
    told = rehearsal_of('post /items?a=b {"name": "té a"}')
    assert (told["method"], told["path"], told["query"]) == ("POST", "/items", "a=b")
    assert told["body"].encode("latin-1").decode() == '{"name": "té a"}'
    assert ["content-type", "application/json"] in told["headers"]
    assert ["content-length", "17"] in told["headers"]
    form = rehearsal_of("POST / a=b&c=d")
    assert ["content-type", "application/x-www-form-urlencoded"] in form["headers"]


@pytest.mark.parametrize(
    ("label", "texts"),
    [
        ("GET /health, GET /a,b", ["GET /health", " GET /a,b"]),
        (
            'GET /, POST /x {"a": 1, "b": [2, "/"]},',
            ["GET /", ' POST /x {"a": 1, "b": [2, "/"]}', ""],
        ),
    ],
)
def test_a_label_has_several(label: str, texts: list[str]) -> None:
    assert SEPARATOR.split(label) == texts


def test_of_a_rehearsal_that_fails_nothing_is_kept(
    served_box: boxer.Box, caplog: pytest.LogCaptureFixture
) -> None:
    with served_box.pool(1) as pool:
        made = asgi(pool, "applications:wsgi", rehearse=["GET /fail"], keep_rehearsals=True)
        with listening(made, Protocol) as port, Client(port) as client:
            client.ask("/")
            assert answered(client)[2].split(b"|")[3] == b"1"
    assert "the rehearsal `GET /fail` failed" in caplog.text


def test_what_is_slow_is_tried_again_after_quick_ones() -> None:
    shapes = Shapes()
    shapes.note_at_once(*PATH, QUICK, QUICK)
    assert not shapes.is_quick(*PATH)
    for calm in (CALM, 2 * CALM):
        for _ in range(calm):
            assert not shapes.is_quick(*PATH)
            shapes.note(*PATH, Usage(time=QUICK * 2, cpu=QUICK / 2))
        assert shapes.is_quick(*PATH)
        shapes.note_at_once(*PATH, None, 1.0)
        assert not shapes.is_quick(*PATH)
    assert shapes.is_quick("POST", "/")


@pytest.mark.parametrize("usage", [None, Usage(SHARED, 0.0), Usage(QUICK, QUICK)])
def test_what_waits_or_fails_on_a_thread_stays_there(usage: Usage | None) -> None:
    shapes = Shapes()
    shapes.note_at_once(*PATH, None, 1.0)
    for _ in range(2 * CALM):
        shapes.note(*PATH, usage)
    assert not shapes.is_quick(*PATH)


def test_one_that_others_held_up_is_no_slow_one_but_two_are() -> None:
    shapes = Shapes()
    for seconds in (QUICK, 0.0, QUICK):
        shapes.note_at_once(*PATH, 0.0, seconds)
        assert shapes.is_quick(*PATH)
    shapes.note_at_once(*PATH, 0.0, QUICK)
    assert not shapes.is_quick(*PATH)
