"""What a run may use.

Belongs here: the limits and how people write them. Does not: enforcing them (`machine`, `stdio`,
`engine`).

Each limit has a default, so that a run nobody thought about ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from boxer.errors import LimitValueError

_UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "KI": 1 << 10, "MI": 1 << 20, "GI": 1 << 30}
_SIZE = re.compile(r"(\d{1,15})\s*([KMG]I?)?B?", re.IGNORECASE)
LARGEST_MEMORY = 1 << 32
# As many places as the kernel's table of descriptors has.
MOST_FILES = 65_536
DEEPEST_CALLS = 1_000_000
# Each has a native stack of its own in the host; native/machine.h has the same number.
MOST_TASKS = 4096


def parse_size(text: str | int) -> int:
    """Bytes of `10`, `"64KB"`, `"256MB"`, `"1GiB"`. Raises `LimitValueError`."""
    match = _SIZE.fullmatch(str(text).strip())
    if match is None:
        raise LimitValueError(f"`{text}` is not a size.", hint="Write it like `256MB` or `1GiB`.")
    return int(match[1]) * _UNITS[(match[2] or "").upper()]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use; a result's `limit` is the name of the field that was reached.

    memory: bytes of linear memory, or "256MB". time: seconds by the wall clock. cpu: seconds of
    processor time. output: bytes of stdout and stderr together, and of a call's reply, as it comes
    and as values here. files: open at once. storage: bytes in files the run makes or changes.
    call_depth: Python's recursion limit. tasks: threads of all processes together.
    None where that is allowed: no limit.
    """

    memory: int | str = "1GiB"
    time: float | None = 60.0
    output: int | str | None = "64MiB"
    cpu: float | None = 60.0
    files: int = 1024
    storage: int | str | None = "512MiB"
    call_depth: int = 1000
    tasks: int = 64

    def __post_init__(self) -> None:
        if not 0 < self.memory_bytes <= LARGEST_MEMORY:
            raise LimitValueError(f"A memory limit of `{self.memory}` is not between 1 and 4GiB.")
        for name, seconds in (("time", self.time), ("CPU time", self.cpu)):
            if seconds is not None and not 0 < seconds < 1e9:
                raise LimitValueError(f"A {name} limit of `{seconds}` seconds makes no sense.")
        if not 3 <= self.files <= MOST_FILES:
            raise LimitValueError(f"A limit of `{self.files}` files is not 3 to {MOST_FILES}.")
        if not 1 <= self.call_depth <= DEEPEST_CALLS:
            raise LimitValueError(
                f"A call depth of `{self.call_depth}` is not between 1 and {DEEPEST_CALLS}."
            )
        if not 1 <= self.tasks <= MOST_TASKS:
            raise LimitValueError(f"A limit of `{self.tasks}` tasks is not 1 to {MOST_TASKS}.")
        _ = self.output_bytes, self.storage_bytes

    @property
    def memory_bytes(self) -> int:
        return parse_size(self.memory)

    @property
    def output_bytes(self) -> int | None:
        return None if self.output is None else parse_size(self.output)

    @property
    def storage_bytes(self) -> int | None:
        return None if self.storage is None else parse_size(self.storage)

    def for_the_guest(self, stack: int | None = None) -> bytes:
        """The limits that the box keeps itself, as the variable it reads them from. stack: bytes
        its code may use; None: the launcher adds them, which knows its own."""
        storage = "" if self.storage is None else self.storage_bytes
        given = "" if stack is None else f",{stack}"
        return f"BOXER_LIMITS={self.files},{storage},{self.call_depth}{given}".encode()


# For `boxer run`: a person watches, and ends what takes too long.
ATTENDED = Limits(memory="4GiB", time=None, output=None, cpu=None, storage=None)
