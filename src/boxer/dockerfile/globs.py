"""Patterns with many stars, matched in a time that does not explode.

Belongs here: one pattern of a `.dockerignore` against one path. Does not: which patterns there are
and which one wins (`ignore`).

A pattern is a row of places, and a path moves through all of them at once, one character after the
other (Thompson, "Regular Expression Search Algorithm", 1968): the time is the product of both
lengths, where a backtracking regular expression tries every way to share the characters out. The
meaning is moby/patternmatcher's: `*` and `?` stay within a component, `**` does not, and `**/` is
nothing or ends with a slash, as is a `**` that something follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# The two places of a `**/`: before it, and in the folders it stands for.
_FOLDERS, _WITHIN = "**/", "**/ "
_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|\[\^?(?:\\.|[^\]\\])*\]|\\.|.", re.DOTALL)


class Glob:
    """A pattern that `PatternMatcher` has accepted."""

    def __init__(self, pattern: str) -> None:
        parts = _PARTS.findall(pattern)
        last = len(parts) - 1
        self._parts = [place for at, part in enumerate(parts) for place in _places(part, at < last)]
        self._sets = {part: re.compile(part) for part in parts if part[0] == "[" and len(part) > 1}

    def match(self, path: str) -> bool:
        """Whether all of the path matches."""
        places = self._with_nothing({0})
        for character in path:
            moved = {to for place in places for to in self._moves(place, character)}
            places = self._with_nothing(moved)
            if not places:
                return False
        return len(self._parts) in places

    def _moves(self, place: int, character: str) -> Iterator[int]:
        if place == len(self._parts):
            return
        part = self._parts[place]
        if part == _FOLDERS:
            yield place + 1
            if character == "/":
                yield place + 2
        elif part == _WITHIN:
            yield place
            if character == "/":
                yield place + 1
        elif part == "**" or (part == "*" and character != "/"):
            yield place
        elif part == "?" or part in self._sets:
            known = self._sets.get(part)
            if known.match(character) is not None if known else character != "/":
                yield place + 1
        elif part[-1] == character and part != "*":
            yield place + 1

    def _with_nothing(self, places: set[int]) -> set[int]:
        """Stars may stand for nothing."""
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            part = self._parts[place] if place < len(self._parts) else ""
            after = place + (2 if part == _FOLDERS else 1)
            if part in ("*", "**", _FOLDERS) and after not in places:
                places.add(after)
                waiting.append(after)
        return places


def _places(part: str, goes_on: bool) -> tuple[str, ...]:
    """`**` is folders wherever something follows it, and anything at the end."""
    if part in ("**", _FOLDERS):
        return (_FOLDERS, _WITHIN) if goes_on else ("**",)
    return (part,)
