"""The API that makes and ends sandboxes, as the `e2b` SDK calls it.

Belongs here: its requests and answers. Does not: what goes on in a sandbox (`envd`, `interpreter`).

Invariants
1. Nothing is done without an API key that the server knows.
2. What a client asks for that this server does not have is refused, never left out in silence.
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import json
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from boxer.errors import BoxerError, MachineBusyError, SandboxError
from boxer.runtime import parse_size
from boxer.sandboxes.manager import PAUSED, Sandbox, Sandboxes
from boxer.sandboxes.requests import in_thread, is_secret

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

# What clients look at to know what envd can do. 0.6.2 would promise metadata of files.
ENVD_VERSION = "0.6.1"
MOST_FORKS, PAGE = 100, 100
NOT_HERE = ("iam", "mcp", "volumeMounts", "network")


class RefusedError(Exception):
    """An answer that says no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def answer(request: Request, sandboxes: Sandboxes, key: str) -> Response:
    """Any request of the API."""
    from starlette.responses import JSONResponse, Response

    given = request.headers.get("x-api-key")
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    if not is_secret(given or (bearer if kind.lower() == "bearer" else None), key):
        return _refusal(401, "the API key is missing or wrong")
    try:
        parts = request.url.path.strip("/").split("/")
        if parts[:1] == ["v2"]:
            parts = parts[1:]
        handler, arguments = _route(request.method, parts)
        told = await handler(request, sandboxes, *arguments)
    except RefusedError as error:
        return _refusal(error.status, str(error))
    except MachineBusyError as error:
        return _refusal(409, str(error))
    except SandboxError as error:
        missing = "not found" in str(error) or "no template" in str(error)
        return _refusal(404 if missing else 429, str(error))
    except BoxerError as error:
        return _refusal(500, str(error))
    if isinstance(told, Response):
        return told
    if told is None:
        return Response(status_code=204)
    return JSONResponse(told, status_code=201 if request.method == "POST" else 200)


def _refusal(status: int, message: str) -> Response:
    from starlette.responses import JSONResponse

    headers = {"should-retry": "false"}
    return JSONResponse({"code": status, "message": message}, status_code=status, headers=headers)


Handler = Callable[..., Awaitable[Any]]


def _route(method: str, parts: list[str]) -> tuple[Handler, list[str]]:
    for (wanted, pattern), handler in _ROUTES.items():
        names = pattern.split("/")
        if wanted != method or len(names) != len(parts):
            continue
        if all(name in ("*", part) for name, part in zip(names, parts, strict=True)):
            return handler, [
                urllib.parse.unquote(part)
                for name, part in zip(names, parts, strict=True)
                if name == "*"
            ]
    raise RefusedError(404, f"this server has no {method} /{'/'.join(parts)[:100]}")


