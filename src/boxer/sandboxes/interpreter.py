"""The code interpreter's service, as the `e2b-code-interpreter` SDK calls it: `/execute`, contexts.

Belongs here: what its messages mean. Does not: cells (`library`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from boxer.errors import SandboxError
from boxer.library import Cell, error_of_cell, shown_of
from boxer.runtime import Event
from boxer.sandboxes.manager import Sandbox
from boxer.sandboxes.requests import asked, in_thread, user_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

MOST_CONTEXTS, LARGEST = 64, 16 << 20
SHELLS = ("bash", "sh")
KEYS = {
    "text/plain": "text", "text/html": "html", "text/markdown": "markdown",
    "image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpeg", "application/pdf": "pdf",
    "text/latex": "latex", "application/json": "json", "application/javascript": "javascript",
}  # fmt: skip


def _contexts(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    """By name: {"id", "language", "cwd"}. The default one has been there from the start."""
    found: dict[str, dict[str, str]] = sandbox.data.setdefault("contexts", {})
    if "default" not in found:
        cwd = str(sandbox.data.get("cwd", "/"))
        found["default"] = {"id": "default", "language": "python", "cwd": cwd}
    return found


async def _read(request: Request) -> dict[str, Any]:
    body = await request.body()
    if len(body) > LARGEST:
        raise ValueError("the request is longer than 16 MiB")
    message = json.loads(body or b"{}")
    if not isinstance(message, dict):
        raise ValueError("the request is no object")
    return message


def _language(message: dict[str, Any]) -> str:
    language = str(message.get("language") or "python").lower()
    if language in ("python", "python3"):
        return "python"
    if language in SHELLS:
        return "bash"
    raise ValueError(f"this sandbox runs python and bash, not `{language[:50]}`")


async def contexts(request: Request, sandbox: Sandbox) -> Response:
    """GET and POST /contexts, DELETE /contexts/ID, POST /contexts/ID/restart."""
    from starlette.responses import JSONResponse, PlainTextResponse, Response

    await user_of(sandbox, None)
    known = _contexts(sandbox)
    _, _, rest = request.url.path.strip("/").partition("/")
    name, _, action = rest.partition("/")
    if not name:
        if request.method == "GET":
            return JSONResponse(list(known.values()))
        message = await _read(request)
        if len(known) >= MOST_CONTEXTS:
            return PlainTextResponse("too many contexts", 429)
        cwd = (await user_of(sandbox, None)).path(str(message.get("cwd") or ""))
        made = {"id": secrets.token_hex(16), "language": _language(message), "cwd": cwd}
        known[made["id"]] = made
        return JSONResponse(made)
    if name not in known:
        return PlainTextResponse(f"Context {name[:100]} not found", 404)
    await asked(sandbox, {"op": "reset", "context": name})
    if not action and request.method == "DELETE":
        known.pop(name)
    return Response(status_code=204)


async def execute(request: Request, sandbox: Sandbox) -> Response:
    """POST /execute: a cell, told line by line, each a JSON object."""
    from starlette.responses import PlainTextResponse, StreamingResponse

    class Lines(StreamingResponse):
        """Without a group of tasks, whose making and end take as long as a short cell."""

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            telling = asyncio.ensure_future(self.stream_response(send))
            leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
            leaving.add_done_callback(lambda _: telling.cancel())
            try:
                await asyncio.wait((telling,))
            finally:
                leaving.cancel()
                telling.cancel()
            # SandboxError: the connection ends in the midst
            with contextlib.suppress(SandboxError, asyncio.CancelledError):
                telling.result()

    message = await _read(request)
    await user_of(sandbox, None)
    context = _contexts(sandbox).get(str(message.get("context_id") or "default"))
    if context is None:
        return PlainTextResponse(f"Context {message['context_id']} not found", 404)
    language = context["language"] if message.get("context_id") else _language(message)
    code = str(message.get("code") or "")
    if language in SHELLS:
        code = f"%%bash\n{code}"
    variables = message.get("env_vars") or {}
    env = {str(name): str(value) for name, value in variables.items()}
    queue: asyncio.Queue[Event] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def hear(event: Event) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(queue.put_nowait, event)

    cwd = None if context["id"] == "default" else context["cwd"]
    attendance = sandbox.machine.attendance
    cell = Cell(attendance, code, context["id"], env, cwd, listener=hear)
    lines = _lines(sandbox, cell, queue, hide_count=language in SHELLS)
    return Lines(lines, media_type="application/x-ndjson")


async def _lines(
    sandbox: Sandbox, cell: Cell, queue: asyncio.Queue[Event], hide_count: bool
) -> AsyncIterator[bytes]:
    is_over = False
    try:
        while not is_over:
            events = [await queue.get()]
            while not queue.empty():
                events.append(queue.get_nowait())
            lines = []
            for event in events:
                cell.asked.taken(event.size)
                is_over = event.kind in ("done", "error", "over")
                lines += [json.dumps(told, separators=(",", ":")) + "\n" for told in _told(event)]
            if lines:
                yield "".join(lines).encode()
            if events[-1].kind == "over":
                raise SandboxError(f"The sandbox `{sandbox.name}` has ended.")
    finally:
        if not is_over:  # whoever asked is gone
            with contextlib.suppress(Exception):
                await asyncio.shield(in_thread(cell.interrupt))
            cell.asked.ignore()


def _told(event: Event) -> list[dict[str, Any]]:
    at = event.head.get("at", time.time_ns())
    if event.kind == "out":
        kind = "stderr" if event.head.get("stream") == 2 else "stdout"
        return [{"type": kind, "text": event.body.decode("utf-8", "replace"), "timestamp": at}]
    if event.kind in ("result", "display"):
        return [_result(event)]
    if event.kind == "failed":
        error = error_of_cell(event)
        return [
            {"type": "error", "name": error.name, "value": error.value,
             "traceback": error.traceback}
        ]  # fmt: skip
    if event.kind == "error":
        return [
            {"type": "error", "name": str(event.head.get("type")),
             "value": str(event.head.get("message")), "traceback": ""}
        ]  # fmt: skip
    if event.kind == "done":
        count = event.head.get("count")
        return [
            {"type": "number_of_executions", "execution_count": count},
            {"type": "end_of_execution"},
        ]
    return []


def _result(event: Event) -> dict[str, Any]:
    shown = shown_of(event)
    told: dict[str, Any] = {"type": "result", "is_main_result": shown.is_main}
    extra = {}
    for kind, form in shown.data.items():
        if kind in KEYS:
            told[KEYS[kind]] = form
        else:
            extra[kind] = form
    return told | ({"extra": extra} if extra else {})
