"""The conditionals of a makefile: ifeq, ifneq, ifdef, ifndef, else, endif.

Belongs here: which lines are read. Does not: any other line (`makefile`).

Source: GNU make manual, chapter 7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from boxer.userland.make.host import MakeError
from boxer.userland.make.lines import first_word
from boxer.userland.make.variables import Variables, find_outside

_WORDS = ("ifeq", "ifneq", "ifdef", "ifndef")
_QUOTED = re.compile(r"""\s*(["'])(.*?)\1\s*(["'])(.*?)\3\s*$""")


@dataclass(slots=True)
class _Condition:
    """holds: whether the lines are read. done: whether a branch was. outer: whether all around
    it are read."""

    holds: bool
    done: bool
    outer: bool


class Conditions:
    """Those of one makefile that are open."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._stack: list[_Condition] = []

    def close(self) -> None:
        """At the end of the makefile. Raises MakeError where one is open still."""
        if self._stack:
            raise MakeError("*** missing 'endif'.  Stop.")

    def reads(self) -> bool:
        """Whether the lines here are read."""
        return not self._stack or self._stack[-1].holds

    def take(self, word: str, rest: str) -> bool:
        """Takes a line that is a conditional's; whether it is one. Raises MakeError."""
        if word in _WORDS or (word.startswith(("ifeq(", "ifneq("))):
            if "(" in word:
                word, paren, inside = word.partition("(")
                rest = f"{paren}{inside} {rest}"
            outer = self.reads()
            holds = outer and self._holds(word, rest)
            self._stack.append(_Condition(holds, holds, outer))
        elif word == "else":
            if not self._stack:
                raise MakeError("*** extraneous 'else'.  Stop.")
            top = self._stack[-1]
            following, more = first_word(rest) if rest else ("", "")
            holds = top.outer and not top.done
            if holds and following:
                if following not in _WORDS:
                    raise MakeError(f"*** extraneous text after 'else': {rest}.  Stop.")
                holds = self._holds(following, more)
            top.holds, top.done = holds, top.done or holds
        elif word == "endif":
            if not self._stack:
                raise MakeError("*** extraneous 'endif'.  Stop.")
            self._stack.pop()
        else:
            return False
        return True

    def _holds(self, word: str, rest: str) -> bool:
        if word in ("ifdef", "ifndef"):
            found = self._variables.find(self._variables.expand(rest).strip())
            return bool(found and found.value) is (word == "ifdef")
        first, second = self._pair(rest)
        equal = self._variables.expand(first) == self._variables.expand(second)
        return equal is (word == "ifeq")

    def _pair(self, rest: str) -> tuple[str, str]:
        rest = rest.strip()
        if rest.startswith("(") and rest.endswith(")"):
            inside = rest[1:-1]
            comma = find_outside(inside, ",")
            if comma >= 0:
                return inside[:comma].strip(), inside[comma + 1 :].strip()
        quoted = _QUOTED.match(rest)
        if quoted is None:
            raise MakeError(f"*** invalid syntax in conditional: {rest}.  Stop.")
        return quoted[2], quoted[4]
