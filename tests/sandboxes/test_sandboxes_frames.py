"""What a machine that lies can do to who asks it: nothing but end."""

from __future__ import annotations

import json
import os
import select
import struct
from collections.abc import Callable
from typing import Any

import pytest

from boxer.errors import MachineOverError
from boxer.library import shown_of
from boxer.runtime import Attendance, Event, ExitStatus
from boxer.runtime.attended import LARGEST_HEAD, MOST_WAITING
from boxer.runtime.entry import Outcome, Word

HEAD = struct.Struct("<II")
REPLY = b"=null"


def frame(head: object, body: bytes = b"") -> bytes:
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return HEAD.pack(len(text), len(body)) + text + body


def machine(answer: Callable[[int, Word], bytes | None]) -> Attendance:
    """One whose every time awake is `answer`, which is given its descriptor and returns a reply."""

    def enter(descriptors: tuple[int, int, int], word: Word) -> Outcome:
        reply = answer(descriptors[0], word)
        ended = reply is None or word.native.value == Word.STOP
        return Outcome(ExitStatus(137 if ended else 0), reply=reply, status=None if ended else 0)

    return Attendance(enter)


def says(*frames: bytes) -> Callable[[int, Word], bytes]:
    def answer(descriptor: int, word: Word) -> bytes:
        os.read(descriptor, 1 << 20)
        for one in frames:
            os.write(descriptor, one)
        return REPLY

    return answer


@pytest.mark.parametrize(
    "text",
    [
        HEAD.pack(0xFFFFFFFF, 0), HEAD.pack(2, 0xFFFFFFFF), HEAD.pack(LARGEST_HEAD + 1, 0),
        frame(b"no JSON"), frame(b"[]"), frame(b"{}"), frame(b'{"id": "1", "e": "done"}'),
        frame(b'{"id": 1, "e": 5}'), frame(b"[" * 100_000),
        frame(b'{"id": ' + b"9" * 10_000 + b"}"),
        frame(b"\xff\xfe"), frame(b""),
    ],
    ids=repr,
)  # fmt: skip
def test_a_frame_that_is_none_ends_the_machine(text: bytes) -> None:
    attendance = machine(says(text[:100_100]))
    asked = attendance.ask({"op": "x"})
    with pytest.raises(MachineOverError):
        asked.result(60)
    with pytest.raises(MachineOverError):
        attendance.ask({"op": "x"})
    attendance.close()


def test_answers_nobody_asked_for_are_dropped() -> None:
    other, done = {"id": 99, "e": "done"}, {"id": 1, "e": "done"}
    attendance = machine(says(frame(other), frame(done), frame({"id": 1, "e": "out"})))
    assert attendance.ask({"op": "x"}).result(60).kind == "done"
    assert attendance.rest(60)
    attendance.close()


def test_frames_may_come_in_any_pieces() -> None:
    def answer(descriptor: int, word: Word) -> bytes:
        os.read(descriptor, 1 << 20)
        for byte in frame({"id": 1, "e": "out"}, b"body") + frame({"id": 1, "e": "done"}):
            os.write(descriptor, bytes([byte]))
        return REPLY

    attendance = machine(answer)
    events = list(attendance.ask({"op": "x"}).events())
    assert [(one.kind, one.body) for one in events] == [("out", b"body"), ("done", b"")]
    attendance.close()


def flood(sent: list[int], body: bytes, pad: str) -> Callable[[int, Word], bytes | None]:
    """Writes without end; notes how much the host has taken."""
    one = frame({"id": 1, "e": "out", "pad": pad}, body)

    def answer(descriptor: int, word: Word) -> bytes | None:
        os.read(descriptor, 1 << 20)
        left = one
        while word.native.value != Word.STOP:
            if not select.select([], [descriptor], [], 0.01)[1]:
                sent.append(-1)
                continue
            written = os.write(descriptor, left[: 1 << 16])
            sent.append(written)
            left = left[written:] or one
        return None

    return answer


@pytest.mark.parametrize(("body", "pad"), [(b"x" * 100_000, ""), (b"", "x" * 100_000), (b"", "")])
def test_who_writes_faster_than_somebody_reads_waits(body: bytes, pad: str) -> None:
    sent: list[int] = []
    attendance = machine(flood(sent, body, pad))
    asked = attendance.ask({"op": "x"})
    while sent.count(-1) < 20:  # it cannot go on
        if sum(one for one in sent if one > 0) > 8 * MOST_WAITING:
            pytest.fail("nothing holds it back")
    asked.next(60)
    attendance.close()


def test_what_nobody_keeps_is_dropped() -> None:
    sent: list[int] = []
    attendance = machine(flood(sent, b"x" * 100_000, ""))
    asked = attendance.ask({"op": "x"}, is_kept=False)
    while sum(one for one in sent if one > 0) < 4 * MOST_WAITING:
        pass
    attendance.close()
    kept = sum(event.size for event in list(asked._events))
    assert kept <= MOST_WAITING
    assert asked.dropped


def test_requests_have_a_size() -> None:
    attendance = machine(says())
    with pytest.raises(ValueError, match="16 MiB"):
        attendance.ask({"op": "x"}, b"x" * ((16 << 20) + 1))
    with pytest.raises(ValueError, match="16 MiB"):
        attendance.ask({"op": "x" * (1 << 20)})
    attendance.close()


def test_an_answer_from_nowhere() -> None:
    """The machine comes back without an answer: a bug of its, or a program's doing."""
    attendance = machine(lambda descriptor, word: os.read(descriptor, 1 << 20) and b"!{}")
    with pytest.raises(MachineOverError):
        attendance.ask({"op": "x"}).result(60)
    attendance.close()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"data": 1}', b"\xff", b"[" * 5000, b"[[]," * 4_000_000],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
def test_values_of_no_form(body: bytes) -> None:
    shown: Any = shown_of(Event("result", {}, body))
    assert set(shown.data) == {"text/plain"}
