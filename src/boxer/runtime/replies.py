"""How large a guest's reply would become, told from its bytes.

Belongs here: bounds on values and depth before JSON is read. Does not: what a reply means
(`calls`).

Invariants
1. Nothing is made of a reply before it is measured; measuring takes time and memory in the order
   of its bytes, which the output limit bounds.
2. What is counted is never less than a half of what Python's objects take.
"""

from __future__ import annotations

import re
from itertools import accumulate

# Lists in lists: what else Python does with a value (compare it, print it, write it as JSON) takes
# as many calls, and has room for 1000.
DEEPEST = 500
# Each mark stands for a value or for a part of one: `[],` takes 64 bytes, `1,` 36, `"a",` 58,
# `{"a":1},` 190 (sys.getsizeof, and 8 for the place in the list).
MARKS = b',:[{"'
PER_MARK = 32
# So much a result may always take, however little a call may print.
LEAST = 1 << 20
# With an open end, so that a text that does not end is one match, too.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class TooManyError(Exception):
    """More values than there is room for."""


class TooDeepError(Exception):
    """Lists and dicts nested too deeply."""


def measure(reply: bytes, room: int | None) -> None:
    """Raises `TooManyError` for a reply that would take more than `room` bytes, `TooDeepError`."""
    if len(reply) <= DEEPEST:  # shorter than what may be too much
        return
    most = _most_marks(len(reply), room)
    if _marks(reply) <= most and _opened(reply) <= DEEPEST:
        return
    skeleton, texts = _TEXT.subn(b"", reply, count=int(min(most, len(reply))) // 2 + 1)
    if _marks(skeleton) + 2 * texts > most:
        raise TooManyError
    if _opened(skeleton) > DEEPEST and _depth(skeleton) > DEEPEST:
        raise TooDeepError(f"lists and dicts nested more than {DEEPEST} deep")


def _most_marks(size: int, room: int | None) -> float:
    return float("inf") if room is None else max(room - size, LEAST) // PER_MARK


def _marks(data: bytes) -> int:
    return sum(data.count(mark) for mark in MARKS)


def _opened(data: bytes) -> int:
    return data.count(b"[") + data.count(b"{")


def _depth(skeleton: bytes) -> int:
    brackets = skeleton.translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)))
