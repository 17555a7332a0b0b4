"""A machine that is asked for several things at a time: cells, programs, files.

Belongs here: requests and their events, and the thread a machine has while it is awake. Does not:
what is asked (`library`). The guest's half, guest/python/boxer/_attend.py, says what a frame is.

Invariants
1. While nothing runs in it and nothing is asked, a machine has no thread: it is memory alone.
2. A machine is entered by one thread at a time; who asks only writes to a socket.
3. What comes from a guest is data of no known shape: a frame that is not one ends the machine, one
   that nobody asked for is dropped.
4. A guest that writes faster than somebody reads waits: a request's events take MOST_WAITING bytes
   at most, or, where nobody reads them now, the oldest are dropped.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from boxer.errors import (
    BoxerError,
    GuestFileError,
    LimitReached,
    MachineBusyError,
    MachineOverError,
)
from boxer.runtime.entry import Outcome, Word

LARGEST_HEAD, LARGEST_BODY = 1 << 20, 1 << 24
MOST_WAITING, OVERHEAD = 8 << 20, 512
_PIECE = 1 << 18
_HEAD = struct.Struct("<II")
_SLICE = 0.05
# Seconds from a machine's last answer until it is at rest.
_SOON = 0.02


@dataclass(frozen=True, slots=True)
class Event:
    """What a machine says to a request. kind: `out`, `result`, `done` ...; head: the rest of its
    JSON. size: bytes that it counts for."""

    kind: str
    head: dict[str, Any]
    body: bytes = b""
    size: int = 0


class Asked:
    """A request under way: its events, from the first to the last. Used by any thread.

    is_kept: events wait for whoever reads them, however many; where not, and nobody reads, the
    oldest are dropped.
    """

    def __init__(self, number: int, is_kept: bool) -> None:
        self.number = number
        self.is_over = False
        self.dropped = 0
        self._is_kept = is_kept
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._has_some = threading.Condition(threading.Lock())
        self._listener: Callable[[Event], None] | None = None
        self._failure: Exception | None = None

    def listen(self, listener: Callable[[Event], None]) -> None:
        """From now on each event is handed over as it comes, those that wait first. It must not
        block. The last one's kind is `done`, `error` or `over`. Where events are kept, `taken` says
        how much of them has been used."""
        with self._has_some:
            for event in self._events:
                listener(event)
            self._events.clear()
            self._listener = listener

    def ignore(self) -> None:
        """Nobody hears of its events any more; what it asked for goes on."""
        with self._has_some:
            self._is_kept = False
            self._listener = lambda event: None
            self._events.clear()

    def taken(self, size: int) -> None:
        """A listener has used so many bytes of events."""
        with self._has_some:
            self._bytes -= size

    def next(self, timeout: float | None = None) -> Event | None:
        """The next one; None behind the last one. Raises TimeoutError after so many seconds, and
        what ended the machine."""
        with self._has_some:
            if not self._has_some.wait_for(lambda: self._events or self.is_over, timeout):
                raise TimeoutError
            if self._events:
                event = self._events.popleft()
                self._bytes -= event.size
                return event
            if self._failure is not None:
                raise self._failure
            return None

    def events(self, until: float | None = None) -> Iterator[Event]:
        """All that come until `time.monotonic()` is `until`. Raises as `next`."""
        while True:
            rest = None if until is None else max(0.0, until - time.monotonic())
            event = self.next(rest)
            if event is None:
                return
            yield event

    def result(self, timeout: float | None = None) -> Event:
        """The last event. Raises `GuestFileError` for an `error`, TimeoutError, and as `next`."""
        until = None if timeout is None else time.monotonic() + timeout
        last = None
        for event in self.events(until):
            last = event
        if last is None or last.kind not in ("done", "error"):
            raise MachineOverError("The machine gave no answer.")
        if last.kind == "error":
            raise error_of(last)
        return last

    def put(self, event: Event) -> None:
        with self._has_some:
            if self.is_over:
                return
            if event.kind in ("done", "error"):
                self.is_over = True
            self._hand(event)

    def fail(self, failure: Exception) -> None:
        with self._has_some:
            if self.is_over:
                return
            self.is_over, self._failure = True, failure
            if self._listener is not None:
                self._listener(Event("over", {"message": str(failure)}))
            self._has_some.notify_all()

    def is_full(self) -> bool:
        """Whether its machine is not to be listened to, for now."""
        return self._is_kept and self._bytes > MOST_WAITING

    def _hand(self, event: Event) -> None:
        self._bytes += event.size
        if self._listener is not None:
            self._listener(event)
        else:
            self._events.append(event)
            while not self._is_kept and self._bytes > MOST_WAITING:
                self._bytes -= self._events.popleft().size
                self.dropped += 1
        self._has_some.notify_all()


def error_of(event: Event) -> GuestFileError:
    """What an `error` says."""
    head = event.head
    number = head.get("errno")
    return GuestFileError(
        str(head.get("type", "Error"))[:100],
        str(head.get("message", ""))[:4096],
        number if isinstance(number, int) and 0 < number < 4096 else 0,
    )


class Attendance:
    """The requests of one machine. enter: enters it, with descriptors for its three streams."""

    def __init__(self, enter: Callable[[tuple[int, int, int], Word], Outcome]) -> None:
        self.word = Word()
        self._enter = enter
        self._ours, self._theirs = socket.socketpair()
        for end in (self._ours, self._theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self._got = bytearray()
        self._asked: dict[int, Asked] = {}
        self._last_number = 0
        self._awake = False
        self._over: Exception | None = None
        self._changed = threading.Condition(threading.Lock())
        self._sending = threading.Lock()
        self._receiving = threading.RLock()
        self._is_closed = self._is_broken = False
        _reader.add(self)

    @property
    def socket(self) -> socket.socket:
        return self._ours

    @property
    def is_awake(self) -> bool:
        """Whether something runs in it, or is asked."""
        return self._awake

    def ask(
        self,
        head: dict[str, Any],
        body: bytes = b"",
        is_kept: bool = True,
        listener: Callable[[Event], None] | None = None,
    ) -> Asked:
        """Asks for something. Raises `MachineOverError`, ValueError for more than a frame holds."""
        with self._changed:
            self._check()
            self._last_number += 1
            asked = Asked(self._last_number, is_kept)
            frame = _framed({"id": asked.number, **head}, body)
            if listener is not None:
                asked.listen(listener)
            self._asked[asked.number] = asked
            if not self._awake:
                self._awake = True
                _threads.run(self._live)
        with self._sending, contextlib.suppress(OSError):  # it is over, which the request is told
            self._ours.sendall(frame)
        return asked

    def pause(self) -> None:
        """Everything in it stands still; its clocks go on."""
        self.word.say(Word.PAUSE)

    def go_on(self) -> None:
        self.word.say(Word.GO_ON)

    def rest(self, timeout: float) -> bool:
        """Waits until the machine is at rest. False: it is not, after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._awake, timeout)

    def refuse_if_busy(self, timeout: float = 1.0) -> None:
        """Raises `MachineBusyError`."""
        if not self.rest(timeout):
            told: list[str] = []
            with contextlib.suppress(TimeoutError, BoxerError):
                told = self.ask({"op": "alive"}).result(1.0).head.get("alive", [])
                told = [str(one)[:100] for one in told[:5]]
            raise MachineBusyError(", ".join(told))

    def close(self) -> None:
        """Ends whatever runs; waits for that. One that has answered all is soon at rest."""
        with self._changed:
            self._changed.wait_for(lambda: not self._awake or bool(self._asked), _SOON)
            self._is_closed = True
            self.word.say(Word.STOP)
            self._changed.wait_for(lambda: not self._awake)
            self._fail(MachineOverError("The machine is over: it was closed."))
        _reader.remove(self)
        with self._receiving, self._sending:
            self._ours.close()
            self._theirs.close()

    # --- the machine's thread ---

    def _live(self) -> None:
        failure: Exception | None = None
        try:
            while failure is None and self._is_wanted():
                failure = self._once()
        except Exception as error:  # every waiter hears of it
            failure = error
        except BaseException:
            failure = MachineOverError("The machine was interrupted.")
        with self._changed:
            self._awake = False
            if failure is not None:
                self._fail(failure)
            self._changed.notify_all()

    def _is_wanted(self) -> bool:
        with self._changed:
            if self._is_broken:
                raise MachineOverError("The machine's answers cannot be read.")
            if not self._asked or self._is_closed:
                self._awake = False
                self._changed.notify_all()
                return False
            return True

    def _once(self) -> Exception | None:
        """One time awake. What ended the machine, if it is over."""
        end = self._theirs.fileno()
        poll = select.poll()
        poll.register(end, select.POLLIN)
        while not poll.poll(_SLICE * 1000):
            if self._is_closed or self._is_broken:
                return None
        outcome = self._enter((end, end, _nothing()), self.word)
        self.receive()
        if self._is_broken:
            return MachineOverError("The machine's answers cannot be read.")
        if outcome.status is None:
            return _what_ended(outcome)
        if outcome.status or (outcome.reply or b"")[:1] not in (b"=", b"~"):
            told = (outcome.reply or b"").decode("utf-8", "replace")
            return MachineOverError(f"The machine answers no more. {told[:2000]}".strip())
        return None

    def _fail(self, failure: Exception) -> None:
        self._over = failure
        for asked in self._asked.values():
            asked.fail(failure)
        self._asked.clear()

    # --- frames ---

    def receive(self) -> None:
        """Takes what is there to be taken, without waiting."""
        with self._receiving:
            while self._ours.fileno() >= 0:
                try:
                    data = self._ours.recv(_PIECE, socket.MSG_DONTWAIT)
                except (BlockingIOError, InterruptedError):
                    return
                except OSError:
                    return
                if not data:
                    return
                self._got += data
                if self._is_broken or not self._take_frames():
                    self._is_broken = True
                    self._got.clear()
                    self.word.say(Word.STOP)
                    return

    def is_full(self) -> bool:
        return any(asked.is_full() for asked in list(self._asked.values()))

    def _take_frames(self) -> bool:
        at = 0
        while len(self._got) - at >= _HEAD.size:
            size, more = _HEAD.unpack_from(self._got, at)
            if size > LARGEST_HEAD or more > LARGEST_BODY:
                return False
            start, end = at + _HEAD.size, at + _HEAD.size + size + more
            if len(self._got) < end:
                break
            if not self._dispatch(bytes(self._got[start : start + size]),
                                  bytes(self._got[start + size : end])):  # fmt: skip
                return False
            at = end
        del self._got[:at]
        return True

    def _dispatch(self, text: bytes, body: bytes) -> bool:
        try:
            head = json.loads(text)
            number, kind = head.pop("id"), head.pop("e")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False
        if not isinstance(kind, str) or not isinstance(number, int):
            return False
        asked = self._asked.get(number)
        if asked is not None:
            asked.put(Event(kind, head, body, OVERHEAD + len(text) + len(body)))
            if asked.is_over:
                with self._changed:
                    self._asked.pop(number, None)
        return True

    def _check(self) -> None:
        if self._over is not None:
            raise MachineOverError(f"The machine is over: {self._over}")
        if self._is_closed:
            raise MachineOverError("The machine is over: it was closed.")


