"""Applications of real frameworks, which pip installs into the box."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

import boxer
from boxer.serving import asgi
from tests.serving.running import PATIENCE, Client, listening

pytestmark = pytest.mark.base
PACKAGES = (
    "flask==3.1.3", "bottle==0.13.4", "starlette==1.10.0", "django==5.2.19", "functions-framework",
)  # fmt: skip
# With modules in native code, which are built once for a cache.
NATIVE = ("fastapi==0.165.0", "litestar==2.25.0", "aiohttp==3.14.5")
HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    return built(tmp_path_factory.mktemp("frameworks"), PACKAGES)


@pytest.fixture(scope="module")
def native_box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    return built(tmp_path_factory.mktemp("native"), NATIVE)


def built(folder: Path, packages: Sequence[str]) -> boxer.Box:
    (folder / "frameworks.py").write_text((HERE / "frameworks.py").read_text())
    (folder / "Dockerfile").write_text(
        f"FROM python\nWORKDIR /srv\nRUN pip install {' '.join(packages)}\nCOPY . ./\n"
    )
    made = folder / "frameworks.wasm"
    command = [sys.executable, "-m", "boxer.cli", "build", "-q", "-o", str(made), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    if "package-fetch" in done.stderr:
        pytest.skip("the packages cannot be had here")
    assert done.returncode == 0, done.stderr
    return boxer.load(made)


@pytest.mark.parametrize(
    ("app", "hello", "others"),
    [
        ("flask_()", b"flask", ("/upload", "/stream")),
        ("bottle_()", b"bottle", ()),
        ("starlette_()", b"starlette", ("/upload", "/stream", "/threaded")),
        ("django_()", b"django", ("/upload", "/stream")),
        ("ff", b"ff 1", ()),
    ],
)
def test_it_is_served(box: boxer.Box, app: str, hello: bytes, others: tuple[str, ...]) -> None:
    check(box, app, hello, others)


@pytest.mark.parametrize(
    ("app", "hello", "others"),
    [
        ("fastapi_()", b'"fastapi 1"', ()),
        ("litestar_()", b"litestar", ("/upload",)),
        ("aiohttp_()", b"1 127.0.0.1 http a", ("/upload", "/stream")),
    ],
)
def test_one_with_native_code_is_served(
    native_box: boxer.Box, app: str, hello: bytes, others: tuple[str, ...]
) -> None:
    check(native_box, app, hello, others)


def check(box: boxer.Box, app: str, hello: bytes, others: tuple[str, ...]) -> None:
    limits = boxer.Limits(time=100)
    with (
        box.pool(4, limits=limits) as pool,
        listening(asgi(pool, f"frameworks:{app}")) as port,
        Client(port) as client,
    ):
        for _ in range(2):
            client.ask("/?q=1")
            assert client.answer() == (200, hello)
        for path in others:
            if path == "/upload":
                client.ask(path, "POST", body=b"x" * 700_000)
                assert client.answer() == (200, b"700000")
            else:
                client.ask(path)
                assert client.answer() == (200, b"0\n1\n2\n")


def test_a_websocket_of_starlette(box: boxer.Box) -> None:
    with (
        box.pool(2) as pool,
        listening(asgi(pool, "frameworks:starlette_()")) as port,
        connect(f"ws://127.0.0.1:{port}/ws") as socket,
    ):
        socket.send("hello")
        assert socket.recv(PATIENCE) == "HELLO"


def test_a_body_of_pydantic(native_box: boxer.Box) -> None:
    with (
        native_box.pool(2) as pool,
        listening(asgi(pool, "frameworks:fastapi_()", rehearse=())) as port,
        Client(port) as client,
    ):
        client.ask(
            "/items", "POST", "Content-Type: application/json", body=b'{"name":"a","price":2}'
        )
        assert client.answer() == (200, b'{"name":"A","price":4.0}')
        client.ask("/items", "POST", "Content-Type: application/json", body=b'{"name":1}')
        status, told = client.answer()
        assert status == 422
        assert b"Input should be a valid string" in told


def test_a_websocket_of_aiohttp(native_box: boxer.Box) -> None:
    with native_box.pool(2) as pool, listening(asgi(pool, "frameworks:aiohttp_()")) as port:
        with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=[Subprotocol("chat")]) as socket:
            assert socket.subprotocol == "chat"
            socket.send("hello")
            assert socket.recv(PATIENCE) == "HELLO"
            socket.send("close")
            with pytest.raises(ConnectionClosed, match=r"4001 .* bye"):
                socket.recv(PATIENCE)
        with pytest.raises(InvalidStatus, match="404"):
            connect(f"ws://127.0.0.1:{port}/nothing")
