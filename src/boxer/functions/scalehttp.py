"""Requests of HTTP as Scale's functions see them, and their responses.

Belongs here: ASGI's words in Scale's, both ways. Does not: serving (`httpdoor`), the signature
itself (`scale`).

Source: what Scale's own adapter for net/http makes of a request and of a response
(github.com/loopholelabs/scale-http-adapters, http/request.go, http/response.go): names of headers
in small letters, `IP` with the port. There values of one header are sent joined by commas, which
is wrong for cookies (RFC 6265 section 3): here each is sent by itself.

Invariants
1. Every header comes and goes as often as it was sent.
2. A response is checked before any of it is sent: no header can hold another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from boxer.functions.comparing import Document

Headers = list[tuple[bytes, bytes]]
# Status, body, headers.
Response = tuple[int, bytes, Headers]
_REQUEST = {"Headers", "URI", "Method", "ContentLength", "Protocol", "IP", "Body"}
_RESPONSE = {"Headers", "StatusCode", "Body"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
# What a connection is, is the server's to say.
_OURS = frozenset(("content-length", "transfer-encoding", "connection"))


def http_parameter(signature: Mapping[str, Any]) -> str | None:
    """The parameter of a function that takes and gives Scale's context of HTTP."""
    properties = signature["input"].get("properties", {})
    if len(properties) != 1:
        return None
    ((name, schema),) = properties.items()
    given, gives = Document.of(signature["input"]), Document.of(signature["output"])
    return name if _is_context(given.below(schema)) and _is_context(gives) else None


def _is_context(document: Document) -> bool:
    parts = _properties(document)
    if set(parts) != {"Request", "Response"}:
        return False
    request, response = (document.below(parts[name]) for name in ("Request", "Response"))
    return set(_properties(request)) == _REQUEST and set(_properties(response)) == _RESPONSE


def _properties(document: Document) -> dict[str, Any]:
    schema = document.resolved().schema
    return schema.get("properties", {}) if isinstance(schema, dict) else {}


def request_of(scope: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """scope: ASGI's."""
    headers: dict[str, dict[str, list[str]]] = {}
    for name, value in scope["headers"]:
        text = name.decode("latin-1").lower()
        headers.setdefault(text, {"Value": []})["Value"].append(value.decode("latin-1"))
    path = scope.get("raw_path") or str(scope["path"]).encode()
    query = scope.get("query_string", b"")
    return {
        "Headers": headers,
        "URI": (path + (b"?" + query if query else b"")).decode("latin-1"),
        "Method": scope["method"],
        "ContentLength": len(body),
        "Protocol": f"HTTP/{scope.get('http_version', '1.1')}",
        "IP": _address(scope.get("client")),
        "Body": body,
    }


def _address(client: Any) -> str:
    if not client:
        return ""
    host, port = client
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def response_of(context: Any) -> Response:
    """Raises ValueError for what is no response of HTTP."""
    told = context["Response"] if isinstance(context, dict) else None
    if not isinstance(told, dict):
        raise ValueError("it is no context")
    status, body = told.get("StatusCode", 200), told.get("Body", b"")
    if type(status) is not int or not 200 <= status <= 599:
        raise ValueError(f"`StatusCode` is {status!r}, not 200 to 599")
    headers: Headers = []
    for name, values in (told.get("Headers") or {}).items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name[:60]!r} is no name of a header")
        for value in values.get("Value") or ():
            if not _VALUE.fullmatch(value) or not _is_latin(value):
                raise ValueError(f"{value[:60]!r} is no value of the header {name}")
            if name.lower() not in _OURS:
                headers.append((name.encode(), value.encode("latin-1")))
    return status, body if status not in (204, 304) else b"", headers


def _is_latin(value: str) -> bool:
    return all(ord(letter) < 256 for letter in value)
