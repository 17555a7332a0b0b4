"""Requests through `boxer.asgi` and `boxer.wsgi`: every one meets the image."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer.errors import ServeError
from boxer.runtime import Stream
from boxer.serving import Application, asgi, failures, wsgi
from boxer.serving.served import RESPOND, rehearsal_of
from tests.serving.running import until

pytestmark = pytest.mark.base


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    application: Application,
    path: str = "/",
    *,
    method: str = "GET",
    query: str = "",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    body: tuple[bytes, ...] = (b"",),
    client: str = "192.0.2.7",
) -> Answer:
    sent: list[Any] = []
    parts = list(body)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "headers": headers, "client": (client, 5),
        "server": ("example", 80), "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(application(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], told, b"".join(part["body"] for part in sent[1:]))


@pytest.fixture(scope="module")
def pool(served_box: boxer.Box) -> Iterator[boxer.Pool]:
    limits = boxer.Limits(time=20, output="1MB", memory="256MB")
    with served_box.pool(2, limits=limits) as made:
        yield made


@pytest.fixture(scope="module")
def application(pool: boxer.Pool) -> Application:
    return asgi(pool, "applications:wsgi")


def of(box: boxer.Box, app: str, seconds: float = 60, **options: Any) -> Application:
    return asgi(box.pool(1, limits=boxer.Limits(time=seconds)), f"applications:{app}", **options)


def test_a_request_comes_whole_and_meets_no_other(application: Application) -> None:
    headers = (
        (b"x-many", b"1"), (b"x-many", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2"),
        (b"evil_name", b"x"),
    )  # fmt: skip
    for _ in range(3):
        answer = ask(
            application, "/\u00e4 b", method="PUT", query="q=%20", headers=headers,
            body=(b"b\xc3", b"\xb6dy"),
        )  # fmt: skip
        told = answer.body.decode("latin-1").split("|")
        assert told == [
            "PUT",
            "/\u00c3\u00a4 b",
            "q=%20",
            "1",
            "1,2",
            "a=1; b=2",
            "none",
            "b\u00f6dy",
        ]
        assert answer.headers["content-length"] == str(len(answer.body))


def test_what_belongs_to_the_connection_is_ours(application: Application) -> None:
    answer = ask(application, "/written")
    assert (answer.status, answer.body) == (201, b"one two three")
    assert answer.headers.keys() == {"x-a", "content-length", "x-request-id"} or (
        "transfer-encoding" not in {name.lower() for name in answer.headers}
    )


def test_a_request_has_an_id(application: Application) -> None:
    assert (
        ask(application, headers=((b"x-request-id", b"abc-1"),)).headers["x-request-id"] == "abc-1"
    )
    made = [ask(application, headers=((b"x-request-id", b"a\r\nb"),)) for _ in range(2)]
    assert len({answer.headers["x-request-id"] for answer in made}) == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [("/fail", 500), ("/exit", 500), ("/split", 500)],
)
def test_a_request_that_fails_says_no_more_than_that(
    application: Application, path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "boxer.serve"):
        answer = ask(application, path)
    assert (answer.status, answer.body) == (status, b"Internal Server Error\n")
    assert "set-cookie" not in answer.headers
    assert len(caplog.records) == 1
    assert answer.headers["x-request-id"] in caplog.text
    assert ask(application).status == 200


def test_development_tells_why(served_box: boxer.Box) -> None:
    """To who is at this machine, and no page of elsewhere in its browser (DNS rebinding)."""
    application = of(served_box, "wsgi", development=True)
    for client, host in (("127.0.0.1", b"localhost:8000"), ("::1", b"[::1]:8000")):
        answer = ask(application, "/fail", headers=((b"host", host),), client=client)
        assert b"LookupError: nothing there" in answer.body
        assert b"applications.py" in answer.body
    for client, host in (
        ("192.0.2.7", b"localhost"), ("127.0.0.1", b"rebound.example:8000"), ("127.0.0.1", b"[::"),
        ("127.0.0.1", b"127.0.0.1.example"),
    ):  # fmt: skip
        answer = ask(application, "/fail", headers=((b"host", host),), client=client)
        assert answer.body == b"Internal Server Error\n"


@pytest.mark.parametrize("path", ["/fail\nINFO: all is well", "/fail\r\x1b[2J\u2028\u202e"])
def test_what_clients_say_makes_no_line_of_the_log(
    application: Application, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "boxer.serve"):
        assert ask(application, path).status in (200, 500)
        failures.log(LookupError("a\nb"), {"path": path}, "1")
    for record in caplog.records:
        assert record.getMessage().isprintable()


def test_a_request_without_an_end_is_ended(served_box: boxer.Box) -> None:
    assert ask(of(served_box, "wsgi", 3), "/spin").status == 504


def test_a_body_that_is_too_large_reaches_no_machine(served_box: boxer.Box) -> None:
    application = of(served_box, "wsgi", body_bytes=10)
    assert ask(application, method="POST", body=(b"12345", b"67890")).status == 200
    assert ask(application, method="POST", body=(b"12345", b"678901")).status == 413


def test_what_requests_import_is_in_the_image_later(
    pool: boxer.Pool, application: Application
) -> None:
    def imported() -> Any:
        request = {
            "method": "GET", "scheme": "http", "path": "/import", "raw_path": "/import",
            "query": "", "version": "1.1", "root_path": "", "headers": [], "client": None,
            "server": ["a", 1], "body": "",
        }  # fmt: skip
        return pool.call("boxer.web:respond", request).get("imported", [])

    assert imported() == ["colorsys"]
    assert ask(application, "/import").body == b"colorsys"
    until(lambda: imported() == [])
    assert ask(application).body.split(b"|")[3] == b"1"


@pytest.mark.parametrize("path", ["/", "/sleep", "/thread"])
def test_asgi_starts_once_and_answers_afresh(served_box: boxer.Box, path: str) -> None:
    application = of(served_box, "asgi")
    for _ in range(2):
        answer = ask(application, path, method="POST", body=(b"bo", b"dy"))
        more = ", 'thread'" if path == "/thread" else ""
        assert answer.body.decode() == f"POST {path} [0{more}] {{'pool': 'made'}} body"
        assert answer.headers["x-kind"] == "asgi"


def test_asgi_without_a_lifespan(served_box: boxer.Box) -> None:
    answer = ask(of(served_box, "without_lifespan"))
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers


def test_who_listens_behind_its_answer_hears_the_end(served_box: boxer.Box) -> None:
    """Whether that goes by a stream or not."""
    application = of(served_box, "keeps_listening", rehearse=())
    assert ask(application).body == b"heard "
    request = rehearsal_of("GET /")
    assert application.served.pool.call(RESPOND, request)["body"] == "heard "


def test_what_is_raised_behind_an_answer_is_for_the_log(
    served_box: boxer.Box, capfd: pytest.CaptureFixture[str]
) -> None:
    limits = boxer.Limits(time=20)
    with served_box.pool(1, limits=limits, output=Stream.INHERIT) as pool:
        application = asgi(pool, "applications:raises_behind_its_answer", rehearse=())
        for path, expected in (("/", (500, b" page")), ("/parts", (200, b"own page"))):
            answer = ask(application, path)
            assert (answer.status, answer.body) == expected
            assert pool.call(RESPOND, rehearsal_of(f"GET {path}"))["body"] == expected[1].decode()
        assert ask(application, "/early").body == b"Internal Server Error\n"
    assert capfd.readouterr().err.count("LookupError: for the log") >= 4
    with served_box.pool(1, limits=limits) as pool:
        application = asgi(
            pool, "applications:raises_behind_its_answer", rehearse=(), development=True
        )
        here = ((b"host", b"localhost"),)
        assert b"for the log" in ask(application, headers=here, client="127.0.0.1").body


def test_a_rehearsal_that_is_answered_500_tells_why_once(
    served_box: boxer.Box, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The many times that the image gets used to it are not seen."""
    limits = boxer.Limits(time=20)
    with served_box.pool(1, limits=limits, output=Stream.INHERIT) as pool:
        asgi(pool, "applications:raises_behind_its_answer", rehearse=["GET /"])
    assert capfd.readouterr().err.count("LookupError: for the log") == 1
    assert "the rehearsal `GET /` was answered 500" in caplog.text


