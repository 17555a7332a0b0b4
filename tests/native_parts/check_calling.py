"""native/calling.c in a Python with an address sanitizer: python check_calling.py LIBRARY"""

from __future__ import annotations

import ctypes
import enum
import json
import random
import sys
import threading
from collections import deque
from ctypes import c_char_p, c_uint8, c_uint64, pointer, py_object
from queue import SimpleQueue
from typing import Any

import pytest

from boxer.errors import GuestError
from boxer.runtime.calls import call_request, read_brief, request_head, scan
from boxer.runtime.native import Calls, NativeOutcome, Run, Tally, new_object

make = ctypes.PyDLL(sys.argv[1]).boxer_python_calls
make.restype = ctypes.c_void_p
make.argtypes = (ctypes.POINTER(Calls), c_char_p, c_uint64, py_object)


class Played(ctypes.Structure):
    """struct boxer_machine of played_calling.c"""

    _fields_ = (
        ("told", c_uint64),
        ("answer_size", c_uint64),
        ("asked_size", c_uint64),
        ("is_near", c_uint64),
        ("answer", c_uint8 * 500),
        ("asked", c_uint8 * 4096),
    )


class Machine:
    def __init__(self) -> None:
        self.played, self.outcome = Played(), NativeOutcome()
        self.address = ctypes.addressof(self.played)
        self.outcome_address = ctypes.addressof(self.outcome)

    def will_answer(self, answer: bytes, pages: int = 3) -> None:
        self.played.answer[: len(answer)] = answer
        self.played.answer_size = len(answer)
        self.played.told = pages << 16 | len(answer)

    @property
    def asked(self) -> bytes:
        return bytes(self.played.asked[: self.played.asked_size])


class Stage:
    """All that a function for calls is given, with one machine and one place."""

    def __init__(self, function: str = "module:function") -> None:
        self.machine = Machine()
        self.machine.will_answer(b"=null")
        self.idle = [self.machine]
        self.places: SimpleQueue[None] = SimpleQueue()
        self.places.put(None)
        self.tally = Tally()
        self.calls = Calls(pointer(Run()), pointer(self.tally), 0)
        self.finished: list[Machine] = []
        self.head = request_head(function)

    def finish(self, machine: Machine) -> str:
        self.finished.append(machine)
        return "finished"

    def hooks(self, **others: Any) -> tuple[Any, ...]:
        given = {
            "idle": self.idle, "enter": self.places.get, "leave": self.places.put, "scan": scan,
            "read": read_brief, "finish": self.finish,
        }  # fmt: skip
        return tuple({**given, **others}.values())

    def made(self, **others: Any) -> Any:
        hooks = self.hooks(**others)
        return new_object(make(self.calls, self.head, len(self.head), hooks))

    def is_whole(self) -> bool:
        return self.places.qsize() == 1 and self.idle == [self.machine]


class Whole(enum.IntEnum):
    ONE = 1


class Text(str):
    pass


