"""Machines that live on: for a connection, a session, or all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import connect

import boxer
from boxer.serving.application import Application
from boxer.serving.connections import ConnectionProtocol
from boxer.serving.machines import One, PerConnection
from boxer.serving.served import Served
from boxer.serving.sessions import Sessions
from tests.serving.running import PATIENCE, Client, listening, until

pytestmark = pytest.mark.base


@contextmanager
def served(
    box: boxer.Box, app: str, kind: str, time: float = 60, **options: Any
) -> Iterator[tuple[int, Served]]:
    limits = boxer.Limits(time=time, memory="256MB")
    with box.pool(2, limits=limits) as pool:
        served = Served(pool, f"living:{app}")
        if kind == "none":
            machines: Any = One(served)
        elif kind == "connection":
            machines = PerConnection(served, 8)
        else:
            machines = Sessions(served, **{"most": 8, "awake": 2, "idle": 1e6, **options})
        application = Application(served, streams=64, machines=machines)
        with listening(application, protocol=ConnectionProtocol) as port:
            yield port, served


def ask(port: int, path: str = "/", *headers: str, body: bytes = b"") -> tuple[bytes, str]:
    """The body, and the cookie that was set."""
    with Client(port) as client:
        client.ask(path, "POST" if body else "GET", *headers, body=body)
        status, told = client.head()
        assert status == 200
        return client.body(told), told.get("set-cookie", "").partition(";")[0]


@pytest.mark.parametrize("app", ["wsgi", "app"])
def test_none_is_one_machine_for_all(served_box: boxer.Box, app: str) -> None:
    with served(served_box, app, "none") as (port, _):
        assert [ask(port)[0] for _ in range(3)] == [b"1", b"2", b"3"]
        answers: list[bytes] = []

        def wait() -> None:
            answers.append(ask(port, "/meet")[0])

        threads = [threading.Thread(target=wait) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [b"both of them"] * 4
        assert ask(port)[0] == b"8"


def test_a_failure_is_one_requests_own(served_box: boxer.Box) -> None:
    with served(served_box, "app", "none") as (port, _):
        with Client(port) as client:
            client.ask("/fail")
            assert client.answer() == (500, b"Internal Server Error\n")
        assert ask(port)[0] == b"2"


@pytest.mark.parametrize(("path", "status", "time"), [("/spin", 504, 3), ("/exit", 500, 60)])
def test_a_machine_that_has_ended_is_made_anew(
    served_box: boxer.Box, path: str, status: int, time: float
) -> None:
    with served(served_box, "wsgi", "none", time) as (port, _):
        assert ask(port)[0] == b"1"
        with Client(port) as client:
            client.ask(path)
            assert client.head()[0] == status
        assert ask(port)[0] == b"1"


def test_websockets_of_one_machine_reach_each_other(served_box: boxer.Box) -> None:
    with served(served_box, "app", "none") as (port, _):
        address = f"ws://127.0.0.1:{port}/"
        with connect(address) as one, connect(address) as other:
            other.send("warm")
            assert other.recv(PATIENCE) == "warm"
            one.send("to all")
            assert one.recv(PATIENCE) in ("warm", "to all")
            assert other.recv(PATIENCE) == "to all"


def test_a_connection_has_a_machine(served_box: boxer.Box) -> None:
    with served(served_box, "wsgi", "connection") as (port, told):
        for _ in range(2):
            with Client(port) as client:
                answers = []
                for _ in range(3):
                    client.ask("/")
                    answers.append(client.answer()[1])
                assert answers == [b"1", b"2", b"3"]
        until(lambda: told.figures.living == 0)


def test_more_connections_than_machines_are_refused(served_box: boxer.Box) -> None:
    with served(served_box, "wsgi", "connection") as (port, _):
        clients = [Client(port) for _ in range(9)]
        try:
            statuses = []
            for client in clients:
                client.ask("/")
                statuses.append(client.head()[0])
            assert statuses == [200] * 8 + [503]
        finally:
            for client in clients:
                client.__exit__()


def test_sessions_have_machines_and_files_of_their_own(served_box: boxer.Box) -> None:
    with served(served_box, "wsgi", "session") as (port, _):
        told = [ask(port, "/write", body=name) for name in (b"one", b"two")]
        cookies = [cookie for _, cookie in told]
        assert len(set(cookies)) == 2
        for cookie, name in zip(cookies, (b"one", b"two"), strict=True):
            assert ask(port, "/read", f"Cookie: a=1; {cookie}") == (name, "")
        body, made = ask(port, "/read", "Cookie: boxer-session=forged")
        assert body == b"nothing"
        assert made not in ("", "boxer-session=forged")


def test_sessions_sleep_and_wake(served_box: boxer.Box) -> None:
    with served(served_box, "wsgi", "session", awake=1) as (port, told):
        cookies = [ask(port, "/write", body=b"%d" % number)[1] for number in range(4)]
        clock = float(ask(port, "/clock", f"Cookie: {cookies[0]}")[0])
        until(lambda: (told.figures.asleep, told.figures.living) == (4, 0))
        for number, cookie in enumerate(cookies):
            assert ask(port, "/read", f"Cookie: {cookie}")[0] == b"%d" % number
        assert float(ask(port, "/clock", f"Cookie: {cookies[0]}")[0]) > clock


def test_a_session_that_is_guessed_is_nobodys(served_box: boxer.Box) -> None:
    """What was not drawn here leads to no machine, and is no session's name from then on."""
    with served(served_box, "wsgi", "session", most=64) as (port, _):
        _, cookie = ask(port, "/write", body=b"mine")
        name = cookie.partition("=")[2]
        guesses = ["", "x", name[:-1], name + "x", name.swapcase(), name[::-1], "../" + name]
        guesses += [f'"{name}x"', f"{name}%00", "a" * 5000, "\xe9", f"{name} {name}"]
        for guess in guesses:
            for _ in range(2):
                told, given = ask(port, "/read", f"Cookie: boxer-session={guess}")
                assert told == b"nothing"
                assert given.partition("=")[2] not in (guess, name, "")
        assert ask(port, "/read", f"Cookie: {cookie}") == (b"mine", "")


