"""Rules as a makefile writes them, into the tables.

Belongs here: targets, prerequisites, patterns, recipes, variables of targets. Does not: other lines
(`makefile`), which rule makes what (`updating`).

Source: GNU make manual, chapters 4, 5, 6.11 and 10.5 to 10.7.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from boxer.userland.make.host import Host, MakeError
from boxer.userland.make.lines import MODIFIERS, Assignment, assignment
from boxer.userland.make.patterns import match
from boxer.userland.make.rules import Line, PatternRule, Rule, Rules
from boxer.userland.make.variables import Variable, Variables, find_outside


@dataclass(slots=True)
class _Open:
    """What the recipe's lines that follow belong to.

    rules: with the prerequisites that this line gave each. started: whether the recipe has begun.
    """

    rules: list[tuple[Rule, list[str]]] = field(default_factory=list)
    started: bool = False
    pattern: PatternRule | None = None


class RuleReader:
    """Reads the rules of one makefile, `file`, into the tables."""

    def __init__(self, host: Host, variables: Variables, rules: Rules, file: str) -> None:
        self._host = host
        self._variables = variables
        self._rules = rules
        self._open = _Open()
        self._file = file

    @property
    def is_open(self) -> bool:
        """Whether a line with a tab is a recipe's."""
        return bool(self._open.rules or self._open.pattern)

    def close(self) -> None:
        self._open = _Open()

    def read(self, text: str, number: int) -> None:
        """A line with a colon: a rule, or a variable of targets. Raises MakeError."""
        self._open = _Open()
        colon = find_outside(text, ":")
        is_double = text.startswith("::", colon)
        targets = self._variables.expand(text[:colon]).replace("&", "").split()
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
            recipe = [Line(rest[semicolon + 1 :].lstrip(), number)]
            rest = rest[:semicolon]
        rest = self._variables.expand(rest)
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
            self._rules.add_pattern(rule)
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
                self._rules.suffixes = [*self._rules.suffixes, *wanted] if wanted else []
            suffix = self._rules.as_suffix_rule(target) if not wanted else None
            if suffix is not None:
                rule = PatternRule((suffix[0],), (suffix[1],), (), tuple(recipe or ()), self._file)
                self._open.pattern = rule
                self._rules.add_pattern(rule)
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
        target = clean(target)
        if is_double:
            rule = Rule(recipe=[], file=self._file, is_double=True)
            self._rules.double.setdefault(target, []).append(rule)
            self._rules.explicit.setdefault(target, Rule(is_double=True))
            return rule
        return self._rules.explicit.setdefault(target, Rule())

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

    def recipe_line(self, line: Line) -> None:
        """A line of the recipe of the rule that is open."""
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
            self._rules.add_pattern(opened.pattern)

    def _specific(self, targets: list[str], found: Assignment, modifiers: list[str]) -> None:
        origin = "override" if "override" in modifiers else "file"
        name = self._variables.expand(found.name).strip()
        for target in targets:
            table = self._rules.specific.setdefault(target, {})
            if "%" in target:
                del self._rules.specific[target]
                table = next((t for p, t in self._rules.by_pattern if p == target), {})
                if not table:
                    self._rules.by_pattern.append((target, table))
            present = table.get(name)
            if found.operator == "+=" and present is None:
                table[name] = Variable(f"\0{found.value}", True, origin)  # see `updating`
                continue
            made = self._variables.assigned(name, found.operator, found.value, origin, present)
            if made is not None:
                table[name] = made
            if "export" in modifiers:
                self._variables.exported.add(name)

    def _default_goal(self, target: str) -> None:
        goal = self._variables.find(".DEFAULT_GOAL")
        hidden = target.startswith(".") and "/" not in target
        if (goal is None or not goal.value) and not hidden:
            self._variables.define(".DEFAULT_GOAL", target, False, "file")

    def _globbed(self, words: list[str]) -> list[str]:
        found: list[str] = []
        for word in words:
            found += (self._host.glob(word) or [word]) if re.search(r"[*?\[]", word) else [word]
        return [clean(word) for word in found]


def clean(name: str) -> str:
    """`./a` and `a` are one target."""
    while name.startswith("./") and len(name) > 2:
        name = name[2:].lstrip("/")
    return name


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
