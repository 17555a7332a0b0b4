"""Extensions that are ready: key-value, HTTP, secrets, log, clock.

Belongs here: what a box may ask for without the host writing anything. Does not: how it asks
(`offering`).
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path

from boxer.extensions.fetching import Fetch

__all__ = ["Clock", "Fetch", "KeyValue", "Log", "Secrets"]

LONGEST_KEY = 1024
MOST_BYTES = 64 << 20


class KeyValue:
    """Bytes by name. In memory, or in a file of SQLite. most: bytes of all names and values."""

    def __init__(self, path: str | Path | None = None, *, most: int = MOST_BYTES) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            ":memory:" if path is None else path, check_same_thread=False, isolation_level=None
        )
        # No method `close`: guests may call what is public.
        weakref.finalize(self, self._database.close)
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS items (key TEXT PRIMARY KEY, value BLOB NOT NULL)"
            " WITHOUT ROWID"
        )
        (self._held,) = self._database.execute(
            "SELECT coalesce(sum(length(key) + length(value)), 0) FROM items"
        ).fetchone()

    def get(self, key: str) -> bytes | None:
        """The value, or None."""
        with self._lock:
            found = self._database.execute("SELECT value FROM items WHERE key = ?", (key,))
            row = found.fetchone()
        return None if row is None else bytes(row[0])

    def set(self, key: str, value: bytes) -> None:
        """Keeps a value. Raises ValueError where there is no room."""
        if len(key) > LONGEST_KEY:
            raise ValueError(f"a key has {LONGEST_KEY} characters at most")
        with self._lock:
            more = len(key) + len(value) - self._size(key)
            if self._held + more > self._most:
                raise ValueError(f"there is room for {self._most} bytes, and no more")
            self._database.execute("INSERT OR REPLACE INTO items VALUES (?, ?)", (key, value))
            self._held += more

    def delete(self, key: str) -> bool:
        """Whether it was there."""
        with self._lock:
            size = self._size(key)
            gone = self._database.execute("DELETE FROM items WHERE key = ?", (key,)).rowcount > 0
            self._held -= size
        return gone

    def keys(self, prefix: str = "", limit: int = 1000) -> list[str]:
        """Names that begin with `prefix`, sorted, `limit` of them at most."""
        with self._lock:
            found = self._database.execute(
                "SELECT key FROM items WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key LIMIT ?2",
                (prefix, max(0, min(limit, 100_000))),
            ).fetchall()
        return [row[0] for row in found]

    def add(self, key: str, amount: int = 1) -> int:
        """Adds to a number, from 0 on, as one step; what it is then."""
        with self._lock:
            row = self._database.execute("SELECT value FROM items WHERE key = ?", (key,)).fetchone()
            try:
                value = int(bytes(row[0])) if row else 0
            except ValueError:
                raise ValueError(f"{key} is no number") from None
            told = str(value + amount).encode()
            more = len(key) + len(told) - self._size(key)
            if len(key) > LONGEST_KEY or self._held + more > self._most:
                raise ValueError(f"there is room for {self._most} bytes, and no more")
            self._database.execute("INSERT OR REPLACE INTO items VALUES (?, ?)", (key, told))
            self._held += more
        return value + amount

    def _size(self, key: str) -> int:
        row = self._database.execute(
            "SELECT length(key) + length(value) FROM items WHERE key = ?", (key,)
        ).fetchone()
        return int(row[0]) if row else 0


class Secrets:
    """Texts by name, of those that were given and no others."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def get(self, name: str) -> str:
        """Raises KeyError."""
        return self._values[name]


class Log:
    """Lines of the box in a logger of this process, named so that nobody takes them for its own.

    most: characters of a line."""

    def __init__(self, name: str = "boxer.guest", *, most: int = 10_000) -> None:
        self._logger = logging.getLogger(name)
        self._most = most

    def write(self, level: str, message: str, fields: dict[str, str] | None = None) -> None:
        """level: debug, info, warning or error."""
        number = {"debug": 10, "info": 20, "warning": 30, "error": 40}.get(level)
        if number is None:
            raise ValueError(f"there is no level {level}")
        told = message[: self._most].encode("unicode_escape").decode("ascii")
        self._logger.log(number, "%s", told, extra={"boxer_fields": dict(fields or {})})


class Clock:
    """The host's time, which a box's own follows from its start."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from an unknown moment."""
        return time.monotonic()