def test_a_session_by_a_header(served_box: boxer.Box) -> None:
    with served(served_box, "wsgi", "session", header="X-User") as (port, _):
        assert [ask(port, "/", "X-User: a")[0] for _ in range(2)] == [b"1", b"2"]
        assert ask(port, "/", "X-User: b") == (b"1", "")
        assert ask(port, "/") == (b"1", "")


def test_sessions_end(served_box: boxer.Box) -> None:
    with served(served_box, "wsgi", "session", most=2, idle=1e6) as (port, _):
        first, second, third = (ask(port)[1] for _ in range(3))
        assert ask(port, "/", f"Cookie: {second}")[0] == b"2"
        assert ask(port, "/", f"Cookie: {third}")[0] == b"2"
        assert ask(port, "/", f"Cookie: {first}")[0] == b"1"


def test_sessions_that_nobody_asks_for_more_end(served_box: boxer.Box) -> None:
    with served(served_box, "wsgi", "session", idle=1.0) as (port, told):
        cookie = ask(port)[1]
        until(lambda: told.figures.living + told.figures.asleep == 0)
        assert ask(port, "/", f"Cookie: {cookie}")[0] == b"1"


def test_what_is_saved_is_read_with_care(served_box: boxer.Box, tmp_path: Any) -> None:
    from boxer.errors import EngineError
    from boxer.runtime import Channel

    with served_box.pool(1) as pool:
        pool.prepare("boxer.web:open_app", "living:wsgi")
        machine = pool.start("boxer.web")
        channel = Channel()
        channel.ours.close()  # nobody has requests
        machine.talk(channel, "boxer.web:attend")
        channel.close()
        file = tmp_path / "asleep"
        assert machine.save(file)
        whole = file.read_bytes()
        assert file.stat().st_mode & 0o777 == 0o600
        machine.wake(file).close()
        for damaged in (b"", b"x" * 100, whole[:-1], whole[:40] + b"\xff" * 8 + whole[48:]):
            file.write_bytes(damaged)
            with pytest.raises(EngineError):
                machine.wake(file)
        machine.close()


def test_isolation_is_checked(served_box: boxer.Box) -> None:
    from boxer.errors import ServeError
    from boxer.serving import Service, serve

    for options in ({"isolation": "all"}, {"isolation": "session", "workers": 2}):
        with pytest.raises(ServeError):
            serve(Service(box="none", app="a", **options))
