"""The process of a service: it begins its lives, keeps what they write, and answers questions.

Belongs here: the one loop, in which everything happens that concerns a service. Does not: the parts
(`life`, `logs`, `programs`, `asking`), whoever asks (`control`).

Invariants
1. It holds the service's lock from before it has a name to its own end; the lives do not.
2. Nothing in the loop blocks: not a life that does not read, not somebody who asks, not the disk.
3. What is known of the service is in its state before anybody is told.
4. A disk that is full ends nothing: the state is written when there is room again.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from boxer.services.asking import Questions
from boxer.services.life import Life
from boxer.services.logs import LogWriter
from boxer.services.programs import Programs
from boxer.services.records import State
from boxer.services.restarting import next_pause, parse_policy
from boxer.services.store import Service, ServiceStore

# How long until a state that could not be written is tried again, and how long that goes on after
# the end, seconds.
_AGAIN, _PATIENCE = 1.0, 60.0
Told = Callable[[dict[str, Any]], None]
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """lock: the descriptor that holds the service's lock. told: told once how the first life began,
    {"running": ..} or {"error": ..}."""

    def __init__(self, store: ServiceStore, service: Service, lock: int, told: Told) -> None:
        self.record = service.record
        self.state = State(supervisor=os.getpid())
        self.life: Life | None = None
        self.selector = selectors.DefaultSelector()
        self.timers = Timers()
        self._store, self._service, self._lock = store, service, lock
        self._told = [told]
        self._has_begun = False
        self._is_unwritten = False
        self._until = 0.0
        self._log = LogWriter(service.folder, self.record.log_size, self.record.log_files)
        self._policy = parse_policy(self.record.restart)
        self._pause: float | None = None
        self._again: Told | None = None
        self._questions = Questions(self, service.folder)
        self.programs = Programs(self)

    def run(self) -> None:
        """Until the service has ended for good."""
        self._hear_signals()
        self.begin()
        while self._goes_on():
            for key, _ in self.selector.select(self.timers.wait()):
                if self.selector.get_map().get(key.fd) is key:  # not ended by one before it
                    key.data()
            self.timers.run()
            if self.life and self.life.exit_code is not None:
                self._ended(self.life)
        self._questions.close()
        self._log.close()
        if self.record.remove:
            self._store.remove(self._service, self._lock)

    def _goes_on(self) -> bool:
        if self.life or self.state.status == "restarting":
            self._until = time.monotonic() + _PATIENCE
            return True
        return self._is_unwritten and time.monotonic() < self._until

    # --- lives ---

    def begin(self) -> None:
        """A life begins."""
        self.timers.cancel("begin")
        self.state.error = self.state.limit = self.state.crash = None
        self.state.ports, self.state.stopped = None, False
        if self._again:
            self._told.append(self._again)
            self._again = None
        try:
            self.life = Life(self.record, self._store.blobs.path(self.record.digest))
        except OSError as error:
            self._over(125, _why(error))
            return
        self.state.status, self.state.pid = "running", self.life.pid
        self.state.started = time.time()
        self._watch(self.life)
        self.write()

    def _watch(self, life: Life) -> None:
        self.hear(life.descriptor, life.end)
        self.hear(life.report, lambda: self._reported(life))
        self.hear(life.orders.fileno(), lambda: self.programs.take(life))
        for descriptor in list(life.outputs):
            self.hear(descriptor, partial(self._take, life, descriptor))

    def hear(self, descriptor: int, do: Callable[[], object]) -> None:
        self.selector.register(descriptor, selectors.EVENT_READ, do)

    def deafen(self, descriptor: int) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(descriptor)

    def _take(self, life: Life, descriptor: int) -> bool:
        """Whether there may be more."""
        data = life.read(descriptor)
        if data:
            self._log.write(life.outputs[descriptor], data)
        elif data == b"":
            self.deafen(descriptor)
            life.close_output(descriptor)
        return bool(data)

    def _reported(self, life: Life) -> None:
        reports = life.reported()
        if reports is None:
            self.deafen(life.report)
        for report in reports or ():
            if "running" in report:
                self._has_begun = True
                self.state.ports = report["running"].get("ports")
                self.programs.begin()
                self.write()
                self._tell(report)
            elif "error" in report:
                self.state.error = str(report["error"].get("message"))
                self._tell(report)
            elif "ended" in report:
                self.state.limit = report["ended"].get("limit")
                self.state.crash = report["ended"].get("crash")

    def _ended(self, life: Life) -> None:
        """The process is gone: what it has left in its streams is taken, and what follows."""
        self._reported(life)
        for descriptor in list(life.outputs):
            while descriptor in life.outputs and self._take(life, descriptor):
                pass
        self.programs.end(life)
        for descriptor in (life.descriptor, life.report, life.orders.fileno(), *life.outputs):
            self.deafen(descriptor)
        self._log.flush()
        life.close()
        self.life = None
        self.timers.cancel("kill")
        assert life.exit_code is not None
        self._over(life.exit_code, None)

    def _over(self, exit_code: int, error: str | None) -> None:
        state = self.state
        state.pid, state.exit_code, state.finished = 0, exit_code, time.time()
        state.error = error or state.error
        state.health = None if state.health is None else "none"
        if self._again:
            state.status, state.restarts = "restarting", 0
            self.timers.at("begin", 0.0, self.begin)
        elif self._restarts(exit_code):
            self._pause = next_pause(self._pause, state.finished - state.started)
            state.status, state.restarts = "restarting", state.restarts + 1
            self.timers.at("begin", self._pause, self.begin)
        else:
            state.status = "exited"
        self.write()
        why = state.error or f"It ended with {exit_code} before its program began."
        self._tell({"error": {"message": why, "reference": "service-state"}})
        self._questions.ended(exit_code)

    def _restarts(self, exit_code: int) -> bool:
        """A service whose first life never began is wrong from the start."""
        if self.state.stopped or not self._has_begun:
            return False
        return self._policy.restarts(exit_code, self.state.restarts)

    # --- what is asked of it ---

    def send(self, number: int) -> bool:
        """Sends the program a signal; whether there is one. One that asks for its end is no reason
        to start it again."""
        if number in (signal.SIGKILL, self.record.stop_signal):
            self._stopped()
        if self.life is None:
            self._until = 0.0
            return False
        self.life.send(number)
        return True

    def stop(self, timeout: float | None = None, again: Told | None = None) -> None:
        """Asks the program to end, and ends it if it has not after so many seconds; negative: it
        takes as long as it likes. again: it starts anew after it, and this is told how."""
        self._again = again
        self._stopped()
        if self.life is None:
            if again:
                self.begin()
            return
        self.life.send(self.record.stop_signal)
        after = self.record.stop_timeout if timeout is None else timeout
        if after >= 0:
            self.timers.at("kill", after, lambda: self.send(signal.SIGKILL))

    def _stopped(self) -> None:
        self.state.stopped = True
        if self.life is None and self.state.status == "restarting":
            self.timers.cancel("begin")
            self.state.status = "exited"
        self.write()

    def _hear_signals(self) -> None:
        """A system that goes down asks its processes to end: the program is asked, too."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        os.set_blocking(reading, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in _ENDING:
            signal.signal(number, lambda *_: None)

        def heard() -> None:
            os.read(reading, 64)
            self.stop()

        self.hear(reading, heard)

    # --- what is written down ---

    def write(self) -> None:
        try:
            self._service.set_state(self.state)
            self._is_unwritten = False
        except OSError:
            self._is_unwritten = True
            self.timers.at("write", _AGAIN, self.write)

    def _tell(self, report: dict[str, Any]) -> None:
        told, self._told = self._told, []
        for tell in told:
            tell(report)


class Timers:
    """What is to be done later, by name."""

    def __init__(self) -> None:
        self._due: dict[str, tuple[float, Callable[[], object]]] = {}

    def at(self, name: str, after: float, do: Callable[[], object]) -> None:
        self._due[name] = (time.monotonic() + after, do)

    def cancel(self, name: str) -> None:
        self._due.pop(name, None)

    def wait(self) -> float | None:
        """Seconds until the next one; None: there is none."""
        if not self._due:
            return None
        return max(0.0, min(when for when, _ in self._due.values()) - time.monotonic())

    def run(self) -> None:
        now = time.monotonic()
        for name, (when, do) in list(self._due.items()):
            if when <= now and name in self._due:
                del self._due[name]
                do()


def _why(error: OSError) -> str:
    named = f" `{error.filename}`" if error.filename else ""
    return f"No process can be started: {error.strerror}{named}."