def test_a_start_up_that_fails_without_its_volume(served_box: boxer.Box, tmp_path: Path) -> None:
    (tmp_path / "told").write_text("told")
    mounts = [boxer.Mount(str(tmp_path), "/data")]
    with served_box.pool(1, limits=boxer.Limits(time=20), mounts=mounts) as pool:
        application = asgi(pool, "applications:starts_on_a_volume")
        for _ in range(2):
            assert ask(application).body == b"told"


def test_functions_and_events(served_box: boxer.Box) -> None:
    function = of(served_box, "double")
    assert ask(function, method="POST", body=(b'{"a":1}',)).body == b'{"twice":[{"a":1},{"a":1}]}'
    assert ask(function, method="POST", body=(b"{",)).status == 400
    event = of(served_box, "handler")
    answer = ask(event, "/tea", method="POST", query="q=x&q=y", body=(b"pot ",))
    assert (answer.status, answer.body, answer.headers["x-path"]) == (418, b"pot x,y", "/tea")
    assert ask(event, "/plain").body == b'{"path": "/plain"}'


def test_a_listener_of_logs_stands(
    served_box: boxer.Box, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its thread ends at the freeze; no record waits for one, or is lost with the machine."""
    limits = boxer.Limits(time=20)
    with served_box.pool(1, limits=limits, output=Stream.INHERIT) as pool:
        application = asgi(pool, "queued:app")
        for path in ("/one", "/again", "/stop", "/two"):
            assert ask(application, path).body == path.encode()
    told = capfd.readouterr().err
    for line in ("at the import", "heard /one", "heard /again", "heard /stop", "heard /two"):
        assert line in told
    # Once stopped it hears nothing, as elsewhere.
    assert told.count("0 left") == told.count("heard") - 1


def test_a_factory_is_called(served_box: boxer.Box) -> None:
    assert ask(of(served_box, "Factory.make()")).status == 200


@pytest.mark.parametrize(
    ("app", "message"),
    [
        ("applications:nothing", "has no `nothing`"),
        ("nowhere:app", "No module named 'nowhere'"),
        ("applications:number", "cannot be called"),
        ("applications:three", "neither WSGI"),
        ("applications:does_not_start", "no database"),
        ("applications:starts_on_a_volume", "no volume"),
        ("json", "say which"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(
    served_box: boxer.Box, app: str, message: str
) -> None:
    with served_box.pool(1) as pool, pytest.raises(ServeError, match=message):
        asgi(pool, app)


def test_a_rehearsal_is_checked(served_box: boxer.Box) -> None:
    with served_box.pool(1) as pool, pytest.raises(ServeError, match="no rehearsal"):
        asgi(pool, "applications:wsgi", rehearse=["/"])


def test_a_pool_serves_one_application(
    pool: boxer.Pool, application: Application, served_box: boxer.Box
) -> None:
    """Each has its state in the pool's image. One that could not be served has left none there."""
    for make in (asgi, wsgi):
        with pytest.raises(ServeError, match="serves an application already"):
            make(pool, "applications:asgi")
    assert ask(application, "/x").body.startswith(b"GET|/x|")
    with served_box.pool(1) as other:
        with pytest.raises(ServeError, match="has no `nothing`"):
            asgi(other, "applications:nothing")
        assert ask(asgi(other, "applications:asgi")).body.startswith(b"GET / ")


def test_wsgi_of_the_host(served_box: boxer.Box) -> None:
    from wsgiref.util import setup_testing_defaults
    from wsgiref.validate import validator

    environ: dict[str, Any] = {"PATH_INFO": "/x", "QUERY_STRING": "a=1", "REQUEST_METHOD": "POST"}
    environ["SCRIPT_NAME"] = ""
    setup_testing_defaults(environ)
    environ |= {"CONTENT_LENGTH": "4", "wsgi.input": io.BytesIO(b"body"), "HTTP_COOKIE": "c=1"}
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        started.append((status, dict(headers)))
        return lambda part: None

    made = wsgi(served_box.pool(1), "applications:wsgi")
    answer = validator(made)(environ, start_response)
    try:
        assert b"".join(answer) == b"POST|/x|a=1|1||c=1|none|body"
    finally:
        answer.close()  # type: ignore[attr-defined]
    assert started[0][0] == "200 OK"
