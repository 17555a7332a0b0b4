"""A makefile's text as logical lines, and one line taken apart.

Belongs here: continuation, comments, assignments and rules told apart. Does not: their meaning
(`makefile`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from boxer.userland.make.variables import find_outside

_JOINED = re.compile(r"[ \t]*\\\n[ \t]*")
_WORD = re.compile(r"\s*(\S+)\s*(.*)", re.DOTALL)
_OPERATORS = ("::=", ":=", "?=", "+=", "!=", "=")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)#.*", re.DOTALL)
MODIFIERS = ("export", "override", "private")


@dataclass(frozen=True, slots=True)
class Logical:
    """One line with those it goes on in, as written. is_recipe: a tab stands before it."""

    text: str
    number: int
    is_recipe: bool

    @property
    def statement(self) -> str:
        """As makefile syntax: joined, without its comment."""
        joined = _JOINED.sub(" ", self.text)
        bare = _COMMENT.sub(r"\1", joined)
        return bare.replace("\\#", "#")


@dataclass(frozen=True, slots=True)
class Assignment:
    name: str
    operator: str
    value: str


def logical_lines(text: str) -> Iterator[Logical]:
    physical = text.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(physical):
        first = at
        # A backslash goes on, two are one that does not.
        while _goes_on(physical[at]) and at + 1 < len(physical):
            at += 1
        at += 1
        line = "\n".join(physical[first:at])
        yield Logical(line, first + 1, line.startswith("\t"))


def _goes_on(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def first_word(text: str) -> tuple[str, str]:
    """A line's first word, and what comes behind it."""
    found = _WORD.match(text)
    return (found[1], found[2]) if found else ("", "")


def assignment(text: str) -> Assignment | None:
    """`NAME op value`, None where the line is something else."""
    place = find_outside(text, "=:")
    while place >= 0:
        for operator in _OPERATORS:
            start = place - 1 if operator[0] in "?+!" else place
            if start >= 0 and text.startswith(operator, start):
                name = text[:start].strip()
                if not name:
                    return None
                return Assignment(name, operator, text[start + len(operator) :].lstrip(" \t"))
        return None  # a colon that begins no operator: a rule
    return None
