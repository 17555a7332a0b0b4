"""Reading makefiles: directives, assignments and rules into variables and tables.

Belongs here: one reading of the makefiles of a run. Does not: making anything (`updating`).

Source: GNU make manual, chapters 3 to 7.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from boxer.steps.make.functions import install
from boxer.steps.make.host import Host, MakeError
from boxer.steps.make.lines import MODIFIERS, Assignment, Logical, assignment, logical_lines
from boxer.steps.make.patterns import match
from boxer.steps.make.rules import DEFAULTS, Line, PatternRule, Rule, Rules, own_rules
from boxer.steps.make.variables import Variable, Variables, find_outside

_WORD = re.compile(r"\s*(\S+)\s*(.*)", re.DOTALL)
_CONDITIONS = ("ifeq", "ifneq", "ifdef", "ifndef")
_QUOTED = re.compile(r"""\s*(["'])(.*?)\1\s*(["'])(.*?)\3\s*$""")
_DEEPEST = 60


@dataclass(slots=True)
class _Condition:
    """holds: whether the lines are read. done: whether a branch was. outer: whether all around
    it are read."""

    holds: bool
    done: bool
    outer: bool


@dataclass(slots=True)
class _Open:
    """What the lines that follow belong to: targets of a rule, or a `define`.

    rules: with the prerequisites that this line gave each. started: whether the recipe has begun.
    """

    rules: list[tuple[Rule, list[str]]] = field(default_factory=list)
    started: bool = False
    pattern: PatternRule | None = None
    define: tuple[str, str, str] | None = None
    body: list[str] = field(default_factory=list)
    depth: int = 0


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
        self._conditions: list[_Condition] = []
        self._open = _Open()
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
        outer = (self._file, self._conditions, self._open)
        self._file, self._conditions = path, []
        self._depth += 1
        self.read_text(text)
        if self._conditions:
            raise MakeError(f"{path}: *** missing 'endif'.  Stop.")
        self._depth -= 1
        self._file, self._conditions, self._open = outer
        return True

    def read_text(self, text: str) -> None:
        """Lines of a makefile, those of $(eval) too."""
        outer, self._open = self._open, _Open()
        for line in logical_lines(text):
            try:
                self._line(line)
            except MakeError as error:
                if str(error).startswith("***"):
                    raise MakeError(f"{self._file}:{line.number}: {error}") from None
                raise
        if self._open.define is not None:
            raise MakeError(f"{self._file}: *** missing 'endef', unterminated 'define'.  Stop.")
        self._open = outer

    # --- lines ---------------------------------------------------------------------------------

    def _line(self, line: Logical) -> None:
        if self._open.define is not None:
            self._defining(line)
            return
        is_open = bool(self._open.rules or self._open.pattern)
        if line.is_recipe and is_open:
            if self._reads():
                self._recipe(Line(line.text[1:], line.number))
            return
        text = line.statement.strip()
        if not text:
            return
        word, rest = _first_word(text)
        if self._conditional(word, rest) or not self._reads():
            return
        if self._directive(word, rest, text):
            return
        self._statement(text, line)

    def _statement(self, text: str, line: Logical) -> None:
        found = assignment(text)
        if found is not None:
            self._open = _Open()
            self._assign(found, "file")
            return
        if find_outside(text, ":") < 0:
            expanded = self.variables.expand(text)
            if not expanded.strip():
                return
            if find_outside(expanded, ":") < 0:
                raise MakeError("*** missing separator.  Stop.")
            text = expanded.replace("$", "$$")
        self._rule(text, line)

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
            "define": lambda r: self._define(r, "file"),
            "undefine": self._undefine,
            "vpath": self._vpath,
        }
        if word not in known or rest.startswith(":"):
            return False
        self._open = _Open()
        known[word](rest)
        return True

    # --- conditions ----------------------------------------------------------------------------

    def _reads(self) -> bool:
        return not self._conditions or self._conditions[-1].holds

    def _conditional(self, word: str, rest: str) -> bool:
        if word in _CONDITIONS or (word.startswith(("ifeq(", "ifneq("))):
            if "(" in word:
                word, paren, inside = word.partition("(")
                rest = f"{paren}{inside} {rest}"
            outer = self._reads()
            holds = outer and self._holds(word, rest)
            self._conditions.append(_Condition(holds, holds, outer))
        elif word == "else":
            if not self._conditions:
                raise MakeError("*** extraneous 'else'.  Stop.")
            top = self._conditions[-1]
            following, more = _first_word(rest) if rest else ("", "")
            holds = top.outer and not top.done
            if holds and following:
                if following not in _CONDITIONS:
                    raise MakeError(f"*** extraneous text after 'else': {rest}.  Stop.")
                holds = self._holds(following, more)
            top.holds, top.done = holds, top.done or holds
        elif word == "endif":
            if not self._conditions:
                raise MakeError("*** extraneous 'endif'.  Stop.")
            self._conditions.pop()
        else:
            return False
        return True

    def _holds(self, word: str, rest: str) -> bool:
        if word in ("ifdef", "ifndef"):
            found = self.variables.find(self.variables.expand(rest).strip())
            return bool(found and found.value) is (word == "ifdef")
        first, second = self._pair(rest)
        equal = self.variables.expand(first) == self.variables.expand(second)
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
        word, more = _first_word(rest)
        if word == "define":
            self._define(more, "override")
            return
        found = assignment(rest)
        if found is None:
            raise MakeError(f"*** 'override' without an assignment: {rest}.  Stop.")
        self._assign(found, "override")

    def _undefine(self, rest: str) -> None:
        for name in self.variables.expand(rest).split():
            self.variables.table.pop(name, None)

    def _define(self, rest: str, origin: str) -> None:
        name, _, operator = rest.strip().partition(" ")
        self._open = _Open(define=(name, operator.strip() or "=", origin), depth=1)

    def _defining(self, line: Logical) -> None:
        word = "" if line.is_recipe else (line.text.split() or [""])[0]
        opened = self._open
        if word == "define":
            opened.depth += 1
        if word == "endef":
            opened.depth -= 1
            if opened.depth == 0 and opened.define is not None:
                name, operator, origin = opened.define
                self._open = _Open()
                if self._reads():
                    self._assign(Assignment(name, operator, "\n".join(opened.body)), origin)
                return
        opened.body.append(line.text)

    def _vpath(self, rest: str) -> None:
        pattern, folders = _first_word(self.variables.expand(rest)) if rest else ("", "")
        if folders:
            self.rules.searched.append((pattern, folders.replace(":", " ").split()))
        else:
            kept = [entry for entry in self.rules.searched if pattern and entry[0] != pattern]
            self.rules.searched = kept

    # --- rules ---------------------------------------------------------------------------------

    def _rule(self, text: str, line: Logical) -> None:
        self._open = _Open()
        colon = find_outside(text, ":")
        is_double = text.startswith("::", colon)
        targets = self.variables.expand(text[:colon]).replace("&", "").split()
        rest = text[colon + (2 if is_double else 1) :]
        if not targets:
            return
        specific = _specific(rest)
        if specific is not None:
            self._specific(targets, *specific)
            return
        semicolon = find_outside(rest, ";")
        recipe = None
        if semicolon >= 0:
            recipe = [Line(rest[semicolon + 1 :].lstrip(), line.number)]
            rest = rest[:semicolon]
        rest = self.variables.expand(rest)
        parts = rest.split(":")
        if len(parts) == 2 and "%" in parts[0]:
            self._static(targets, parts[0].split(), parts[1], recipe)
            return
        if len(parts) > 1 and not any("/" in part or part.strip() for part in parts[1:]):
            raise MakeError("*** multiple target patterns.  Stop.")
        wanted, order_only = _prerequisites(rest)
        if any("%" in target for target in targets):
            lines = tuple(recipe or ())
            rule = PatternRule(
                tuple(targets), tuple(wanted), tuple(order_only), lines, self._file, is_double
            )
            self._open.pattern = rule
            self.rules.add_pattern(rule)
            return
        self._explicit(targets, self._globbed(wanted), order_only, recipe, is_double)

    def _explicit(
        self,
        targets: Sequence[str],
        wanted: list[str],
        order_only: list[str],
        recipe: list[Line] | None,
        is_double: bool = False,
    ) -> None:
        for target in targets:
            if target == ".SUFFIXES":
                self.rules.suffixes = [*self.rules.suffixes, *wanted] if wanted else []
            suffix = self.rules.as_suffix_rule(target) if not wanted else None
            if suffix is not None:
                rule = PatternRule((suffix[0],), (suffix[1],), (), tuple(recipe or ()), self._file)
                self._open.pattern = rule
                self.rules.add_pattern(rule)
                continue
            self._default_goal(target)
            made = self._entry(target, is_double)
            made.prerequisites += wanted
            made.order_only += order_only
            self._open.rules.append((made, wanted))
            if recipe is not None:
                self._start_recipe(made, list(recipe), wanted)
                self._open.started = True

    def _entry(self, target: str, is_double: bool) -> Rule:
        target = _clean(target)
        if is_double:
            rule = Rule(recipe=[], file=self._file, is_double=True)
            self.rules.double.setdefault(target, []).append(rule)
            self.rules.explicit.setdefault(target, Rule(is_double=True))
            return rule
        return self.rules.explicit.setdefault(target, Rule())

    def _static(
        self, targets: list[str], patterns: list[str], rest: str, recipe: list[Line] | None
    ) -> None:
        wanted, order_only = _prerequisites(rest)
        for target in targets:
            stem = match(patterns[0], target)
            if stem is None:
                continue
            filled = [word.replace("%", stem, 1) for word in wanted]
            self._explicit([target], filled, [w.replace("%", stem, 1) for w in order_only], recipe)
            self._open.rules[-1][0].stem = stem

    def _start_recipe(self, rule: Rule, recipe: list[Line], wanted: list[str]) -> None:
        rule.recipe, rule.file = recipe, self._file
        if wanted:
            rule.first = wanted[0]
            # The prerequisites of the rule with the recipe come first (manual, 4.11).
            if not rule.is_double:
                others = rule.prerequisites[: -len(wanted)]
                rule.prerequisites = [*wanted, *others]

    def _recipe(self, line: Line) -> None:
        opened = self._open
        for rule, wanted in opened.rules:
            if not opened.started:
                self._start_recipe(rule, [], wanted)
            assert rule.recipe is not None
            rule.recipe.append(line)
        opened.started = True
        if opened.pattern is not None:
            known = opened.pattern
            opened.pattern = PatternRule(
                known.targets, known.prerequisites, known.order_only,
                (*known.recipe, line), known.file, known.is_terminal,
            )  # fmt: skip
            self.rules.add_pattern(opened.pattern)

    def _specific(self, targets: list[str], found: Assignment, modifiers: list[str]) -> None:
        origin = "override" if "override" in modifiers else "file"
        name = self.variables.expand(found.name).strip()
        for target in targets:
            table = self.rules.specific.setdefault(target, {})
            if "%" in target:
                del self.rules.specific[target]
                table = next((t for p, t in self.rules.by_pattern if p == target), {})
                if not table:
                    self.rules.by_pattern.append((target, table))
            present = table.get(name)
            if found.operator == "+=" and present is None:
                table[name] = Variable(f"\0{found.value}", True, origin)  # see `updating`
                continue
            made = self.variables.assigned(name, found.operator, found.value, origin, present)
            if made is not None:
                table[name] = made
            if "export" in modifiers:
                self.variables.exported.add(name)

    def _default_goal(self, target: str) -> None:
        goal = self.variables.find(".DEFAULT_GOAL")
        hidden = target.startswith(".") and "/" not in target
        if (goal is None or not goal.value) and not hidden:
            self.variables.define(".DEFAULT_GOAL", target, False, "file")

    def _globbed(self, words: list[str]) -> list[str]:
        found: list[str] = []
        for word in words:
            found += (self.host.glob(word) or [word]) if re.search(r"[*?\[]", word) else [word]
        return [_clean(word) for word in found]


def _clean(name: str) -> str:
    """`./a` and `a` are one target."""
    while name.startswith("./") and len(name) > 2:
        name = name[2:].lstrip("/")
    return name


def _first_word(text: str) -> tuple[str, str]:
    found = _WORD.match(text)
    return (found[1], found[2]) if found else ("", "")


def _prerequisites(text: str) -> tuple[list[str], list[str]]:
    wanted, _, order_only = text.partition("|")
    return wanted.split(), order_only.split()


def _specific(rest: str) -> tuple[Assignment, list[str]] | None:
    """A variable of a target behind its colon, with the words before its name."""
    found = assignment(rest)
    if found is None or ";" in found.name:
        return None
    *modifiers, name = found.name.split() or [""]
    if not name or any(word not in MODIFIERS for word in modifiers):
        return None
    return Assignment(name, found.operator, found.value), modifiers
