"""Reading makefiles: directives, assignments and rules into variables and tables.

Belongs here: one reading of the makefiles of a run. Does not: making anything (`updating`).

Source: GNU make manual, chapters 3 to 7.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from boxer.userland.make.conditions import Conditions
from boxer.userland.make.functions import install
from boxer.userland.make.host import Host, MakeError
from boxer.userland.make.lines import (
    MODIFIERS,
    Assignment,
    Logical,
    assignment,
    first_word,
    logical_lines,
)
from boxer.userland.make.rules import DEFAULTS, Line, PatternRule, Rules, own_rules
from boxer.userland.make.ruletext import RuleReader
from boxer.userland.make.variables import Variables, find_outside

_DEEPEST = 60


@dataclass(slots=True)
class _Define:
    """A `define` that is open. depth: how many of them, one in the other."""

    name: str
    operator: str
    origin: str
    body: list[str] = field(default_factory=list)
    depth: int = 1


class Makefile:
    """All that the makefiles of a run say. missing: files of `include` that are not there, and
    whether they must be."""

    def __init__(self, host: Host, environment: Mapping[str, str], own: bool = True) -> None:
        self.host = host
        self.variables = Variables()
        self.rules = Rules()
        self.missing: dict[str, bool] = {}
        self.read_files: list[str] = []
        self._file = ""
        self._conditions = Conditions(self.variables)
        self._reader = self._new_reader()
        self._define: _Define | None = None
        self._depth = 0
        self.folders: list[str] = []
        for name, value in DEFAULTS.items():
            self.variables.define(name, value, True, "default")
        self.variables.define("CURDIR", host.cwd, False, "file")
        self.variables.inherit(
            {k: v for k, v in environment.items() if k not in ("SHELL", "MAKEFLAGS")}
        )
        install(self.variables, host, self.read_text, self.variables.environment)
        self._own = own_rules() if own else []

    @property
    def patterns(self) -> list[PatternRule]:
        """The pattern rules in the order they are tried: make's own last."""
        own = self._own if self.rules.suffixes else []
        taken = {(rule.targets, rule.prerequisites) for rule in self.rules.patterns}
        return [
            *self.rules.patterns,
            *(r for r in own if (r.targets, r.prerequisites) not in taken),
        ]

    def read(self, path: str) -> bool:
        """Reads a makefile; whether it is there. Raises MakeError."""
        text = self.host.read(path)
        if text is None:
            return False
        if self._depth == _DEEPEST:
            raise MakeError(f"*** {path} includes itself.  Stop.")
        self.read_files.append(path)
        listed = " ".join(self.read_files)
        self.variables.define("MAKEFILE_LIST", listed, False, "file")
        outer = (self._file, self._conditions)
        self._file, self._conditions = path, Conditions(self.variables)
        self._depth += 1
        self.read_text(text)
        try:
            self._conditions.close()
        except MakeError as error:
            raise MakeError(f"{path}: {error}") from None
        self._depth -= 1
        self._file, self._conditions = outer
        return True

    def read_text(self, text: str) -> None:
        """Lines of a makefile, those of $(eval) too."""
        outer, self._reader = self._reader, self._new_reader()
        for line in logical_lines(text):
            try:
                self._line(line)
            except MakeError as error:
                if str(error).startswith("***"):
                    raise MakeError(f"{self._file}:{line.number}: {error}") from None
                raise
        if self._define is not None:
            raise MakeError(f"{self._file}: *** missing 'endef', unterminated 'define'.  Stop.")
        self._reader = outer

    def _new_reader(self) -> RuleReader:
        return RuleReader(self.host, self.variables, self.rules, self._file)

    # --- lines ---------------------------------------------------------------------------------

    def _line(self, line: Logical) -> None:
        if self._define is not None:
            self._defining(self._define, line)
            return
        if line.is_recipe and self._reader.is_open:
            if self._conditions.reads():
                self._reader.recipe_line(Line(line.text[1:], line.number))
            return
        text = line.statement.strip()
        if not text:
            return
        word, rest = first_word(text)
        if self._conditions.take(word, rest) or not self._conditions.reads():
            return
        if self._directive(word, rest, text):
            return
        self._statement(text, line)

    def _statement(self, text: str, line: Logical) -> None:
        found = assignment(text)
        if found is not None:
            self._reader.close()
            self._assign(found, "file")
            return
        if find_outside(text, ":") < 0:
            expanded = self.variables.expand(text)
            if not expanded.strip():
                return
            if find_outside(expanded, ":") < 0:
                raise MakeError("*** missing separator.  Stop.")
            text = expanded.replace("$", "$$")
        self._reader.read(text, line.number)

    def _assign(self, found: Assignment, origin: str) -> None:
        name = self.variables.expand(found.name).strip()
        if not name or re.search(r"[\s#]", name):
            raise MakeError(f"*** '{name}' is no name of a variable.  Stop.")
        if found.operator == "!=":
            ran = self.variables.functions["shell"](found.value)
            self.variables.define(name, ran, True, origin)
            return
        self.variables.assign(name, found.operator, found.value, origin)

    def _directive(self, word: str, rest: str, text: str) -> bool:
        if assignment(text) is not None and word not in MODIFIERS:
            return False
        known: dict[str, Callable[[str], None]] = {
            "include": lambda r: self._include(r, True),
            "-include": lambda r: self._include(r, False),
            "sinclude": lambda r: self._include(r, False),
            "export": self._export,
            "unexport": self._unexport,
            "override": self._override,
            "define": lambda r: self._begin(r, "file"),
            "undefine": self._undefine,
            "vpath": self._vpath,
        }
        if word not in known or rest.startswith(":"):
            return False
        self._reader.close()
        known[word](rest)
        return True

    # --- directives ----------------------------------------------------------------------------

    def _include(self, rest: str, needed: bool) -> None:
        for word in self.variables.expand(rest).split():
            for name in self.host.glob(word) or [word]:
                places = [name, *(posixpath.join(folder, name) for folder in self.folders)]
                if not any(self.read(place) for place in places):
                    self.missing[name] = needed or self.missing.get(name, False)

    def _export(self, rest: str) -> None:
        if not rest:
            self.variables.export_all = True
            return
        found = assignment(rest)
        if found is not None:
            self._assign(found, "file")
            self.variables.exported.add(self.variables.expand(found.name).strip())
            return
        self.variables.exported.update(self.variables.expand(rest).split())

    def _unexport(self, rest: str) -> None:
        self.variables.unexported.update(self.variables.expand(rest).split())

    def _override(self, rest: str) -> None:
        word, more = first_word(rest)
        if word == "define":
            self._begin(more, "override")
            return
        found = assignment(rest)
        if found is None:
            raise MakeError(f"*** 'override' without an assignment: {rest}.  Stop.")
        self._assign(found, "override")

    def _undefine(self, rest: str) -> None:
        for name in self.variables.expand(rest).split():
            self.variables.table.pop(name, None)

    def _begin(self, rest: str, origin: str) -> None:
        name, _, operator = rest.strip().partition(" ")
        self._define = _Define(name, operator.strip() or "=", origin)

    def _defining(self, opened: _Define, line: Logical) -> None:
        word = "" if line.is_recipe else (line.text.split() or [""])[0]
        opened.depth += (word == "define") - (word == "endef")
        if opened.depth:
            opened.body.append(line.text)
            return
        self._define = None
        text = "\n".join(opened.body)
        self._assign(Assignment(opened.name, opened.operator, text), opened.origin)

    def _vpath(self, rest: str) -> None:
        pattern, folders = first_word(self.variables.expand(rest)) if rest else ("", "")
        if folders:
            self.rules.searched.append((pattern, folders.replace(":", " ").split()))
        else:
            kept = [entry for entry in self.rules.searched if pattern and entry[0] != pattern]
            self.rules.searched = kept
