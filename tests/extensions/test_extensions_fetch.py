"""HTTP by the host on a box's behalf: what is granted is fetched, the rest is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from boxer.extensions import Fetch

HOST = "host.boxer.internal"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"x" * (2000 if self.path == "/large" else 3)
        self.send_response(200)
        self.send_header("X-Seen", self.headers.get("authorization", "none"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_is_granted_is_fetched(port: int) -> None:
    fetch = Fetch([f"{HOST}:{port}"])
    response = fetch.get(f"http://{HOST}:{port}/")
    assert (response["status"], response["body"]) == (200, b"xxx")
    posted = fetch.request("POST", f"http://{HOST}:{port}/", {"a": "b"}, b"\0\1")
    assert (posted["status"], posted["body"]) == (201, b"\0\1")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254"]
)
def test_nothing_else_of_this_machine_is_reached(port: int, host: str) -> None:
    fetch = Fetch([f"{HOST}:{port}"])
    with pytest.raises(PermissionError):
        fetch.get(f"http://{host}:{port}/")
    with pytest.raises(PermissionError):
        fetch.get(f"http://{HOST}:{port}/to?http://{host}:{port}/")
    with pytest.raises(PermissionError):
        Fetch([]).get(f"http://{HOST}:{port}/")


def test_redirects_and_bodies_are_bounded(port: int) -> None:
    fetch = Fetch([f"{HOST}:{port}"], body=1000)
    here = f"http://{HOST}:{port}"
    assert fetch.get(f"{here}/to?/")["url"] == f"{here}/"
    assert fetch.request("GET", f"{here}/to?/", redirects=False)["status"] == 302
    with pytest.raises(ValueError, match="1000"):
        fetch.get(f"{here}/large")
    with pytest.raises(ValueError, match="1000"):
        fetch.request("POST", here, body=b"x" * 1001)
    for url in ("file:///etc/passwd", "ftp://a/", "http://", "nonsense"):
        with pytest.raises(ValueError, match="http"):
            fetch.get(url)


def test_headers_cannot_be_broken_out_of(port: int) -> None:
    fetch = Fetch([f"{HOST}:{port}"])
    with pytest.raises(ValueError, match="Invalid header"):
        fetch.get(f"http://{HOST}:{port}/", {"a": "b\r\nc: d"})
    response = fetch.get(f"http://{HOST}:{port}/", {"authorization": "secret"})
    assert dict(response["headers"])["x-seen"] == "secret"
