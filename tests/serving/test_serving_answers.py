"""What a machine may answer: no more than one answer of HTTP's, and nothing of the connection."""

from __future__ import annotations

from typing import Any

import pytest

from boxer.errors import GuestError
from boxer.serving.served import MOST_HEAD, checked, checked_head

REFUSED: dict[str, Any] = {
    "a header's end in a value": [["x-a", "a\r\nx-b: b"]],
    "an LF in a value": [["x-a", "a\nb"]],
    "a CR in a value": [["x-a", "a\rb"]],
    "a NUL in a value": [["x-a", "a\0b"]],
    "an escape in a value": [["x-a", "\x1b[31m"]],
    "what is not Latin-1": [["x-a", "\u010d\u010a"]],
    "an empty name": [["", "a"]],
    "a name with a colon": [["x-a: b\r\nx-c", "a"]],
    "a name with a space": [["x a", "a"]],
    "a name that ends in a line": [["x-a\n", "a"]],
    "a value that is no text": [["x-a", 1]],
    "a pair of three": [["x-a", "a", "b"]],
    "no list": 7,
    "one long header": [["x-a", "a" * MOST_HEAD]],
    "many small headers": [["a", ""]] * (MOST_HEAD // 5 + 1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_headers_that_are_none(name: str) -> None:
    with pytest.raises(GuestError):
        checked_head({"status": 200, "headers": REFUSED[name]})


@pytest.mark.parametrize(
    "status", [0, 99, 100, 101, 103, 199, 600, 999, 2000, -200, True, "200", None]
)
def test_a_status_that_is_none(status: Any) -> None:
    """1xx are not the application's to say."""
    with pytest.raises(GuestError):
        checked_head({"status": status, "headers": []})


def test_what_is_the_connections_is_not_the_machines_to_say() -> None:
    names = ("Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Proxy-Connection")
    answer: Any = {"status": 200, "headers": [[name, "x"] for name in names], "body": "hello"}
    answer["headers"] += [["Content-Length", "3"], ["X-A", "a"]]
    assert checked(answer, "GET")["headers"] == [["X-A", "a"], ["content-length", "5"]]


def test_a_length_is_the_bodys() -> None:
    def told(status: int, method: str, body: str, length: str) -> list[list[str]]:
        head = {"status": status, "headers": [["content-length", length]], "body": body}
        return list(checked(head, method)["headers"])

    assert told(200, "GET", "hello", "3") == told(200, "GET", "hello", "9")
    assert told(200, "HEAD", "", "9") == [["content-length", "9"]]
    assert told(200, "HEAD", "", "9" * 30) == told(200, "HEAD", "", "-1")
    assert told(204, "GET", "hello", "5") == told(304, "GET", "", "5") == []
