"""Whether and when a box that has ended is started again: docker's `--restart`.

Belongs here: the rule and the pauses. Does not: starting (`supervisor`).

Source: moby's restart manager: the pause is 100 ms, twice as long after each start up to a minute,
and 100 ms again after a life of ten seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from boxer.errors import ServiceOptionError

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 60.0
LONG_LIFE = 10.0

Kind = Literal["no", "on-failure", "always", "unless-stopped"]


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """most: how often, None: without end."""

    kind: Kind = "no"
    most: int | None = None

    def __str__(self) -> str:
        return self.kind if self.most is None else f"{self.kind}:{self.most}"

    def restarts(self, exit_code: int, restarts: int) -> bool:
        """Whether a box that has ended by itself starts again. restarts: how often it has."""
        if self.kind == "on-failure":
            return exit_code != 0 and (self.most is None or restarts < self.most)
        return self.kind != "no"


def parse_policy(text: str) -> RestartPolicy:
    """Reads no, on-failure[:N], always, unless-stopped. Raises `ServiceOptionError`."""
    kind, colon, most = text.partition(":")
    if kind == "on-failure" and (not colon or re.fullmatch(r"[0-9]{1,9}", most)):
        # As docker has it: 0 is no bound.
        return RestartPolicy("on-failure", int(most or 0) or None)
    if kind in ("no", "always", "unless-stopped") and not colon:
        return RestartPolicy(kind)  # type: ignore[arg-type]
    raise ServiceOptionError(
        f"`--restart {text}` is not known.",
        hint="--restart no, on-failure, on-failure:3, always or unless-stopped.",
    )


def next_pause(pause: float | None, lived: float) -> float:
    """Seconds until the next start. pause: the last one. lived: seconds of the life that ended."""
    if pause is None or lived >= LONG_LIFE:
        return FIRST_PAUSE
    return min(2 * pause, LONGEST_PAUSE)
