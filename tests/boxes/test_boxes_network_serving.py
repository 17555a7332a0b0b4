"""Servers in a box, reached through `-p`: as the same program on Linux itself."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port

pytestmark = pytest.mark.base

PROGRAM = Path(__file__).parent / "network" / "serving.py"
BOXER = Path(sys.executable).with_name("boxer")
PATIENCE = 300
BOX_PORT = 8000
MANY = 2000


@contextlib.contextmanager
def serving(words: list[str], said: list[str]) -> Iterator[None]:
    """A server that has said `ready`; the rest of what it says is in `said` when it has ended."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line == "ready\n":
                    break
                said.append(line)
            yield
            said += process.communicate(timeout=PATIENCE)[0].splitlines(keepends=True)
            said.append(f"status {process.returncode}")
        finally:
            process.kill()


def connected(port: int, host: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection((host, port), timeout=PATIENCE)


def whole(connection: socket.socket) -> bytes | str:
    parts = []
    try:
        while part := connection.recv(1 << 20):
            parts.append(part)
    except OSError as error:
        return type(error).__name__
    return b"".join(parts)


def answer_of(port: int, host: str = "127.0.0.1") -> bytes | str:
    with connected(port, host) as client:
        return whole(client)


def half_close(port: int) -> Any:
    with connected(port) as client:
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        return whole(client)


def peer(port: int) -> Any:
    with connected(port) as client:
        address, number = client.getsockname()
        return whole(client) == f"{address} {number}".encode()


def reset_by_client(port: int) -> Any:
    with connected(port) as client:
        client.recv(2)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_by_server(port: int) -> Any:
    with connected(port) as client:
        client.sendall(b"x")
        return whole(client)


def unread_at_close(port: int) -> Any:
    with connected(port) as client:
        client.sendall(b"xyz")
        return whole(client)


def flags(port: int) -> Any:
    with connected(port) as client:
        client.recv(1)
        client.sendall(b"12345")
        client.recv(1)
        for _ in range(100):
            client.sendall(b"w" * 1000)
        return whole(client)


def polled(port: int) -> Any:
    with connected(port) as client:
        client.recv(1)
        client.sendall(b"x")
        client.recv(1)
        client.sendall(b"y")
        client.shutdown(socket.SHUT_WR)
        return whole(client)


def edges(port: int) -> Any:
    with connected(port) as client:
        for _ in range(4):
            client.sendall(client.recv(1) * 4)
        return whole(client)


def full(port: int) -> Any:
    with connected(port) as client:
        assert answer_of(port) == b""
        data = whole(client)
        return len(data) > 50_000_000 and set(data) == set(b"z")


def file_sent(port: int) -> Any:
    with connected(port) as client:
        return whole(client) == bytes(range(256)) * 20_000


def many(port: int) -> Any:
    clients = [connected(port) for _ in range(MANY)]
    answers = set()
    for number, client in enumerate(clients):
        client.sendall(b"%d!" % number)
    for number, client in enumerate(clients):
        answers.add(client.recv(100)[::-1] == b"%d!" % number)
    for client in clients:
        client.close()
    return answers


def forked(port: int) -> Any:
    return sorted(str(answer_of(port)) for _ in range(3))


def passed(port: int) -> Any:
    answers: list[Any] = []
    for _ in range(3):
        with connected(port) as client:
            client.sendall(b"one")
            answers.append(whole(client))
    return answers


def listener_by_exec(port: int) -> Any:
    return answer_of(port)


def closed_listener(port: int) -> Any:
    answers: list[Any] = []
    with connected(port) as client:
        answers.append(client.recv(6))
        with pytest.raises(ConnectionRefusedError):
            answer_of(port)
        client.sendall(b"x")
        answers += [client.recv(6), answer_of(port)]
        client.sendall(b"x")
        answers += [client.recv(6), answer_of(port)]
    return answers


def shared_port(port: int) -> Any:
    return [answer_of(port) for _ in range(4)]


def both_families(port: int) -> Any:
    return [answer_of(port), answer_of(port, "::1")]


def threaded(port: int) -> Any:
    answers: list[bool] = []

    def ask(client: socket.socket) -> None:
        for number in range(20):
            client.sendall(b"%d-" % number)
            answers.append(client.recv(100)[::-1] == b"%d-" % number)

    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(port)) for _ in range(8)]
        threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return len(answers), all(answers)


def datagrams(port: int) -> Any:
    answers: list[Any] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        for number in range(3):
            client.sendto(b"%d" % number, ("127.0.0.1", port))
            data, address = client.recvfrom(100)
            expected = b"%d %d" % (number, client.getsockname()[1])
            answers.append((data == expected, address[1] == port))
        client.sendto(b"too long", ("127.0.0.1", port))
        client.sendto(b"last", ("127.0.0.1", port))
        answers.append(client.recv(10))
        client.sendto(b"", ("127.0.0.1", port))
    return answers


def options(port: int) -> Any:
    return answer_of(port)


SCENES: dict[str, Callable[[int], Any]] = {
    scene.__name__: scene
    for scene in (
        half_close, peer, reset_by_client, reset_by_server, unread_at_close, flags, polled, edges,
        full, file_sent, many, forked, passed, listener_by_exec, closed_listener, shared_port,
        both_families, threaded, datagrams, options,
    )
}  # fmt: skip


def played(scene: str, port: int, words: list[str]) -> tuple[list[str], Any]:
    said: list[str] = []
    with serving(words, said):
        answered = SCENES[scene](port)
    return said, answered


@pytest.fixture(autouse=True, scope="module")
def enough_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * MANY
    if soft < wanted <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@pytest.mark.parametrize("scene", SCENES)
def test_a_server_in_a_box_is_one_on_linux(example: Callable[[str], Path], scene: str) -> None:
    port = free_port()
    rest = [str(MANY)] if scene == "many" else []
    native = played(scene, port, [sys.executable, str(PROGRAM), scene, str(port), *rest])
    kind = "/udp" if scene == "datagrams" else ""
    ports = ["-p", f"{port}:{BOX_PORT}{kind}"]
    if scene == "both_families":
        ports += ["-p", f"[::1]:{port}:{BOX_PORT}"]
    code = PROGRAM.read_text()
    ports += ["--limit", f"files={3 * MANY}"]
    program = ["python", "-c", code, scene, str(BOX_PORT), *rest]
    boxed = played(scene, port, [str(BOXER), "run", *ports, str(example("hello")), *program])
    assert boxed == native


def test_a_listener_of_the_wasmtime_command_line_serves(example: Callable[[str], Path]) -> None:
    """BOXER_TCPLISTEN_WASMTIME: a wasmtime up to 46, the last that passes listeners to modules."""
    if not (wasmtime := os.environ.get("BOXER_TCPLISTEN_WASMTIME")):
        pytest.skip("no wasmtime up to 46 was named")
    port = free_port()
    words = [
        wasmtime, "run", "-W", "max-wasm-stack=8388608", "-S", "preview2=n",
        "-S", f"tcplisten=127.0.0.1:{port}", str(example("hello")),
        "python", "-c", PROGRAM.read_text(), "half_close", str(BOX_PORT),
    ]  # fmt: skip
    said: list[str] = []
    with serving(words, said):
        assert half_close(port) == b"answer"
    assert said == ["b'question'\n", "EPIPE\n", "b''\n", "status 0"]
