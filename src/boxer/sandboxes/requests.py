"""What every protocol of a served sandbox needs: who asks, which sandbox, waiting without a thread.

Belongs here: tokens, names, users, paths. Does not: any protocol.

Invariants
1. Secrets are compared in constant time.
2. The event loop never waits for a machine: what could is done in a thread, or told by a listener.
"""

from __future__ import annotations

import asyncio
import hmac
import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from boxer.errors import GuestFileError, MachineOverError, SandboxError
from boxer.runtime import Event, error_of
from boxer.sandboxes.manager import PAUSED, Sandbox, Sandboxes

if TYPE_CHECKING:
    from starlette.requests import Request

T = TypeVar("T")
MOST_THREADS = 256


async def in_thread(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Calls what may take a while."""
    return await asyncio.to_thread(function, *args, **kwargs)


def is_secret(given: str | None, wanted: str) -> bool:
    """Whether somebody knows it."""
    return given is not None and hmac.compare_digest(given.encode(), wanted.encode())


async def sandbox_of(request: Request, sandboxes: Sandboxes, may_resume: bool = True) -> Sandbox:
    """The one a request is for. Raises `SandboxError`; LookupError without its token."""
    name = request.headers.get("e2b-sandbox-id", "")
    if not name:
        host = request.headers.get("host", "").partition(".")[0]
        name = host.partition("-")[2]
    sandbox = sandboxes.get(name)
    headers = request.headers
    given = headers.get("x-access-token") or headers.get("e2b-traffic-access-token")
    if not is_secret(given, sandbox.token) and not is_secret(
        headers.get("e2b-traffic-access-token"), sandbox.token
    ):
        raise LookupError("the sandbox's access token is missing or wrong")
    if sandbox.state == PAUSED:
        if not (sandbox.resumes and may_resume):
            raise SandboxError(f"The sandbox `{name}` was not found: it is paused.")
        await in_thread(sandboxes.resume, name)
    return sandbox


async def asked(sandbox: Sandbox, head: dict[str, Any], body: bytes = b"") -> Event:
    """Asks a machine for something that has one answer. Raises `GuestFileError`,
    `MachineOverError`, `SandboxError`."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Event] = loop.create_future()

    def hear(event: Event) -> None:
        if event.kind in ("done", "error", "over"):
            loop.call_soon_threadsafe(_settle, answer, event)

    attendance = sandbox.machine.attendance
    if len(body) > 1 << 16:
        await in_thread(attendance.ask, head, body, True, hear)
    else:
        attendance.ask(head, body, True, hear)
    event = await answer
    if event.kind == "error":
        raise error_of(event)
    if event.kind == "over":
        raise MachineOverError(str(event.head.get("message")))
    return event


def _settle(answer: asyncio.Future[Event], event: Event) -> None:
    if not answer.done():
        answer.set_result(event)


async def file_asked(sandbox: Sandbox, what: str, body: bytes = b"", **more: Any) -> Event:
    """As `asked`, of files."""
    for value in more.values():
        if isinstance(value, str) and "\0" in value:
            raise GuestFileError("ValueError", "a path cannot hold a NUL character", 0)
    return await asked(sandbox, {"op": "file", "do": what, **more}, body)


class User:
    """Who a request is made as. owner: uid, gid, or None: whoever the machine's programs are."""

    def __init__(self, owner: tuple[int, int] | None, home: str, cwd: str) -> None:
        self.owner = owner
        self._home, self._cwd = home, cwd

    def path(self, path: str) -> str:
        """The whole path of one that may be relative, or begin with `~`."""
        if path == "~" or path.startswith("~/"):
            path = posixpath.join(self._home, path[2:])
        return posixpath.normpath(posixpath.join(self._cwd, path or "."))


async def user_of(sandbox: Sandbox, name: str | None) -> User:
    """name: of the machine's /etc/passwd; empty: its own user. Raises `GuestFileError`."""
    known = sandbox.data.get("users")
    if known is None or (name and name not in known.get("users", {})):
        known = sandbox.data["users"] = (await file_asked(sandbox, "users")).head
    known.setdefault("users", {})
    cwd = str(sandbox.data.setdefault("cwd", str(known.get("cwd") or "/")))
    if not name or (name == "user" and name not in known["users"]):
        return User(None, str(known.get("home") or "/"), cwd)
    found = known["users"].get(name)
    if not isinstance(found, list) or len(found) != 3:
        raise GuestFileError("LookupError", f"the sandbox has no user `{name[:100]}`", 0)
    uid, gid, home = found
    if not (type(uid) is int and type(gid) is int and isinstance(home, str)):
        raise GuestFileError("LookupError", f"the sandbox has no user `{name[:100]}`", 0)
    owner = None if uid == known.get("uid") else (uid, gid)
    return User(owner, home, cwd)