def _what_ended(outcome: Outcome) -> Exception:
    status = outcome.exit_status
    if status.limit:
        return LimitReached(status.limit)
    if status.crash:
        return MachineOverError(f"The machine crashed: {status.crash}.")
    return MachineOverError("The machine has ended.")


def _framed(head: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode("utf-8", "surrogateescape")
    if len(text) > LARGEST_HEAD or len(body) > LARGEST_BODY:
        raise ValueError("a request has 1 MiB of words and 16 MiB of data at most")
    return _HEAD.pack(len(text), len(body)) + text + body


@functools.cache
def _nothing() -> int:
    """Where a machine's own complaints go, while it is asked."""
    return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)


class _Reader:
    """One thread that listens to all machines that are awake."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._begun = False
        self._lock = threading.Lock()
        self._full: list[Attendance] = []

    def add(self, attendance: Attendance) -> None:
        with self._lock:
            self._selector.register(attendance.socket, selectors.EVENT_READ, attendance)
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._run, name="boxer-reader", daemon=True).start()

    def remove(self, attendance: Attendance) -> None:
        with self._lock, contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(attendance.socket)
        with self._lock, contextlib.suppress(ValueError):
            self._full.remove(attendance)

    def _run(self) -> None:
        while True:
            self._look_at_full()
            for key, _ in self._selector.select(_SLICE if self._full else None):
                attendance: Attendance = key.data
                attendance.receive()
                if attendance.is_full():
                    self._set_aside(attendance)

    def _set_aside(self, attendance: Attendance) -> None:
        with self._lock, contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(attendance.socket)
            self._full.append(attendance)

    def _look_at_full(self) -> None:
        with self._lock:
            for attendance in [one for one in self._full if not one.is_full()]:
                self._full.remove(attendance)
                with contextlib.suppress(KeyError, ValueError, OSError):
                    self._selector.register(attendance.socket, selectors.EVENT_READ, attendance)


class _Threads:
    """Threads that are used again: making one takes as long as a short cell."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[Callable[[], None]]] = []
        self._lock = threading.Lock()

    def run(self, work: Callable[[], None]) -> None:
        with self._lock:
            queue = self._idle.pop() if self._idle else None
        if queue is None:
            queue = SimpleQueue()
            threading.Thread(
                target=self._work, args=(queue,), name="boxer-machine", daemon=True
            ).start()
        queue.put(work)

    def _work(self, queue: SimpleQueue[Callable[[], None]]) -> None:
        while True:
            queue.get()()
            with self._lock:
                if len(self._idle) >= 64:
                    return
                self._idle.append(queue)


_reader = _Reader()
_threads = _Threads()


def _forget() -> None:
    """In a forked child, which has none of the threads."""
    global _reader, _threads
    _reader, _threads = _Reader(), _Threads()


os.register_at_fork(after_in_child=_forget)
