"""Files of a sandbox over HTTP: envd's GET and POST /files.

Belongs here: bodies in and out, signatures. Does not: the file system's other calls (`envd`).

Invariants
1. A body is passed on in pieces of a MiB; what of it lies here is bounded.
2. A signature is for one path, one operation, one user, and until its time.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
import time
import zlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from boxer.errors import GuestFileError
from boxer.sandboxes.manager import Sandbox
from boxer.sandboxes.requests import User, file_asked, is_secret, user_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PIECE = 1 << 20
LARGEST = 1 << 32
STATUS = {
    "FileNotFoundError": 404, "NotADirectoryError": 400, "PermissionError": 403,
    "LookupError": 401, "IsADirectoryError": 400,
}  # fmt: skip
NO_SPACE = 28


def is_signed(request: Request, sandbox: Sandbox) -> bool:
    """Whether the request's own signature admits it (e2b's v1)."""
    query = request.query_params
    given = query.get("signature")
    if given is None:
        return False
    operation = "read" if request.method in ("GET", "HEAD") else "write"
    parts = [query.get("path", ""), operation, query.get("username", ""), sandbox.token]
    until = query.get("signature_expiration")
    if until is not None:
        if not until.isdigit() or int(until) < time.time():
            return False
        parts.append(until)
    digest = hashlib.sha256(":".join(parts).encode()).digest()
    return is_secret(given, "v1_" + base64.b64encode(digest).rstrip(b"=").decode())


async def transfer(request: Request, sandbox: Sandbox) -> Response:
    """GET: a file. POST: one as the body, or many as multipart/form-data."""
    from starlette.responses import JSONResponse

    try:
        user = await user_of(sandbox, request.query_params.get("username"))
        if request.method in ("GET", "HEAD"):
            return await _download(request, sandbox, user)
        return await _upload(request, sandbox, user)
    except GuestFileError as error:
        code = 507 if error.errno == NO_SPACE else STATUS.get(error.type, 400)
        return JSONResponse({"code": code, "message": error.text}, status_code=code)
    except ValueError as error:
        return JSONResponse({"code": 400, "message": str(error)}, status_code=400)


async def _download(request: Request, sandbox: Sandbox, user: User) -> Response:
    from starlette.responses import Response, StreamingResponse

    path = user.path(request.query_params.get("path", ""))
    first = await file_asked(sandbox, "read", path=path, offset=0, size=PIECE)
    size = first.head.get("size")
    name = posixpath.basename(path).encode("ascii", "replace").decode().replace('"', "_")
    headers = {"content-disposition": f'inline; filename="{name}"'}
    if len(first.body) < PIECE:
        return Response(first.body, media_type="application/octet-stream", headers=headers)

    async def pieces() -> AsyncIterator[bytes]:
        yield first.body
        offset = len(first.body)
        while True:
            event = await file_asked(sandbox, "read", path=path, offset=offset, size=PIECE)
            if event.body:
                yield event.body
            offset += len(event.body)
            if len(event.body) < PIECE:
                return

    del size  # it may grow while it is read
    return StreamingResponse(pieces(), media_type="application/octet-stream", headers=headers)


async def _upload(request: Request, sandbox: Sandbox, user: User) -> Response:
    from starlette.responses import JSONResponse

    path = request.query_params.get("path")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    written: list[dict[str, Any]] = []
    if kind != "multipart/form-data":
        if not path:
            raise ValueError("`path` is missing")
        written.append(await _write(sandbox, user, path, _body(request)))
        return JSONResponse(written)
    async with request.form(max_files=1000, max_fields=10) as form:
        for _, part in form.multi_items():
            if isinstance(part, str):
                continue
            target = path or part.filename or ""
            if not target:
                raise ValueError("a file has no name")

            async def pieces(part: Any = part) -> AsyncIterator[bytes]:
                while piece := await part.read(PIECE):
                    yield piece

            written.append(await _write(sandbox, user, target, pieces()))
    if not written:
        raise ValueError("there is no file in the request")
    return JSONResponse(written)


async def _body(request: Request) -> AsyncIterator[bytes]:
    coding = request.headers.get("content-encoding", "identity").lower()
    if coding not in ("identity", "", "gzip"):
        raise ValueError(f"content-encoding `{coding[:50]}`")
    inflate = zlib.decompressobj(31) if coding == "gzip" else None
    async for piece in request.stream():
        if inflate is None:
            yield piece
            continue
        try:
            data = inflate.decompress(piece, PIECE)
            while data:
                yield data
                data = inflate.decompress(inflate.unconsumed_tail, PIECE)
        except zlib.error:
            raise ValueError("the body is no gzip") from None


async def _write(
    sandbox: Sandbox, user: User, path: str, pieces: AsyncIterator[bytes]
) -> dict[str, Any]:
    """In pieces of at most a MiB, whatever they come in."""
    path, begins, total = user.path(path), True, 0
    held = bytearray()
    async for piece in pieces:
        total += len(piece)
        if total > LARGEST:
            raise ValueError("the file is larger than 4 GiB")
        held += piece
        while len(held) >= PIECE:
            await _put(sandbox, user, path, bytes(held[:PIECE]), begins, ends=False)
            del held[:PIECE]
            begins = False
    await _put(sandbox, user, path, bytes(held), begins, ends=True)
    return {"name": posixpath.basename(path), "type": "file", "path": path}


async def _put(
    sandbox: Sandbox, user: User, path: str, data: bytes, begins: bool, ends: bool
) -> None:
    await file_asked(sandbox, "write", data, path=path, begins=begins, ends=ends, owner=user.owner)