TEXTS = (
    "",
    "a",
    'q"\\',
    "\0\x1f\n\x7f",
    "é߿",
    "ࠀ\uffff€",
    "\U00010000\U0010ffff",
    "</a>",
    "x" * 90,
)
WHOLE = (0, 1, -1, 2**63 - 1, -(2**63), 123456789)
FLOATS = (0.0, -0.0, 1.5, 1e300, 5e-324, 0.1, 1e16, 123456789.123)
# Not for the function: left to Python's own encoder, or refused there.
OTHERS: tuple[Any, ...] = (
    b"", bytearray(b"x"), 2**63, -(2**63) - 1, float("inf"), float("nan"), "\ud800", {1: 2},
    {None: 1}, Whole.ONE, Text("x"), {Text("x"): 1}, {"a": {"\udfff": 1}}, object(), {1}, 1j,
    "x" * 4096, "é" * 800, ["x" * 100] * 41, ((),) * 2100, deque([deque()]),
)  # fmt: skip


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def some(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(8 if depth < 3 else 5)
    if kind < 2:
        return chance.choice(TEXTS)
    if kind < 5:
        return chance.choice((*WHOLE, *FLOATS, True, False, None, chance.random()))
    items = [some(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 5:
        return items
    if kind == 6:
        return tuple(items)
    return {chance.choice(TEXTS) + str(number): item for number, item in enumerate(items)}


def read(request: bytes) -> Any:
    assert request[:1] == b"c"
    assert request.isascii()
    return json.loads(request[1:])


def check_requests() -> None:
    chance = random.Random(1)
    stage = Stage()
    call = stage.made()
    for _ in range(3000):
        args = tuple(some(chance) for _ in range(chance.randrange(4)))
        kwargs = {f"k{number}": some(chance) for number in range(chance.randrange(3))}
        assert call(args, kwargs) is None
        told = read(stage.machine.asked)
        assert repr(told) == repr(read(call_request("module:function", args, kwargs)))
    stage = Stage('é"\\\n:f')
    assert stage.made()((), {}) is None
    assert read(stage.machine.asked) == {"f": 'é"\\\n:f', "a": [], "k": {}}


def check_others() -> None:
    stage = Stage()
    call = stage.made(enter=lambda: 1 // 0)  # nothing is done of such a call
    for other in (*OTHERS, nested(30)):
        for args, kwargs in (((other,), {}), ((), {"k": [other]}), (([1, {"a": other}],), {})):
            assert call(args, kwargs) is NotImplemented, other
    assert call() is NotImplemented
    assert call((), {}, 1) is NotImplemented
    assert stage.is_whole()


def check_sizes() -> None:
    """All sizes about the largest."""
    stage = Stage()
    call, least = stage.made(), len(call_request("module:function", ("",), {}))
    for size in range(4096 - least - 3, 4096 - least + 4):
        for text in ("x" * size, "x" * (size - 2) + '"', "x" * (size - 6) + "é"):
            value = call((text,), {})
            assert (value is NotImplemented) == (size > 4096 - least)
            if value is None:
                assert read(stage.machine.asked)["a"] == [text]


def check_results() -> None:
    stage = Stage()
    call = stage.made()
    values: tuple[Any, ...] = ({"a": [1, "é\ud800"]}, "", 0, [], "x" * 490)
    for value in values:
        stage.machine.will_answer(
            b"=" + json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        )
        assert call((), {}) == value
    assert (stage.tally.resets, stage.tally.dirty_pages) == (5, 15)
    for wrong in (b"=", b"={", b"=1 ", b"=1,", b"=x"):
        stage.machine.will_answer(wrong)
        with pytest.raises(GuestError, match="cannot be read"):
            call((), {})
        assert stage.is_whole()
    assert not stage.finished


def check_the_rest() -> None:
    """What there is more to is told by Python, to whom the machine goes."""
    for answer, pages, is_over in ((b"=\xff", 3, 0), (b"=1", 3, 1), (b"", 0, 0)):
        stage = Stage()
        stage.machine.will_answer(answer, pages)
        stage.calls.is_over = is_over
        assert stage.made()((), {}) == "finished"
        assert stage.finished == [stage.machine]
        assert stage.places.qsize() == 1
        assert not stage.idle
        assert stage.tally.resets == 0


def check_errors() -> None:
    def fails(*arguments: Any) -> Any:
        raise KeyError("on purpose")

    for hook, is_taken in (("enter", False), ("finish", True), ("read", False)):
        stage = Stage()
        stage.machine.will_answer(b"" if hook == "finish" else b"=x", 0 if hook == "finish" else 1)
        with pytest.raises(KeyError, match="on purpose"):
            stage.made(**{hook: fails})((), {})
        assert stage.places.qsize() == 1
        assert len(stage.idle) == 1 - is_taken
    stage = Stage()
    assert stage.made(idle=[])((), {}) is NotImplemented
    assert stage.is_whole()
    stage = Stage()
    stage.machine.address = "none"  # type: ignore[assignment]
    with pytest.raises(TypeError):
        stage.made()((), {})
    assert stage.places.qsize() == 1
    assert make(stage.calls, b"", 0, stage.hooks()[1:]) is None


def check_references() -> None:
    stage = Stage()
    given = stage.hooks()
    args, kwargs = ("text", 1.5, [2, {"a": ()}]), {"k": object()}
    held = (*given, stage.machine, stage.machine.address, args, kwargs, NotImplemented)

    def counts() -> list[int]:
        return [sys.getrefcount(one) for one in held]

    before = counts()
    call = new_object(make(stage.calls, stage.head, len(stage.head), given))
    for _ in range(100):
        assert call(args, kwargs) is NotImplemented
        assert call(args, {}) is None
        stage.machine.will_answer(b"", 0)
        assert call(args, {}) == "finished"
        stage.idle.append(stage.finished.pop())
        stage.machine.will_answer(b"=null")
    del call
    assert counts() == before


def check_which_machine() -> None:
    """The last one this thread was served by, among those that lie on top; else that on top."""
    for near, expected in (((), 19), ((12,), 12), ((19,), 19), ((13, 15), 15), ((0, 11), 19)):
        stage = Stage()
        stage.idle[:] = machines = [Machine() for _ in range(20)]
        for place in near:
            machines[place].played.is_near = 1
        for machine in machines:
            machine.will_answer(b"=null")
        assert stage.made()((), {}) is None
        assert [place for place, one in enumerate(machines) if one.asked] == [expected]
        assert stage.idle == [*machines[:expected], *machines[expected + 1 :], machines[expected]]


def check_threads() -> None:
    stage = Stage()
    for _ in range(3):
        stage.places.put(None)
        machine = Machine()
        machine.will_answer(b"=null")
        stage.idle.append(machine)
    call = stage.made()

    def work() -> None:
        for _ in range(5000):
            assert call(({"a": 1},), {}) is None

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stage.places.qsize() == len(stage.idle) == 4
    assert stage.tally.resets == 40000  # counted with the lock


check_requests()
check_others()
check_sizes()
check_results()
check_the_rest()
check_errors()
check_references()
check_which_machine()
check_threads()
