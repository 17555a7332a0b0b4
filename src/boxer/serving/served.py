"""A request's answer by a machine, and what the image learns of it.

Belongs here: the pool, rehearsals, what is wrong with answers. Does not: where a request comes from
(`application`), how the box's application is called (guest/python/boxer/web.py).

Invariants
1. Each request is answered by a machine equal to the image; nothing of another request is in it.
2. What the machine answers is data: a status, names and values of headers are checked before they
   are sent, and what belongs to the connection is ours to say.
"""

from __future__ import annotations

import logging
import re
import threading
import uuid
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from boxer.errors import BoxerError, GuestError, GuestExitedError, LimitReached, ServeError
from boxer.runtime import Pool

MODULE = "boxer.web"
# How often the image is made anew for what requests imported.
LEARNED = 16
logger = logging.getLogger("boxer.serve")

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # token, RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # field-value, section 5.5
# Of the connection, which is not the machine's (section 7.6.1).
_OURS = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
        "content-length",
    )
)
_WITHOUT_BODY = frozenset((204, 304))


class Served:
    """An application in the image that all its requests begin with.

    Modules that a request imports are imported into the image for those after it: their names are
    all that is ever kept of a request, and LEARNED times at most.
    Raises `ServeError` where the box has no such application, or it does not start.
    """

    def __init__(
        self, pool: Pool, app: str, rehearse: Iterable[str] = (), development: bool = False
    ) -> None:
        self.pool = pool
        self._development = development
        self._learning = threading.Lock()
        self._to_learn = LEARNED
        self.kind = self._open(app)
        for text in rehearse:
            self._rehearse(text)

    def _open(self, app: str) -> str:
        try:
            return str(self.pool.prepare(f"{MODULE}:open_app", app))
        except GuestError as error:
            raise ServeError(
                f"`{app}` cannot be served: {error.type}: {error.text}.", details=error.traceback
            ) from None
        except (GuestExitedError, LimitReached) as error:
            raise ServeError(f"`{app}` cannot be served: {error}") from None

    def _rehearse(self, text: str) -> None:
        method, _, path = text.partition(" ")
        if not (method.isalpha() and path.startswith("/")):
            raise ServeError(f"`{text}` is no rehearsal.", hint='Write it like "GET /health".')
        path, _, query = path.partition("?")
        request = {
            "method": method.upper(), "scheme": "http", "path": path, "raw_path": path,
            "query": query, "version": "1.1", "root_path": "", "headers": [["host", "localhost"]],
            "client": ["127.0.0.1", 0], "server": ["localhost", 80], "body": "",
        }  # fmt: skip
        try:
            answer = self.pool.call(f"{MODULE}:respond", request)
            _checked(answer, method)
        except (GuestError, GuestExitedError, LimitReached) as error:
            logger.warning("the rehearsal `%s` failed: %s", text, str(error).partition("\n")[0])
        else:
            self._load(answer.get("imported"))

    def respond(self, request: dict[str, Any]) -> dict[str, Any]:
        """A request's answer, whatever becomes of its machine: {"status", "headers", "body"}."""
        request_id = _request_id(request)
        try:
            told = self.pool.call(f"{MODULE}:respond", request)
            answer = _checked(told, request["method"])
        except (GuestError, GuestExitedError, LimitReached) as error:
            answer = _failed(error, request, request_id, self._development)
        else:
            if told.get("imported"):
                self._learn(told["imported"])
        answer["headers"].append(["x-request-id", request_id])
        return answer

    def _learn(self, modules: object) -> None:
        """Beside the requests, one at a time; what comes meanwhile comes again."""
        if self._to_learn and self._learning.acquire(blocking=False):
            self._to_learn -= 1
            threading.Thread(target=self._learn_now, args=(modules,), daemon=True).start()

    def _learn_now(self, modules: object) -> None:
        try:
            self._load(modules)
        except BoxerError as error:
            logger.warning("what a request imports is left to each: %s", error)
        finally:
            self._learning.release()

    def _load(self, modules: object) -> None:
        if isinstance(modules, list):
            names = sorted(name for name in modules if isinstance(name, str))
            self.pool.prepare(f"{MODULE}:load", names)


def _failed(
    error: Exception, request: dict[str, Any], request_id: str, development: bool
) -> dict[str, Any]:
    told = f"{error.type}: {error.text}" if isinstance(error, GuestError) else str(error)
    line = told.partition("\n")[0]
    logger.error("%s %s: %s [%s]", request["method"], request["path"], line, request_id)
    is_late = isinstance(error, LimitReached) and error.limit in ("time", "cpu")
    status = HTTPStatus.GATEWAY_TIMEOUT if is_late else HTTPStatus.INTERNAL_SERVER_ERROR
    if not development:
        return plain_answer(status)
    traceback = error.traceback if isinstance(error, GuestError) else ""
    return plain_answer(status, f"{told}\n\n{traceback}")


def plain_answer(status: HTTPStatus, text: str = "") -> dict[str, Any]:
    body = (text or f"{status.phrase}\n").encode("utf-8", "replace")
    headers = [["content-type", "text/plain; charset=utf-8"], ["content-length", str(len(body))]]
    return {"status": status.value, "headers": headers, "body": body}


def _request_id(request: dict[str, Any]) -> str:
    given = next((value for name, value in request["headers"] if name == "x-request-id"), "")
    if given and len(given) <= 128 and _NAME.fullmatch(given):
        return str(given)
    made = uuid.uuid4().hex
    request["headers"].append(["x-request-id", made])
    return made


def _checked(answer: Any, method: str) -> dict[str, Any]:
    """Raises `GuestError` for what is no answer of HTTP's."""
    try:
        status, headers, body = answer["status"], answer["headers"], answer["body"]
        sound = type(status) is int and 200 <= status <= 999 and isinstance(body, bytes)
        sound = sound and all(
            _NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers
        )
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        raise GuestError("ProtocolError", "the application's answer is no answer of HTTP's", "")
    told = [[name, value] for name, value in headers if name.lower() not in _OURS]
    if status not in _WITHOUT_BODY:
        size = str(len(body))
        if method == "HEAD" and not body:
            size = next(
                (v for n, v in headers if n.lower() == "content-length" and v.isdigit()), size
            )
        told.append(["content-length", size])
    return {"status": status, "headers": told, "body": b"" if status in _WITHOUT_BODY else body}
