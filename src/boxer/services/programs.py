"""Programs started beside a service's own: what `boxer exec` asks for, and checks of its health.

Belongs here: starting them and hearing of their end. Does not: what a check's result means
(`health`).

Invariants
1. What a machine says is a guest's: numbers it was not given mean nothing, and it can say only once
   that it takes orders.
2. A check whose time is up is killed, and counts when it has ended, or at once where its life has.
3. At most MOST run at once, and one check.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from boxer.services.health import OUTPUT, TIMED_OUT, Monitor
from boxer.services.life import LARGEST_ORDER, Life

if TYPE_CHECKING:
    from boxer.services.asking import Question
    from boxer.services.supervisor import Supervisor

MOST = 64
NO_ORDERS = (
    "no program can be started beside the box's own: it was built by an older Boxer, or runs"
    " without the native library"
)
# How long a machine has to say that it takes orders, seconds: it does before its program begins.
_PATIENCE = 10.0
_KILLED = 128 + signal.SIGKILL


class Programs:
    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._takes_orders: bool | None = None
        self._waiting: list[Callable[[], None]] = []
        self._next = 1
        self._ends: dict[int, Callable[[int], None]] = {}
        self._check: Check | None = None

    def begin(self) -> None:
        """A life's program has begun: it says soon that it hears of orders, or never."""
        if self._takes_orders is None:
            self._supervisor.timers.at("orders", _PATIENCE, lambda: self._know(False))

    def when_known(self, do: Callable[[], None]) -> None:
        """Calls it once it is known whether programs can be started."""
        if self._takes_orders is None and self._supervisor.life:
            self._waiting.append(do)
        else:
            do()

    def _know(self, takes_orders: bool) -> None:
        self._takes_orders = takes_orders
        self._supervisor.timers.cancel("orders")
        health, state = self._supervisor.record.health, self._supervisor.state
        if health:
            state.unchecked = None if takes_orders else NO_ORDERS
            if takes_orders:
                monitor = Monitor(health, state, time.monotonic())
                self._check = Check(self._supervisor, self, monitor)
            self._supervisor.write()
        waiting, self._waiting = self._waiting, []
        for do in waiting:
            do()

    def take(self, life: Life) -> None:
        """Some may have ended."""
        for number, status in life.ended_programs():
            if number == 0 and not self._takes_orders:
                self._know(True)
            end = self._ends.pop(number, None)
            if end:
                end(status)

    def end(self, life: Life) -> None:
        """The life has ended, and all of them with it."""
        self.take(life)
        if self._check:
            self._check.close()
            self._check = None
        ends, self._ends = self._ends, {}
        for end in ends.values():
            end(_KILLED)
        self._takes_orders = None
        self._supervisor.timers.cancel("orders")
        waiting, self._waiting = self._waiting, []
        for do in waiting:
            do()

    def start(
        self, words: Sequence[str], variables: Sequence[str], streams: Sequence[int],
        end: Callable[[int], None],
    ) -> int:  # fmt: skip
        """Its number. end: told its exit status. Raises OSError with the reason.

        It begins in the folder the box's program began in, wherever that has gone since.
        """
        life = self._supervisor.life
        if life is None or not self._takes_orders:
            raise OSError(None, NO_ORDERS)
        if len(self._ends) >= MOST:
            raise OSError(None, f"{MOST} programs run in it already")
        folder = self._supervisor.record.working_dir
        if folder and not any(text.startswith("BOXER_WORKDIR=") for text in variables):
            variables = [*variables, f"BOXER_WORKDIR={folder}"]
        if sum(len(text) * 4 + 1 for text in (*words, *variables)) > LARGEST_ORDER:
            raise OSError(None, "its words and variables are too long together")
        number, self._next = self._next, self._next + 1
        life.start_program(number, words, variables, streams)
        self._ends[number] = end
        return number

    def signal(self, number: int, signo: int) -> None:
        life = self._supervisor.life
        if life and number in self._ends:
            try:
                life.signal_program(number, signo)
            except OSError:  # it has just ended, or takes no more orders for now
                return

    def execute(self, question: Question, request: dict[str, Any], streams: Sequence[int]) -> None:
        """Answers a request once its program has ended."""
        if len(streams) != 3:
            question.answer({"error": {"message": "three streams belong to a program"}})
            return
        self.when_known(lambda: self._execute(question, request, streams))

    def _execute(self, question: Question, request: dict[str, Any], streams: Sequence[int]) -> None:
        if question.is_over:
            return
        if self._supervisor.life is None:
            question.answer({"over": True})
            return
        try:
            number = self.start(
                list(map(str, request.get("words", ()))),
                list(map(str, request.get("variables", ()))),
                streams,
                lambda status: question.answer({"exit_code": status}),
            )
        except OSError as error:
            question.answer({"error": {"message": str(error.strerror)}})
            return
        question.left = lambda: self.signal(number, signal.SIGHUP)
        question.drop_descriptors()


class Check:
    """The checks of one life, one after the other."""

    def __init__(self, supervisor: Supervisor, programs: Programs, monitor: Monitor) -> None:
        self._supervisor, self._programs, self._monitor = supervisor, programs, monitor
        self._output: int | None = None
        self._text = b""
        self._is_late = False
        self._began = 0.0
        self._plan()

    def _plan(self) -> None:
        after = max(0.0, self._monitor.due - time.monotonic())
        self._supervisor.timers.at("check", after, self._run)

    def _run(self) -> None:
        health = self._supervisor.record.health
        assert health is not None
        self._text, self._is_late, self._began = b"", False, time.time()
        self._output, writing = os.pipe()
        os.set_blocking(self._output, False)
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            number = self._programs.start(
                health.command, [], (nothing, writing, writing), self._end
            )
        except OSError as error:
            self._text = f"the check cannot be started: {error.strerror}".encode()
            self._end(TIMED_OUT)
            return
        finally:
            os.close(nothing)
            os.close(writing)
        self._supervisor.hear(self._output, self._read)
        self._supervisor.timers.at("late", health.timeout, lambda: self._late(number))

    def _read(self) -> None:
        assert self._output is not None
        try:
            data = os.read(self._output, 1 << 16)
        except BlockingIOError:
            return
        self._text = (self._text + data)[:OUTPUT]
        if not data:
            self._supervisor.deafen(self._output)

    def _late(self, number: int) -> None:
        self._is_late = True
        self._programs.signal(number, signal.SIGKILL)

    def _end(self, status: int) -> None:
        health = self._supervisor.record.health
        assert health is not None
        self._close_output()
        self._supervisor.timers.cancel("late")
        text = self._text.decode("utf-8", "replace")
        if self._is_late:
            text += f"the check took more than {health.timeout:g} seconds"
            status = TIMED_OUT
        result = {"start": self._began, "end": time.time(), "output": text}
        self._monitor.take(result, status, time.monotonic())
        self._supervisor.write()
        self._plan()

    def _close_output(self) -> None:
        if self._output is not None:
            if self._output in self._supervisor.selector.get_map():
                self._read()
            self._supervisor.deafen(self._output)
            os.close(self._output)
            self._output = None

    def close(self) -> None:
        self._close_output()
        self._supervisor.timers.cancel("late")
        self._supervisor.timers.cancel("check")
