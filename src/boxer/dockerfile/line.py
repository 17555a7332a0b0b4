"""An instruction as BuildKit's parser left it: its arguments and flags, not yet read.

Belongs here: what all instructions share. Does not: what one of them means (`reading`). Raises
ValueError with a sentence's worth of what is wrong; `parsing` adds the place.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TypedDict

from e2b_dockerfile_utils import DockerfileInstruction

from boxer.errors import Where

_FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(.*))?", re.DOTALL)
_TRUE, _FALSE = ("true", "1", "t", ""), ("false", "0", "f")


class Head(TypedDict):
    """What every instruction has."""

    where: Where
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """An instruction as BuildKit's parser left it."""

    entry: DockerfileInstruction
    escape: str
    where: Where

    @property
    def head(self) -> Head:
        return {"where": self.where, "text": self.entry.original}

    @property
    def args(self) -> list[str]:
        return self.entry.args

    def flags(self, *known: str) -> dict[str, list[str]]:
        """Values by flag name. Raises ValueError for a flag the instruction has not."""
        found: dict[str, list[str]] = {}
        for flag in self.entry.flags:
            match = _FLAG.fullmatch(flag)
            name = match[1] if match else flag
            if match is None or name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                also = f", did you mean `--{near[0]}`" if near else ""
                raise ValueError(f"there is no flag `{flag.partition('=')[0]}`{also}")
            found.setdefault(name, []).append(match[2] or "")
        return found

    def one(self, what: str) -> str:
        """The only argument. Raises ValueError where there are none or several."""
        if len(self.args) != 1 or not self.args[0]:
            raise ValueError(f"{what} is missing" if not self.args else "exactly one is needed")
        return self.args[0]

    def some(self, what: str) -> tuple[str, ...]:
        """The arguments, one or more. Raises ValueError where there are none."""
        if not self.args:
            raise ValueError(f"{what} is missing")
        return tuple(self.args)


def last(flags: dict[str, list[str]], name: str) -> str | None:
    """A flag's value, None where it is not given. Raises ValueError where it is given twice."""
    values = flags.get(name)
    if values is not None and len(values) > 1:
        raise ValueError(f"`--{name}` is given twice")
    return values[0] if values else None


def switch(flags: dict[str, list[str]], name: str) -> bool:
    """Whether a flag is given and not said to be false. Raises ValueError for other values."""
    value = last(flags, name)
    if value is None:
        return False
    if value.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(f"`--{name}={value}`: the value is `true` or `false`")
    return value.lower() in _TRUE
