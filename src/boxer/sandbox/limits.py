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


def parse_size(text: str | int) -> int:
    """Bytes of `10`, `"64KB"`, `"256MB"`, `"1GiB"`. Raises `LimitValueError`."""
    match = _SIZE.fullmatch(str(text).strip())
    if match is None:
        raise LimitValueError(f"`{text}` is not a size.", hint="Write it like `256MB` or `1GiB`.")
    return int(match[1]) * _UNITS[(match[2] or "").upper()]


@dataclass(frozen=True, slots=True)
class Limits:
    """memory: bytes of linear memory, or "256MB". time: seconds by the wall clock, None = no end.
    output: bytes of stdout and stderr together, None = any number.
    """

    memory: int | str = "1GiB"
    time: float | None = 60.0
    output: int | str | None = "64MiB"

    def __post_init__(self) -> None:
        if not 0 < self.memory_bytes <= LARGEST_MEMORY:
            raise LimitValueError(f"A memory limit of `{self.memory}` is not between 1 and 4GiB.")
        if self.time is not None and not 0 < self.time < 1e9:
            raise LimitValueError(f"A time limit of `{self.time}` seconds makes no sense.")
        _ = self.output_bytes

    @property
    def memory_bytes(self) -> int:
        return parse_size(self.memory)

    @property
    def output_bytes(self) -> int | None:
        return None if self.output is None else parse_size(self.output)


# For `boxer run`: a person watches, and ends what takes too long.
ATTENDED = Limits(memory="4GiB", time=None, output=None)
