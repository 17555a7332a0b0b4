"""The ASGI application that the unmodified `e2b` and `e2b-code-interpreter` SDKs are served by.

Belongs here: which request goes where. Does not: what comes of it.

A sandbox's own services are told from the API by their headers: `E2b-Sandbox-Id`, or a host named
`PORT-ID.`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boxer.errors import BoxerError, SandboxError
from boxer.sandboxes import envd, interpreter, rest, transfer
from boxer.sandboxes.manager import PAUSED, Sandboxes
from boxer.sandboxes.requests import sandbox_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

INTERPRETER = ("execute", "contexts")


def e2b_application(sandboxes: Sandboxes, key: str) -> Any:
    """key: what clients must know to make sandboxes (E2B_API_KEY)."""
    from starlette.requests import Request

    async def application(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        first = scope["path"].strip("/").split("/")[0]
        is_sandboxs = "." in first or first in (*INTERPRETER, "files", "health", "metrics", "init")
        if is_sandboxs:
            response = await _of_a_sandbox(request, sandboxes, first)
        else:
            response = await rest.answer(request, sandboxes, key)
        await response(scope, receive, send)

    return application


async def _of_a_sandbox(request: Request, sandboxes: Sandboxes, first: str) -> Response:
    from starlette.responses import JSONResponse, PlainTextResponse, Response

    try:
        sandbox = await _admitted(request, sandboxes, first)
        if first == "health":
            return Response(status_code=204)
        if first == "files":
            return await transfer.transfer(request, sandbox)
        if first == "execute" and request.method == "POST":
            return await interpreter.execute(request, sandbox)
        if first == "contexts":
            return await interpreter.contexts(request, sandbox)
        parts = request.url.path.strip("/").split("/")
        if "." in first and len(parts) == 2 and request.method == "POST":
            return await envd.call(request, sandbox, parts[0], parts[1])
        return JSONResponse({"code": 404, "message": "there is no such page"}, status_code=404)
    except LookupError as error:
        return JSONResponse({"code": 401, "message": str(error)}, status_code=401)
    except ValueError as error:
        return PlainTextResponse(str(error), status_code=400)
    except SandboxError as error:
        return JSONResponse({"code": 502, "message": str(error)}, status_code=502)
    except BoxerError as error:
        return JSONResponse({"code": 502, "message": str(error)}, status_code=502)


async def _admitted(request: Request, sandboxes: Sandboxes, first: str) -> Any:
    """A link to a file that was signed has no header at all."""
    if first == "files" and "signature" in request.query_params:
        name = request.query_params.get("sandbox") or request.headers.get("e2b-sandbox-id", "")
        found = sandboxes.get(name or request.headers.get("host", "").partition(".")[0][-20:])
        if transfer.is_signed(request, found):
            return found
        raise LookupError("the link's signature is wrong, or its time is over")
    if first == "health":
        found = sandboxes.get(request.headers.get("e2b-sandbox-id", ""))
        if found.state == PAUSED:
            raise SandboxError(f"The sandbox `{found.name}` was not found: it is paused.")
        return found
    return await sandbox_of(request, sandboxes)
