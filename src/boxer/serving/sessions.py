"""A machine for each session, which has its own files and memory, and sleeps on disk.

Belongs here: who has which session, and for how long. Does not: machines that live on (`machines`).

Invariants
1. A session's name that is a cookie was drawn here; no other one leads to a machine.
2. At most `most` sessions are there, `awake` of them in memory while nobody asks them for more:
   who came last stays longest.
3. A session's file is its user's alone, and gone when it is woken, forgotten, or the server ends.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any

from boxer.errors import BoxerError
from boxer.serving.log import logger
from boxer.serving.machines import MOST_AWAKE, Living, NoRoomError
from boxer.serving.served import Served
from boxer.serving.talk import Stream

COOKIE = "boxer-session"
# Of a header that names a session.
LONGEST = 256
# Seconds between looks at who is idle, and that one is before it is put to sleep.
LOOK, QUIET = 0.5, 5.0
# Seconds after which it is tried again where there was no room on the disk.
AGAIN = 30.0


@dataclass
class Session:
    living: Living
    name: str
    busy: int = 0
    used: float = 0.0
    stays_until: float = 0.0  # its machine cannot be put away before


class Sessions:
    """header: whose value names a session; None: a cookie of ours. idle: seconds after which one is
    forgotten. can_sleep: nothing of a machine lies outside of its memory."""

    def __init__(
        self,
        served: Served,
        *,
        most: int,
        awake: int,
        idle: float,
        header: str | None = None,
    ) -> None:
        self._served, self._header = served, header.lower() if header else None
        self._most, self._awake, self._idle = most, awake, idle
        self._can_sleep = not served.pool.reaches_outside
        self._sessions: dict[str, Session] = {}  # the one used longest ago first
        self._executor = ThreadPoolExecutor(MOST_AWAKE, "boxer-serve")
        self._folder = tempfile.TemporaryDirectory(prefix="boxer-sessions-")
        self._files = 0
        self._looking: asyncio.Task[None] | None = None

    async def open(self, request: dict[str, Any], scope: Any) -> Stream:
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())
        name = self._named(request)
        session = self._sessions.pop(name, None) if name else None
        is_new = session is None
        if session is None:
            self._make_room()
            name = name if self._header and name else secrets.token_urlsafe(24)
            session = Session(Living(self._served, self._executor), name)
        self._sessions[session.name] = session
        session.busy += 1
        session.used = time.monotonic()
        try:
            stream = await session.living.open(request)
        except BaseException:
            session.busy -= 1
            raise
        stream.owner = session
        if is_new and not self._header:
            secure = "; Secure" if request["scheme"] in ("https", "wss") else ""
            value = f"{COOKIE}={session.name}; Path=/; HttpOnly; SameSite=Lax{secure}"
            stream.headers.append(["set-cookie", value])
        return stream

    def done(self, stream: Stream, scope: Any) -> None:
        session = stream.owner
        session.busy -= 1
        session.used = time.monotonic()

    def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        for session in self._sessions.values():
            session.living.close()
        self._sessions.clear()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._folder.cleanup()

    def _named(self, request: dict[str, Any]) -> str:
        """What the request says; an empty text: nothing that is a session's."""
        if self._header:
            values = [value for name, value in request["headers"] if name == self._header]
            return values[0] if len(values) == 1 and 0 < len(values[0]) <= LONGEST else ""
        for name, value in request["headers"]:
            if name == "cookie" and COOKIE in value:
                try:
                    morsel = SimpleCookie(value).get(COOKIE)
                except CookieError:
                    continue
                if morsel is not None and morsel.value in self._sessions:
                    return morsel.value
        return ""

    def _make_room(self) -> None:
        if len(self._sessions) < self._most:
            return
        oldest = next((one for one in self._sessions.values() if not one.busy), None)
        if oldest is None:
            raise NoRoomError("all sessions are busy")
        self._forget(oldest)

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.name, None)
        session.living.close()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            now = time.monotonic()
            for session in list(self._sessions.values()):
                if not session.busy and now - session.used > self._idle:
                    self._forget(session)
            if self._can_sleep:
                await self._put_to_sleep(now)

    async def _put_to_sleep(self, now: float) -> None:
        awake = [one for one in self._sessions.values() if one.living.is_awake]
        excess = len(awake) - self._awake
        for at, session in enumerate(awake):
            is_quiet = now - session.used > QUIET
            if session.busy or now < session.stays_until or not (is_quiet or at < excess):
                continue
            self._files += 1
            file = Path(self._folder.name) / str(self._files)
            try:
                if not await session.living.sleep(file):
                    session.stays_until = math.inf
            except (OSError, BoxerError) as error:
                session.stays_until = now + AGAIN
                logger.warning("a session stays awake: %s", error)
