"""An application of a box as a WSGI application of this process (PEP 3333).

Belongs here: requests and answers as WSGI has them. Does not: HTTP, the machine that answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.client import responses
from typing import Any

from boxer.runtime import Pool
from boxer.serving.application import MOST_BODY
from boxer.serving.served import Served, is_length


def wsgi(
    pool: Pool, app: str, *, rehearse: Iterable[str] = ("GET /",), body_bytes: int = MOST_BODY
) -> Callable[[dict[str, Any], Callable[..., Any]], list[bytes]]:
    """As `asgi`, for a WSGI server (PEP 3333). Bodies and answers are whole."""
    served = Served(pool, app, rehearse)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        told = environ.get("CONTENT_LENGTH") or "0"
        size = int(told) if is_length(told) else body_bytes + 1
        if size > body_bytes:
            answer = served.refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            answer = served.respond(_request_of(environ, size))
        status = answer["status"]
        phrase = responses.get(status, "Unknown")
        start_response(f"{status} {phrase}", [(name, value) for name, value in answer["headers"]])
        return [answer["body"]]

    return application


def _request_of(environ: dict[str, Any], size: int) -> dict[str, Any]:
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "surrogateescape")
    headers = [
        [name[5:].replace("_", "-").lower(), value]
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers.append([name.replace("_", "-").lower(), environ[name]])
    address = environ.get("REMOTE_ADDR")
    return {
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": path,
        "raw_path": environ.get("RAW_URI", path).partition("?")[0],
        "query": environ.get("QUERY_STRING", ""),
        "version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").rpartition("/")[2],
        "root_path": environ.get("SCRIPT_NAME", ""),
        "headers": headers,
        "client": [address, int(environ.get("REMOTE_PORT") or 0)] if address else None,
        "server": [environ["SERVER_NAME"], int(environ["SERVER_PORT"])],
        "body": environ["wsgi.input"].read(size) if size else b"",
    }
