"""Version constraints in poetry's words.

Belongs here: what they are in those of PEP 440. Does not: where they stand (`poetry`, `lockfiles`).

Source: Poetry, "Dependency specification".
"""

from __future__ import annotations

import re
from typing import Any

_NUMBERS = re.compile(r"\d+")


def specifier(text: str) -> str:
    """Poetry's version constraints as PEP 440 has them: `^1.2` is `>=1.2,<2`."""
    parts = [part.strip() for part in text.replace("||", "|").split("|")[-1].split(",")]
    return ",".join(filter(None, (_one(part) for part in parts)))


def _one(text: str) -> str:
    if text in ("*", ""):
        return ""
    if text[0] == "^":
        return _range(text[1:], _caret)
    if text[0] == "~" and text[1:2] != "=":
        return _range(text[1:].strip(), _tilde)
    if text[0].isdigit():
        return f"=={text}"
    return text.replace(" ", "")


def _range(version: str, upper: Any) -> str:
    numbers = [int(n) for n in _NUMBERS.findall(version.split("-")[0])][:3]
    return f">={version},<{'.'.join(map(str, upper(numbers)))}"


def _caret(numbers: list[int]) -> list[int]:
    for place, number in enumerate(numbers):
        if number or place == len(numbers) - 1:
            return [*numbers[:place], number + 1]
    return [1]


def _tilde(numbers: list[int]) -> list[int]:
    return [numbers[0] + 1] if len(numbers) == 1 else [numbers[0], numbers[1] + 1]
