"""Functions of the host in a box: what is reached, what is refused, what is bounded."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer.extensions import Fresh, KeyValue, Secrets

HERE = Path(__file__).resolve().parent


@dataclasses.dataclass
class Point:
    x: int


class Other:
    """Of the tests."""

    secret = "hidden"

    def __init__(self) -> None:
        self.pool: Any = None

    def echo(self, value: Any) -> Any:
        return value

    def add(self, a: int, b: int = 2) -> int:
        """Adds."""
        return a + b

    def lie(self) -> int:
        return "no number"  # type: ignore[return-value]

    def broken(self) -> None:
        raise RuntimeError("/etc/secret")

    def told(self) -> None:
        raise KeyError("the key")

    def unfound(self) -> None:
        Path("/nowhere/secret").read_bytes()

    def again(self) -> Any:
        return self.pool.call("guests:caught", "other.echo", [1])

    async def later(self, value: str) -> str:
        return value + "!"

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def _private(self) -> str:
        return "private"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    folder = tmp_path_factory.mktemp("host")
    (folder / "guests.py").write_text((HERE / "guests.py").read_text())
    (folder / "Dockerfile").write_text("FROM python\nWORKDIR /app\nCOPY guests.py ./\n")
    return boxer.build(folder)


def test_a_box_calls_methods_of_an_object(box: boxer.Box) -> None:
    kv = KeyValue()
    with box.pool(1, host={"kv": kv, "other": Other()}) as pool:
        assert pool.call("guests:remember", "a", b"\0\xff") is None
        assert pool.call("guests:remember", "a", b"2") == b"\0\xff"
        assert pool.call("guests:ask", "other.add", [3]) == 5
        assert pool.call("guests:ask", "other.later", ["x"]) == "x!"
        big = b"x" * (5 << 20)
        assert pool.call("guests:remember", "big", big) is None
        assert pool.call("guests:remember", "big", b"") == big
    assert kv.get("a") == b"2"


def test_a_started_machine_has_them_too(box: boxer.Box) -> None:
    with box.start(host={"kv": KeyValue(), "other": Other()}) as machine:
        assert machine.call("guests:remember", "a", b"1") is None
        assert machine.call("guests:remember", "a", b"2") == b"1"


def test_what_is_offered_has_signatures_and_docs(box: boxer.Box) -> None:
    with box.pool(1, host={"kv": KeyValue(), "other": Other()}) as pool:
        doc, signature, names = pool.call("guests:documented")
    assert doc == KeyValue.get.__doc__
    assert signature == "(key)"
    assert names == ["add", "delete", "get", "keys", "set"]


REFUSED = [
    ("other._private", [], "NotOfferedError"),
    ("other.secret", [], "NotOfferedError"),
    ("other.__class__", [], "TypeError"),
    ("other.nothing", [], "NotOfferedError"),
    ("nothing.at_all", [], "AttributeError"),
    ("other.add", ["x"], "ValueError"),
    ("other.add", [1, 2, 3], "ValueError"),
    ("other.add", [], "ValueError"),
    ("other.lie", [], "TypeError"),
    ("kv.set", ["x" * 2000, b""], "ValueError"),
    ("kv.get", [b"x"], "ValueError"),
]


@pytest.mark.parametrize(("name", "arguments", "kind"), REFUSED)
def test_nothing_else_is_reached(
    box: boxer.Box, name: str, arguments: list[Any], kind: str
) -> None:
    with box.pool(1, host={"kv": KeyValue(), "other": Other()}) as pool:
        assert pool.call("guests:caught", name, arguments)[0] == kind


def test_what_the_hosts_function_raises_says_no_more_than_it_should(box: boxer.Box) -> None:
    with box.pool(1, host={"kv": KeyValue(), "other": Other()}) as pool:
        assert pool.call("guests:caught", "other.told", []) == ["KeyError", "'the key'"]
        kind, text = pool.call("guests:caught", "other.broken", [])
        assert kind == "HostError"
        assert "secret" not in text
        assert "secret" not in str(pool.call("guests:caught", "other.unfound", []))


def test_a_box_without_them_is_told_so(box: boxer.Box) -> None:
    with box.pool(1) as pool:
        kind, text = pool.call("guests:caught", "kv.get", ["a"])
        assert kind == "NotOfferedError"
        assert "host=" in text
    with box.pool(1, host={"other": Other()}) as pool, pytest.raises(boxer.GuestError):
        pool.call("guests:caught", "kv.get", ["a"])  # the import of `kv` fails by name


def test_what_a_guest_writes_is_data_or_refused(box: boxer.Box) -> None:
    requests: list[Any] = [
        b"", b"c", b"z{}", b"c[]", b'c{"f":1,"a":[],"k":{}}', b'c{"f":"other.echo","a":{},"k":[]}',
        b"b\xff\xff\xff\xff{}", b"c" + b"[" * 100_000, b'c{"f":"other.echo","a":[NaN],"k":{}}',
        b'c{"f":"other.echo.__class__","a":[],"k":{}}', b"\xff" * 1000,
        b'c{"f":"next","a":[1],"k":{}}',
    ]  # fmt: skip
    with box.pool(1, host={"other": Other(), "kv": KeyValue()}) as pool:
        for reply in pool.call("guests:raw", requests):
            assert isinstance(reply, int) or reply[:1] in (b"!", b"=")


def test_a_host_function_may_call_the_box_again_on_another_machine(box: boxer.Box) -> None:
    other = Other()
    with box.pool(2, host={"kv": KeyValue(), "other": other}) as pool:
        other.pool = pool
        assert pool.call("guests:ask", "other.again", []) == ["value", 1]


def test_threads_and_children_of_the_box_ask_beside_each_other(box: boxer.Box) -> None:
    with box.pool(1, host={"kv": KeyValue(), "other": Other()}) as pool:
        assert pool.call("guests:from_threads", 5) == 100
        assert pool.call("guests:from_children") == 7
        assert pool.call("guests:from_threads", 5) == 200


def test_an_extension_may_begin_anew_with_each_call(box: boxer.Box) -> None:
    with box.pool(1, host={"kv": Fresh(KeyValue), "other": Other()}) as pool:
        assert pool.call("guests:remember", "a", b"1") is None
        assert pool.call("guests:remember", "a", b"1") is None


def test_the_hosts_time_counts(box: boxer.Box) -> None:
    limits = boxer.Limits(time=1)
    with box.pool(1, limits=limits, host={"kv": KeyValue(), "other": Other()}) as pool:
        pool.prepare("guests:caught", "kv.get", ["a"])
        with pytest.raises(boxer.LimitReached):
            pool.call("guests:ask", "other.sleep", [1.2])
        assert pool.call("guests:ask", "other.add", [1]) == 3


def test_what_ends_the_hosts_thread_goes_up(box: boxer.Box) -> None:
    class Stopping:
        def stop(self) -> None:
            raise KeyboardInterrupt

    with box.pool(1, host={"kv": KeyValue(), "other": Stopping()}) as pool:
        with pytest.raises(KeyboardInterrupt):
            pool.call("guests:ask", "other.stop", [])
        assert pool.call("guests:remember", "a", b"1") is None


@pytest.mark.parametrize(
    "offered",
    [
        {"_a": Other()}, {"a b": Other()}, {"next": Other()}, {"a": Other}, {"a": pytest},
        {"a": object()},
    ],
)  # fmt: skip
def test_what_cannot_be_offered_is_refused(box: boxer.Box, offered: dict[str, Any]) -> None:
    with pytest.raises(boxer.HostFunctionError):
        box.pool(1, host=offered)


def test_methods_without_json_types_are_refused_by_name(box: boxer.Box) -> None:
    class Bad:
        def method(self, number: complex) -> None: ...

    with pytest.raises(boxer.HostFunctionError, match=r"bad\.method.*number"):
        box.pool(1, host={"bad": Bad()})


def test_a_function_is_an_extension(box: boxer.Box) -> None:
    def move(point: Point, by: int = 1) -> Point:
        return Point(point.x + by)

    host = {"move": move, "kv": KeyValue(), "other": Other()}
    with box.pool(1, host=host) as pool:
        assert pool.call("guests:ask", "move", [{"x": 1}, 2]) == {"x": 3}
        assert "/point/x" in pool.call("guests:caught", "move", [{"x": "a"}])[1]


def test_secrets_are_those_that_were_given(box: boxer.Box) -> None:
    host = {"kv": KeyValue(), "other": Secrets({"TOKEN": "abc"})}
    with box.pool(1, host=host) as pool:
        assert pool.call("guests:ask", "other.get", ["TOKEN"]) == "abc"
        assert pool.call("guests:caught", "other.get", ["HOME"]) == ["KeyError", "'HOME'"]