async def _body(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        message = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise RefusedError(400, "the request is no JSON") from None
    if not isinstance(message, dict):
        raise RefusedError(400, "the request is no object")
    return message


def _texts(message: dict[str, Any], name: str) -> dict[str, str]:
    value = message.get(name) or {}
    if not isinstance(value, dict):
        raise RefusedError(400, f"`{name}` is no object")
    return {str(key): str(one) for key, one in value.items()}


def _timeout(message: dict[str, Any]) -> float | None:
    value = message.get("timeout")
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise RefusedError(400, "`timeout` is no number")
    return value


# --- answers ---


def _made(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "templateID": sandbox.template, "sandboxID": sandbox.name, "clientID": "boxer",
        "envdVersion": ENVD_VERSION, "envdAccessToken": sandbox.token,
        "trafficAccessToken": sandbox.token, "domain": None,
    }  # fmt: skip


def _listed(sandbox: Sandbox, sandboxes: Sandboxes) -> dict[str, Any]:
    limits = sandboxes.settings.limits
    return {
        "templateID": sandbox.template, "sandboxID": sandbox.name, "clientID": "boxer",
        "startedAt": _moment(sandbox.started), "endAt": _moment(sandbox.ends), "cpuCount": 1,
        "memoryMB": parse_size(limits.memory) >> 20,
        "diskSizeMB": parse_size(limits.storage or 0) >> 20,
        "state": sandbox.state, "envdVersion": ENVD_VERSION, "metadata": sandbox.metadata,
    }  # fmt: skip


def _detail(sandbox: Sandbox, sandboxes: Sandboxes) -> dict[str, Any]:
    return _listed(sandbox, sandboxes) | {
        "envdAccessToken": sandbox.token,
        "allowInternetAccess": sandboxes.settings.network is not None,
        "lifecycle": {
            "autoResume": sandbox.resumes,
            "onTimeout": "pause" if sandbox.pauses else "kill",
        },
    }


def _moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


# --- requests ---


async def _create(request: Request, sandboxes: Sandboxes) -> dict[str, Any]:
    message = await _body(request)
    for name in NOT_HERE:
        if message.get(name):
            raise RefusedError(
                400,
                f"`{name}` of a client is not supported: `boxer serve --e2b` says for all"
                " sandboxes what they may reach (--allow-net).",
            )
    template = str(message.get("templateID") or "default")
    if message.get("allow_internet_access") is False and sandboxes.settings.network is not None:
        raise RefusedError(400, "this server's sandboxes have the network that it grants")
    create = functools.partial(
        sandboxes.create, template, env=_texts(message, "envVars"),
        metadata=_texts(message, "metadata"), timeout=_timeout(message),
    )  # fmt: skip
    sandbox = create() if sandboxes.is_quick(template) else await in_thread(create)
    sandbox.pauses = bool(message.get("autoPause"))
    resume = message.get("autoResume")
    sandbox.resumes = isinstance(resume, dict) and bool(resume.get("enabled", True))
    return _made(sandbox)


async def _list(request: Request, sandboxes: Sandboxes) -> Response:
    from starlette.responses import JSONResponse

    query = request.query_params
    states = set(query.get("state", "running,paused").split(","))
    wanted = dict(urllib.parse.parse_qsl(query.get("metadata", "")))
    found = [
        one for one in sandboxes.all()
        if one.state in states and all(one.metadata.get(k) == v for k, v in wanted.items())
    ]  # fmt: skip
    limit, token = query.get("limit", str(PAGE)), query.get("nextToken", "0")
    if not (limit.isdigit() and token.isdigit()):
        raise RefusedError(400, "`limit` and `nextToken` are numbers")
    start, count = int(token), max(1, min(int(limit), PAGE))
    page = [_listed(one, sandboxes) for one in found[start : start + count]]
    headers = {"x-next-token": str(start + count)} if len(found) > start + count else {}
    return JSONResponse(page, headers=headers)


async def _get(request: Request, sandboxes: Sandboxes, name: str) -> dict[str, Any]:
    return _detail(sandboxes.get(name), sandboxes)


async def _kill(request: Request, sandboxes: Sandboxes, name: str) -> None:
    sandbox = sandboxes.remove(name)
    if sandbox is None:
        raise RefusedError(404, f"The sandbox `{name}` was not found.")
    # Nobody can ask for it any more: its client need not wait for its machine.
    asyncio.get_running_loop().run_in_executor(None, sandboxes.end, sandbox)


async def _set_timeout(request: Request, sandboxes: Sandboxes, name: str) -> None:
    seconds = _timeout(await _body(request))
    if seconds is None:
        raise RefusedError(400, "`timeout` is missing")
    sandboxes.set_timeout(name, seconds)


async def _refresh(request: Request, sandboxes: Sandboxes, name: str) -> None:
    duration = (await _body(request)).get("duration")
    if isinstance(duration, bool) or not isinstance(duration, (int, type(None))):
        raise RefusedError(400, "`duration` is no number")
    sandboxes.set_timeout(name, sandboxes.settings.timeout if duration is None else duration)


async def _connect(request: Request, sandboxes: Sandboxes, name: str) -> Any:
    from starlette.responses import JSONResponse

    timeout = _timeout(await _body(request))
    was_paused = sandboxes.get(name).state == PAUSED
    sandbox = await in_thread(sandboxes.resume, name, timeout)
    return JSONResponse(_made(sandbox), status_code=201 if was_paused else 200)


async def _pause(request: Request, sandboxes: Sandboxes, name: str) -> None:
    message = await _body(request)
    if message.get("memory") is False:
        raise RefusedError(400, "a sandbox is paused with its memory here")
    if not await in_thread(sandboxes.pause, name):
        raise RefusedError(409, f"The sandbox `{name}` is paused already.")


async def _fork(request: Request, sandboxes: Sandboxes, name: str) -> list[dict[str, Any]]:
    message = await _body(request)
    count = message.get("count") or 1
    if type(count) is not int or not 1 <= count <= MOST_FORKS:
        raise RefusedError(400, f"`count` is a number from 1 to {MOST_FORKS}")
    sandboxes.get(name)
    told: list[dict[str, Any]] = []
    for _ in range(count):
        try:
            forked = await in_thread(sandboxes.fork, name, timeout=_timeout(message))
            forked.data.update(_inherited(sandboxes.get(name)))
            told.append({"sandbox": _made(forked)})
        except BoxerError as error:
            code = 409 if isinstance(error, MachineBusyError) else 500
            told.append({"error": {"code": code, "message": str(error)}})
    return told


def _inherited(parent: Sandbox) -> dict[str, Any]:
    """What a fork's protocols know of it, as of its parent: contexts."""
    known = parent.data.get("contexts", {})
    return {"contexts": {name: dict(one) for name, one in known.items()}}


async def _snapshot(request: Request, sandboxes: Sandboxes, name: str) -> dict[str, Any]:
    message = await _body(request)
    if message.get("memory") is False:
        raise RefusedError(400, "a snapshot has the sandbox's memory here")
    label = message.get("name")
    key = await in_thread(sandboxes.snapshot, name, str(label) if label else None)
    return {"snapshotID": key, "names": [str(label)] if label else []}


async def _snapshots(request: Request, sandboxes: Sandboxes) -> list[dict[str, Any]]:
    return [{"snapshotID": key, "names": []} for key in sandboxes.snapshots()]


async def _forget_snapshot(request: Request, sandboxes: Sandboxes, key: str) -> None:
    if not await in_thread(sandboxes.forget_snapshot, key):
        raise RefusedError(404, f"There is no snapshot `{key[:100]}`.")


async def _metrics(request: Request, sandboxes: Sandboxes, name: str) -> list[dict[str, Any]]:
    sandboxes.get(name)
    return []


async def _logs(request: Request, sandboxes: Sandboxes, name: str) -> dict[str, Any]:
    sandboxes.get(name)
    return {"logs": [], "logEntries": []}


_ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "sandboxes"): _create,
    ("GET", "sandboxes"): _list,
    ("GET", "sandboxes/*"): _get,
    ("DELETE", "sandboxes/*"): _kill,
    ("POST", "sandboxes/*/timeout"): _set_timeout,
    ("POST", "sandboxes/*/refreshes"): _refresh,
    ("POST", "sandboxes/*/connect"): _connect,
    ("POST", "sandboxes/*/resume"): _connect,
    ("POST", "sandboxes/*/pause"): _pause,
    ("POST", "sandboxes/*/fork"): _fork,
    ("POST", "sandboxes/*/snapshots"): _snapshot,
    ("GET", "sandboxes/*/metrics"): _metrics,
    ("GET", "sandboxes/*/logs"): _logs,
    ("GET", "snapshots"): _snapshots,
    ("DELETE", "templates/*"): _forget_snapshot,
}
