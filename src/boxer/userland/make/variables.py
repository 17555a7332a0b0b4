"""Variables of a makefile: their values, where they come from, and expansion.

Belongs here: `$(NAME)`, `$X`, `$(NAME:a=b)`, automatic variables with D and F, scopes. Does not:
functions (`functions`), reading a makefile's lines (`makefile`).

Source: GNU make manual, chapters 6 and 10.5.3.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from boxer.userland.make.host import MakeError
from boxer.userland.make.patterns import substitute

# The order in which a later definition may take an earlier one's place.
_RANK = {"default": 0, "environment": 1, "file": 2, "command line": 3, "override": 4}
_AUTOMATIC = "@<^+?*%|"
_CLOSING = {"(": ")", "{": "}"}
_DEEPEST = 100
# Characters that one make may make of its variables in all, and how often it may do so.
_MOST_TEXT = 256 << 20
_MOST_EXPANSIONS = 5_000_000

# A function of a makefile: its arguments as they are written.
Function = Callable[[str], str]


@dataclass(slots=True)
class Variable:
    """recursive: expanded when it is used."""

    value: str
    recursive: bool
    origin: str


@dataclass(slots=True)
class Variables:
    """All variables. scopes: those of a target, a call or a foreach, the innermost last."""

    functions: dict[str, Function] = field(default_factory=dict)
    table: dict[str, Variable] = field(default_factory=dict)
    scopes: list[Mapping[str, Variable]] = field(default_factory=list)
    exported: set[str] = field(default_factory=set)
    unexported: set[str] = field(default_factory=set)
    export_all: bool = False
    _depth: int = 0
    _text: int = 0
    _expansions: int = 0

    def find(self, name: str) -> Variable | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return self.table.get(name)

    def define(self, name: str, value: str, recursive: bool, origin: str) -> None:
        present = self.table.get(name)
        if present is None or _RANK[origin] >= _RANK[present.origin]:
            self.table[name] = Variable(value, recursive, origin)

    def assign(self, name: str, operator: str, text: str, origin: str) -> None:
        """An assignment as it is written; `!=` is the caller's."""
        updated = self.assigned(name, operator, text, origin, self.table.get(name))
        if updated is not None:
            self.define(name, updated.value, updated.recursive, origin)

    def assigned(
        self, name: str, operator: str, text: str, origin: str, present: Variable | None
    ) -> Variable | None:
        """What an assignment makes of a variable; None where it changes nothing."""
        if operator == "?=":
            return None if self.find(name) is not None else Variable(text, True, origin)
        if operator == "+=" and present is not None:
            more = text if present.recursive else self.expand(text)
            joined = f"{present.value} {more}" if present.value else more
            return Variable(joined, present.recursive, origin)
        if operator in ("=", "+="):
            return Variable(text, True, origin)
        return Variable(self.expand(text), False, origin)

    @contextmanager
    def scope(self, names: Mapping[str, Variable]) -> Iterator[None]:
        self.scopes.append(names)
        try:
            yield
        finally:
            self.scopes.pop()

    def value(self, name: str) -> str:
        """The expanded value of a variable, empty where there is none."""
        found = self.find(name)
        if found is None:
            return self._part(name)
        return self.expand(found.value) if found.recursive else found.value

    def expand(self, text: str) -> str:
        """The text with every reference expanded. Raises MakeError."""
        if "$" not in text:
            return text
        self._depth += 1
        if self._depth > _DEEPEST:
            raise MakeError("*** Recursive variable references itself (eventually).  Stop.")
        try:
            return self._joined(text)
        finally:
            self._depth -= 1

    def _joined(self, text: str) -> str:
        """The pieces of a text, counted before they are put together."""
        pieces = []
        for piece in self._pieces(text):
            self.count(len(piece))
            pieces.append(piece)
        return "".join(pieces)

    def count(self, size: int) -> None:
        """Counts characters that are made of variables. Raises MakeError for too many."""
        self._text += size
        self._expansions += 1
        if self._text > _MOST_TEXT or self._expansions > _MOST_EXPANSIONS:
            raise MakeError("*** variables expand to more than a make may use.  Stop.")

    def environment(self) -> dict[str, str]:
        """What is exported to a recipe (manual, 5.7.2)."""
        names = set(self.exported)
        for name, variable in self.table.items():
            given = variable.origin == "command line"
            if (self.export_all and variable.origin != "default") or given:
                names.add(name)
            if variable.origin == "file" and name in self._inherited:
                names.add(name)
        usable = {name for name in names - self.unexported if name.replace("_", "a").isalnum()}
        return {name: self.value(name) for name in sorted(usable) if self.find(name)}

    _inherited: set[str] = field(default_factory=set)

    def inherit(self, environment: Mapping[str, str]) -> None:
        """Takes the environment's variables over; a makefile that sets one passes it on."""
        for name, value in environment.items():
            self.define(name, value, False, "environment")
            self._inherited.add(name)

    def _pieces(self, text: str) -> Iterator[str]:
        at = 0
        while True:
            dollar = text.find("$", at)
            if dollar < 0 or dollar + 1 == len(text):
                yield text[at:]
                return
            yield text[at:dollar]
            following = text[dollar + 1]
            if following == "$":
                yield "$"
                at = dollar + 2
            elif following in _CLOSING:
                end = closing(text, dollar + 1)
                yield self._reference(text[dollar + 2 : end])
                at = end + 1
            else:
                yield self.value(following)
                at = dollar + 2

    def _reference(self, inside: str) -> str:
        name, space, rest = inside.partition(" ")
        if "\t" in name:
            name, space, rest = inside.partition("\t")
        if space and name in self.functions:
            return self.functions[name](rest.lstrip(" \t"))
        colon = find_outside(inside, ":")
        if colon > 0:
            equals = find_outside(inside, "=", colon)
            if equals > 0:
                value = self.value(self.expand(inside[:colon]))
                old = self.expand(inside[colon + 1 : equals])
                new = self.expand(inside[equals + 1 :])
                if "%" not in old:
                    old, new = f"%{old}", f"%{new}"
                return " ".join(substitute(old, new, word) for word in value.split())
        return self.value(self.expand(inside))

    def _part(self, name: str) -> str:
        """$(@D), $(<F) and their kin."""
        if len(name) != 2 or name[0] not in _AUTOMATIC or name[1] not in "DF":
            return ""
        words = self.value(name[0]).split()
        if name[1] == "F":
            return " ".join(posixpath.basename(word) for word in words)
        return " ".join(posixpath.dirname(word) or "." for word in words)


def closing(text: str, start: int) -> int:
    """The place of what closes the parenthesis or brace at `start`. Raises MakeError."""
    opened, closed = text[start], _CLOSING[text[start]]
    depth = 0
    for place in range(start, len(text)):
        if text[place] == opened:
            depth += 1
        elif text[place] == closed:
            depth -= 1
            if depth == 0:
                return place
    raise MakeError("*** unterminated variable reference.  Stop.")


def find_outside(text: str, wanted: str, start: int = 0) -> int:
    """The first place of a character outside every reference, -1 if there is none."""
    at = start
    while at < len(text):
        if text[at] == "$" and text[at + 1 : at + 2] in _CLOSING:
            at = closing(text, at + 1) + 1
            continue
        if text[at] in wanted:
            return at
        at += 1
    return -1
