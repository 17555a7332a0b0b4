"""Clients in a box that reach what they were granted: as the same program on Linux itself."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

PROGRAM = Path(__file__).parent / "network" / "reaching.py"
BOXER = Path(sys.executable).with_name("boxer")
PATIENCE = 300
SCENES = ("echo", "blocking", "unblocking", "refused", "large", "together", "waiting", "datagrams")


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(1 << 16):
            self.request.sendall(data)


class EchoDatagrams(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, sock = self.request
        sock.sendto(data, self.client_address)


class Server(socketserver.ThreadingTCPServer):
    request_queue_size = 200
    daemon_threads = True


@contextlib.contextmanager
def echoing(scene: str) -> Iterator[int]:
    """The port of a server; at the one above nobody listens, nor will."""
    kind = socketserver.UDPServer if scene == "datagrams" else Server
    handler = EchoDatagrams if scene == "datagrams" else Echo
    with contextlib.ExitStack() as stack:
        above = None
        while above is None:
            server = stack.enter_context(kind(("127.0.0.1", 0), handler))
            above = _bound(server.server_address[1] + 1)
        stack.enter_context(above)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _bound(port: int) -> socket.socket | None:
    """It does not listen. None: another program has the port."""
    made = socket.socket()
    try:
        made.bind(("127.0.0.1", port))
    except OSError:
        made.close()
        return None
    return made


def output_of(words: list[str]) -> tuple[int, str]:
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("scene", SCENES)
def test_a_client_in_a_box_is_one_on_linux(example: Callable[[str], Path], scene: str) -> None:
    with echoing(scene) as port:
        native = output_of([sys.executable, str(PROGRAM), scene, "127.0.0.1", str(port)])
        grant = ["--allow-net", f"host.boxer.internal:{port}-{port + 1}"]
        program = ["python", "-c", PROGRAM.read_text(), scene, "host.boxer.internal", str(port)]
        boxed = output_of([str(BOXER), "run", *grant, str(example("hello")), *program])
    assert boxed == native
    assert native[0] == 0


def test_without_a_grant_nothing_is_reached(example: Callable[[str], Path]) -> None:
    program = (
        "import socket, errno\n"
        "for address in ('192.0.2.1', 80), ('127.0.0.1', PORT), ('254.1.1.1', PORT):\n"
        "    s = socket.socket()\n    print(errno.errorcode[s.connect_ex(address)])\n"
        "try: socket.gethostbyname('host.boxer.internal')\n"
        "except OSError as e: print(type(e).__name__)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = program.replace("PORT", str(server.getsockname()[1]))
        words = [str(BOXER), "run", str(example("hello")), "python", "-c", code]
        assert output_of(words) == (0, "ENETUNREACH\nECONNREFUSED\nENETUNREACH\ngaierror\n")
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
