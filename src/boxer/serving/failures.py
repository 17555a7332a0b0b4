"""What is said of a request that failed: a line in the log, a plain answer, a page in development.

Belongs here: texts. Does not: which errors there are.
"""

from __future__ import annotations

import html
import ipaddress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from boxer.errors import GuestError, LimitReached
from boxer.serving.log import logger

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.5 sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
pre {{ background: #f4f4f4; padding: 1rem; overflow: auto; white-space: pre-wrap }}
h1 {{ font-size: 1.2rem }} th {{ text-align: left; padding-right: 1rem; vertical-align: top }}
</style>
<h1>{title}</h1>
<p>{method} {path} &middot; request {request_id}</p>
<pre>{traceback}</pre>
<table>{headers}</table>
</html>
"""


def answer_to(
    error: Exception, request: dict[str, Any], request_id: str, development: bool
) -> dict[str, Any]:
    """The answer to a request whose machine came to that, and its line in the log."""
    log(error, request, request_id)
    status = status_of(error)
    if development and _is_here(request):
        return _page(error, status, request, request_id)
    body = f"{status.phrase}\n".encode()
    headers = [["content-type", "text/plain; charset=utf-8"], ["content-length", str(len(body))]]
    return {"status": status.value, "headers": headers, "body": body}


def _is_here(request: dict[str, Any]) -> bool:
    """Whether it is asked on this machine, by a name of this machine: a page of elsewhere can have
    a name of its own lead here (DNS rebinding)."""
    client = request.get("client") or ("",)
    host = next((value for name, value in request["headers"] if name == "host"), "")
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    is_ours = name == "localhost" or name.endswith(".localhost") or _is_loopback(name)
    return is_ours and _is_loopback(client[0])


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def log(error: Exception, request: dict[str, Any], request_id: str) -> None:
    line = _told(error).partition("\n")[0]
    method = request.get("method", "WEBSOCKET")
    logger.error("%s %s: %s [%s]", method, request["path"], line, request_id)


def status_of(error: Exception) -> HTTPStatus:
    if isinstance(error, LimitReached) and error.limit in ("time", "cpu"):
        return HTTPStatus.GATEWAY_TIMEOUT
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _told(error: Exception) -> str:
    return f"{error.type}: {error.text}" if isinstance(error, GuestError) else str(error)


def _page(
    error: Exception, status: HTTPStatus, request: dict[str, Any], request_id: str
) -> dict[str, Any]:
    traceback = error.traceback if isinstance(error, GuestError) else ""
    title, text = _told(error).partition("\n")[0], traceback or _told(error)
    accepts = next((value for name, value in request["headers"] if name == "accept"), "")
    if "html" in accepts:
        rows = "".join(
            f"<tr><th>{html.escape(name)}<td>{html.escape(value)}"
            for name, value in request["headers"]
        )
        page = PAGE.format(
            title=html.escape(title), traceback=html.escape(text), headers=rows,
            method=html.escape(request.get("method", "")), path=html.escape(request["path"]),
            request_id=html.escape(request_id),
        )  # fmt: skip
        kind = "text/html; charset=utf-8"
    else:
        page, kind = f"{title}\n\n{text}", "text/plain; charset=utf-8"
    body = page.encode("utf-8", "replace")
    headers = [["content-type", kind], ["content-length", str(len(body))]]
    return {"status": status.value, "headers": headers, "body": body}
