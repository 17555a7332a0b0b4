"""One thing the linter has to say.

Belongs here: the value. Does not: any rule (`linting`, `lintvariables`).
"""

from __future__ import annotations

from dataclasses import dataclass

from boxer.errors import Where


@dataclass(frozen=True, slots=True)
class Finding:
    """rule: BuildKit's name for it. message: one sentence."""

    rule: str
    message: str
    where: Where
