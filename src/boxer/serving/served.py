"""A request's answer by a machine, and what the image learns of it.

Belongs here: the pool, rehearsals, what is wrong with answers. Does not: where a request comes from
(`application`, `gateway`), how the box's application is called (guest/python/boxer/web.py).

Invariants
1. Each request is answered by a machine equal to the image; nothing of another request is in it.
2. What the machine answers is data: a status, names and values of headers are checked before they
   are sent, and what belongs to the connection is ours to say.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from weakref import WeakSet

from boxer.errors import BoxerError, GuestError, GuestExitedError, LimitReached, ServeError
from boxer.runtime import Channel, Frozen, Pool
from boxer.serving import failures
from boxer.serving.log import logger
from boxer.serving.metrics import Figures

MODULE = "boxer.web"
RESPOND, LOAD = f"{MODULE}:respond", f"{MODULE}:load"
# How often the image is made anew for what requests imported.
LEARNED = 16
# Seconds in which an answer is given at once, or not.
AT_ONCE = 0.02

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # token, RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # field-value, section 5.5
# Of the connection, which is not the machine's (section 7.6.1).
HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
        "te",
        "trailer",
    )
)
_OURS = (HOP_BY_HOP - {"te", "trailer"}) | {"content-length"}
WITHOUT_BODY = frozenset((204, 304))
MOST_STATUS = 599  # RFC 9110 section 15
# Bytes of an answer's headers, and of each beside its name and value.
MOST_HEAD, LINE = 1 << 18, len(": \r\n")
_SERVING: WeakSet[Pool] = WeakSet()
FAILURES = (GuestError, GuestExitedError, LimitReached)


class Served:
    """An application in the image that all its requests begin with.

    Modules that a request imports are imported into the image for those after it: their names are
    all that is ever kept of a request, and LEARNED times at most.
    kind: wsgi, asgi, event, function, functions-framework. figures: what was served. rehearsed:
    modules that rehearsals have imported. is_the_same: so it is at each start. keep: given
    an image in which the application and what rehearsals import are imported, and nothing else has
    happened: no request, no start of the application. keep_rehearsals: all that they leave is in
    the image of requests. used_to: rehearsals whose imports are in the image from the start, which
    gets used to them beside its first requests.
    Raises `ServeError` where the box has no such application, or it does not start, and where the
    pool serves one already.
    """

    def __init__(
        self,
        pool: Pool,
        app: str,
        rehearse: Iterable[str] = (),
        development: bool = False,
        keep: Callable[[Frozen], object] | None = None,
        keep_rehearsals: bool = False,
        used_to: Iterable[str] = (),
    ) -> None:
        if pool in _SERVING:  # its image has that one's state
            raise ServeError(
                "This pool serves an application already.",
                hint="Make another one for this: box.pool(..).",
            )
        self.pool = pool
        self.figures = Figures(pool)
        self.development = development
        self._learning = threading.Lock()
        self._to_learn = LEARNED
        bare = pool.image_for(MODULE)
        self.is_the_same = True
        self.rehearsed: list[str] = []
        self.kind = self._open(app)
        _SERVING.add(pool)
        for text in rehearse:
            self._rehearse(text, keep_rehearsals)
        if keep is not None and self.is_the_same:
            try:
                keep(pool.aside(bare, LOAD, [app.partition(":")[0], *self.rehearsed]))
            except BoxerError as error:
                logger.warning("the next start rehearses anew: %s", error)
        if later := [rehearsal_of(text) for text in used_to]:
            threading.Thread(target=self._get_used_to_all, args=(later,), daemon=True).start()

    def _open(self, app: str) -> str:
        try:
            try:
                return str(self.pool.prepare(f"{MODULE}:open_app", app))
            except GuestError as error:
                # One that says no more may want what the pool reaches, which is not there yet.
                wants = error.type == "StartupError" and self.pool.reaches_outside
                if error.type != "OutsideError" and not wants:
                    raise
                self.is_the_same = False
                logger.warning(
                    "`%s` looks outside when it starts (%s): it starts in each machine", app,
                    error.text,
                )  # fmt: skip
                return str(self.pool.prepare(f"{MODULE}:open_app", app, each_life=True))
        except GuestError as error:
            raise ServeError(
                f"`{app}` cannot be served: {error.type}: {error.text}.{error.shown()}"
            ) from None
        except (GuestExitedError, LimitReached) as error:
            raise ServeError(f"`{app}` cannot be served: {error}") from None

    def _rehearse(self, text: str, keep: bool) -> None:
        request = rehearsal_of(text)
        try:
            answer = self.pool.call(RESPOND, request)
            is_whole = not answer.get("again")
            if is_whole:
                checked(answer, request["method"])
            self.rehearsed += self._load(answer.get("imported"))
            if keep and is_whole and answer["status"] < HTTPStatus.BAD_REQUEST:
                self.pool.prepare(f"{MODULE}:rehearse", request)
            elif keep:
                logger.warning("nothing of the rehearsal `%s` is kept: %s", text, _why_not(answer))
            elif is_whole and answer["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
                logger.warning(
                    "the rehearsal `%s` was answered %d: it has no network and no volumes",
                    text, answer["status"],
                )  # fmt: skip
            if not keep and is_whole:
                self._get_used_to(request)
        except FAILURES as error:
            logger.warning("the rehearsal `%s` failed: %s", text, str(error).partition("\n")[0])
            self.is_the_same = False

    def _get_used_to_all(self, requests: list[dict[str, Any]]) -> None:
        with self._learning, suppress(BoxerError):  # the pool was closed, say
            for request in requests:
                self._get_used_to(request)

    def _get_used_to(self, request: dict[str, Any]) -> None:
        """What two tries of it tell alike: chance and the clock have had no part in that."""
        try:
            told = self.pool.tried(f"{MODULE}:try_out", request)
            other = self.pool.tried(f"{MODULE}:try_out", request, 1)["asked"]
            for kind, questions in told["asked"].items():
                told["asked"][kind] = [one for one in questions if one in other[kind]]
            self.pool.prepare(f"{MODULE}:get_used_to", told)
        except FAILURES as error:  # a box of an earlier version; or it takes too long
            text = str(error).partition("\n")[0]
            logger.info("each request is as slow as a first one: %s", text)

    def keep_alive(self) -> None:
        """Machines are to live on: what they need for that is in the image, too."""
        self._load([f"{MODULE.partition('.')[0]}._living"])

    def attempt(self, request: dict[str, Any]) -> tuple[dict[str, Any] | None, float | None]:
        """An answer at once, and the seconds of processor time it took. No answer: it takes longer,
        or is to be streamed, and nothing has come of it. Only where the pool reaches nothing
        outside."""
        try:
            attempted = self.pool.attempt(AT_ONCE, RESPOND, request)
            if attempted is None:
                return None, None
            told, printed, took = attempted
            if told.get("again"):
                return None, None
            if printed:
                sys.stderr.buffer.write(printed)
                sys.stderr.buffer.flush()
            self.learn(told.get("imported"))
            return self.answer_of(told, request), took
        except FAILURES as error:
            return self.failed(error, request), 0.0

    def talk(self, channel: Channel, request: dict[str, Any]) -> Any:
        """What the machine's call returns; the answer may have gone by the channel."""
        return self.pool.talk(channel, RESPOND, request, True)

    def respond(self, request: dict[str, Any]) -> dict[str, Any]:
        """A whole answer, where there are no channels."""
        try:
            told = self.pool.call(RESPOND, request)
            self.learn(told.get("imported"))
            return self.answer_of(told, request)
        except FAILURES as error:
            return self.failed(error, request)

    def answer_of(self, told: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
        """{"status", "headers", "body"}, checked. Raises `GuestError`."""
        answer = checked(told, request["method"])
        answer["headers"].append(["x-request-id", request_id(request)])
        return answer

    def failed(self, error: Exception, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request whose machine came to this."""
        answer = failures.answer_to(error, request, request_id(request), self.development)
        answer["headers"].append(["x-request-id", request_id(request)])
        self.figures.failed(error)
        return answer

    def refused(self, status: HTTPStatus, request: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a request that no machine is asked."""
        answer = plain_answer(status)
        if request is not None:
            answer["headers"].append(["x-request-id", request_id(request)])
        return answer

    def learn(self, modules: object) -> None:
        """Beside the requests, one at a time; what comes meanwhile comes again."""
        if modules and self._to_learn and self._learning.acquire(blocking=False):
            self._to_learn -= 1
            threading.Thread(target=self._learn_now, args=(modules,), daemon=True).start()

    def _learn_now(self, modules: object) -> None:
        try:
            self._load(modules)
        except BoxerError as error:
            logger.warning("what a request imports is left to each: %s", error)
        finally:
            self._learning.release()

    def _load(self, modules: object) -> list[str]:
        if not isinstance(modules, list):
            return []
        names = sorted(name for name in modules if isinstance(name, str))
        self.pool.prepare(LOAD, names)
        return names


def rehearsal_of(text: str) -> dict[str, Any]:
    """The request that `METHOD PATH [BODY]` means. Raises `ServeError`."""
    method, _, rest = text.partition(" ")
    path, _, body = rest.partition(" ")
    if not (method.isalpha() and path.startswith("/") and body.isprintable()):
        raise ServeError(f"`{text}` is no rehearsal.", hint='Write it like "GET /health".')
    path, _, query = path.partition("?")
    headers = [["host", "localhost"]]
    if body:
        kind = "application/json" if body[0] in '[{"' else "application/x-www-form-urlencoded"
        headers += [["content-type", kind], ["content-length", str(len(body.encode()))]]
    return {
        "method": method.upper(), "scheme": "http", "path": path, "raw_path": path,
        "query": query, "version": "1.1", "root_path": "", "headers": headers,
        "client": ["127.0.0.1", 0], "server": ["localhost", 80],
        "body": body.encode().decode("latin-1"),
    }  # fmt: skip


def _why_not(answer: dict[str, Any]) -> str:
    return "its answer is streamed" if answer.get("again") else f"its status is {answer['status']}"


def plain_answer(status: HTTPStatus, text: str = "") -> dict[str, Any]:
    body = (text or f"{status.phrase}\n").encode("utf-8", "replace")
    headers = [["content-type", "text/plain; charset=utf-8"], ["content-length", str(len(body))]]
    return {"status": status.value, "headers": headers, "body": body}


def request_id(request: dict[str, Any]) -> str:
    """The request's own, or one it gets now."""
    given = next((value for name, value in request["headers"] if name == "x-request-id"), "")
    if given and len(given) <= 128 and _NAME.fullmatch(given):
        return str(given)
    made = os.urandom(16).hex()
    request["headers"] = [pair for pair in request["headers"] if pair[0] != "x-request-id"]
    request["headers"].append(["x-request-id", made])
    return made


def checked_head(told: Any) -> tuple[int, list[list[str]], int | None]:
    """Status, headers without the connection's, and the length of the body if it is said. Raises
    `GuestError` for what is no answer of HTTP's."""
    kept: list[list[str]] = []
    length, size = None, 0
    try:
        status = told["status"]
        sound = type(status) is int and 200 <= status <= MOST_STATUS
        for name, value in told["headers"]:
            sound = sound and bool(_NAME.fullmatch(name) and _VALUE.fullmatch(value))
            size += len(name) + len(value) + LINE
            small = name.lower()
            if small not in _OURS:
                kept.append([name, value])
            elif length is None and small == "content-length" and is_length(value):
                length = int(value)
    except (KeyError, TypeError, ValueError, AttributeError):
        sound = False
    if not sound:
        raise GuestError("ProtocolError", "the application's answer is no answer of HTTP's", "")
    if size > MOST_HEAD:
        raise GuestError("ProtocolError", "the head of the application's answer is too long", "")
    return status, kept, length


def is_length(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def checked_headers(headers: Any) -> bool:
    """Whether they are headers. Raises TypeError, ValueError."""
    return all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers)


def _bytes_of(text: str) -> bytes | None:
    """A short body as it is told; None: it is none."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None


def checked(answer: Any, method: str) -> dict[str, Any]:
    """A whole answer. Raises `GuestError`."""
    status, told, length = checked_head(answer)
    body = answer.get("body")
    if isinstance(body, str):
        body = _bytes_of(body)
    if not isinstance(body, bytes):
        raise GuestError("ProtocolError", "the application's answer is no answer of HTTP's", "")
    if status not in WITHOUT_BODY:
        size = length if method == "HEAD" and not body and length is not None else len(body)
        told.append(["content-length", str(size)])
    return {"status": status, "headers": told, "body": b"" if status in WITHOUT_BODY else body}
