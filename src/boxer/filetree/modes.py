"""Permissions as people write them: `755`, `u+x`, `go-w,a+X`.

Belongs here: the values of `--chmod` and of chmod(1). Does not: whom they hold for (`access`).

Rules: chmod(1p), with umask 022 where no `ugoa` is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from boxer.errors import BadModeError

_OCTAL = re.compile(r"[0-7]{1,5}")
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]+|[ugo])?)+)")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_UMASK = 0o022

_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}


def parse_mode(text: str) -> Callable[[int, bool], int]:
    """A function from (present mode, is it a folder) to the new mode. Raises BadModeError."""
    if _OCTAL.fullmatch(text) and int(text, 8) <= 0o7777:
        value = int(text, 8)
        # A folder keeps its set-id bits unless a fifth digit is written (GNU chmod).
        kept = 0o6000 if len(text) < 5 else 0
        return lambda mode, is_directory: value | (mode & kept if is_directory else 0)
    clauses = []
    for clause in text.split(","):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            raise BadModeError(
                f"`{text}` is not a file mode.", hint="Write octal (755) or symbolic (u+x) modes."
            )
        clauses.append((match[1], _ACTION.findall(match[2])))

    def change(mode: int, is_directory: bool) -> int:
        for who, actions in clauses:
            for operator, permissions in actions:
                mode = _apply(mode, is_directory, who, operator, permissions)
        return mode

    return change


def _apply(mode: int, is_directory: bool, who: str, operator: str, permissions: str) -> int:
    scope = 0
    for letter in who or "a":
        scope |= _WHO[letter]
    bits = _wanted(mode, is_directory, permissions) & scope
    if not who:
        bits &= ~_UMASK
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    # `=` leaves a folder's set-id bits alone unless they are named (GNU chmod).
    cleared = scope & ~0o6000 if is_directory else scope
    return (mode & ~cleared) | bits


def _wanted(mode: int, is_directory: bool, permissions: str) -> int:
    if permissions in ("u", "g", "o"):
        shift = {"u": 6, "g": 3, "o": 0}[permissions]
        return ((mode >> shift) & 7) * 0o111
    bits = 0
    for letter in permissions:
        if letter == "X":
            bits |= 0o111 if is_directory or mode & 0o111 else 0
        else:
            bits |= _BITS[letter]
    return bits
