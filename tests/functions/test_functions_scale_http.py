"""A function of Scale's signature for HTTP answers requests themselves."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer.functions import build_function, project_of, python_module, read_scale
from boxer.functions.httpdoor import HttpDoor
from boxer.functions.scalehttp import http_parameter, response_of

SOURCE = """
from boxer import Next
from signature import Context, StringList


def handler(context: Context, next: Next[Context, Context]) -> Context:
    request, response = context.Request, context.Response
    if request.URI == "/fail":
        raise ValueError("on purpose")
    if request.URI == "/split":
        response.Headers["a"] = StringList(["x\\r\\nb: y"])
    else:
        response.StatusCode = 201
        response.Headers["Content-Type"] = StringList(["text/plain"])
        response.Headers["Set-Cookie"] = StringList(["a=1", "b=2"])
        response.Headers["seen"] = StringList(
            [request.Method, request.URI, request.Protocol, request.IP, str(request.ContentLength)]
        )
        response.Headers["many"] = request.Headers["many"]
        response.Body = request.Body[::-1]
    return next(context)
"""


@dataclasses.dataclass
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def ask(door: HttpDoor, method: str, target: str, body: bytes = b"") -> Answer:
    sent: list[Any] = []
    path, _, query = target.partition("?")
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "http_version": "1.1", "client": ("::1", 4000),
        "headers": [(b"many", b"1"), (b"many", b"\xe9")],
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(door(scope, receive, send))
    return Answer(sent[0]["status"], sent[0]["headers"], sent[1]["body"])


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpDoor]:
    pytest.importorskip("hcl2")
    folder = tmp_path_factory.mktemp("http")
    (folder / "signature.py").write_text(python_module(read_scale("http")))
    (folder / "app.py").write_text(SOURCE)
    box = folder.parent / f"{folder.name}.wasm"
    box.write_bytes(build_function(project_of(f"{folder}/app:handler")).data)
    with boxer.function(box, size=1) as function:
        yield HttpDoor(function, "handler", 1)


@pytest.mark.base
def test_a_function_gets_the_request_and_its_response_is_sent(door: HttpDoor) -> None:
    answer = ask(door, "PUT", "/a%20b/c?d=%2F", b"\x00\xffabc")
    assert (answer.status, answer.body) == (201, b"cba\xff\x00")
    assert answer.headers == [
        (b"Content-Type", b"text/plain"), (b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"),
        (b"seen", b"PUT"), (b"seen", b"/a%20b/c?d=%2F"), (b"seen", b"HTTP/1.1"),
        (b"seen", b"[::1]:4000"), (b"seen", b"5"), (b"many", b"1"), (b"many", b"\xe9"),
        (b"content-length", b"5"),
    ]  # fmt: skip
    assert ask(door, "HEAD", "/openapi.json").body == b""


@pytest.mark.base
def test_a_failure_and_a_header_within_a_header_are_no_response(door: HttpDoor) -> None:
    failed = ask(door, "GET", "/fail")
    assert (failed.status, b"on purpose" in failed.body) == (500, True)
    split = ask(door, "GET", "/split")
    assert (split.status, b"no value of the header" in split.body) == (500, True)
    assert not any(name == b"b" for name, _ in split.headers)
    assert ask(door, "POST", "/", b"x" * (17 << 20)).status == 413


@pytest.mark.parametrize(
    "response",
    [
        {"StatusCode": 99}, {"StatusCode": 600}, {"StatusCode": 101},
        {"Headers": {"a b": {"Value": ["x"]}}}, {"Headers": {"a": {"Value": ["x\n"]}}},
        {"Headers": {"a": {"Value": ["\u20ac"]}}}, {"Headers": {"": {"Value": ["x"]}}},
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_response_is_not_sent(response: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is"):
        response_of({"Response": response})


def test_what_a_connection_is_the_server_says() -> None:
    told = {"Headers": {"Content-Length": {"Value": ["9"]}, "Connection": {"Value": ["close"]}}}
    assert response_of({"Response": told}) == (200, b"", [])
    assert response_of({"Response": {"StatusCode": 204, "Body": b"x"}}) == (204, b"", [])


def test_another_signature_is_no_request(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"Request": {}, "Response": {}}}
    signature = {"input": {"properties": {"context": schema}}, "output": schema}
    assert http_parameter(signature) is None
