"""Making targets: what is out of date, by which rule, and running recipes.

Belongs here: the way through the graph. Does not: reading makefiles (`makefile`).

Source: GNU make manual, chapters 4, 5 and 10. Files that are made on the way stay, as with
`.SECONDARY:`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from boxer.userland.make.functions import joined
from boxer.userland.make.host import Host, MakeError
from boxer.userland.make.implicit import Found, Implicit
from boxer.userland.make.makefile import Makefile
from boxer.userland.make.patterns import match
from boxer.userland.make.rules import Line, Rule
from boxer.userland.make.variables import Variable

_PREFIXES = re.compile(r"[\s@+-]*")
_SUBMAKE = re.compile(r"\$[({]MAKE[)}]")
_CONTINUED = re.compile(r"\\\n\t?")


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches of a run. flags: MAKEFLAGS for makes below."""

    always: bool = False
    dry: bool = False
    silent: bool = False
    ignoring: bool = False
    keep_going: bool = False
    flags: str = ""
    level: int = 0


@dataclass(slots=True)
class _Made:
    """changed: whether the target was made, or is as good as made. failed: with -k."""

    changed: bool
    failed: bool = False


@dataclass(slots=True)
class _Recipe:
    """lines in file: what makes a target, of what. stem: `$*`."""

    lines: Sequence[Line]
    file: str
    stem: str = ""
    prerequisites: list[str] = field(default_factory=list)
    order_only: list[str] = field(default_factory=list)
    first: str | None = None


class Updater:
    """One run over a makefile's targets. ran: how many recipes were run."""

    def __init__(self, makefile: Makefile, settings: Settings) -> None:
        self._makefile = makefile
        self._host: Host = makefile.host
        self._variables = makefile.variables
        self._rules = makefile.rules
        self._settings = settings
        self._implicit = Implicit(makefile)
        self._done: dict[str, _Made] = {}
        self._making: list[str] = []
        self.ran = 0

    def can_make(self, target: str) -> bool:
        """Whether a rule with a recipe makes the target."""
        rule = self._rules.explicit.get(target)
        has_recipe = rule is not None and (rule.recipe or target in self._rules.double)
        return bool(has_recipe) or self._implicit.find(target, rule) is not None

    def make(self, goal: str) -> bool:
        """Makes a goal; whether it could be made. Raises MakeError where it could not and make
        does not go on (-k)."""
        before = self.ran
        again = goal in self._done and self._done[goal].changed
        made = self._make(goal, None)
        if not made.failed and self.ran == before and not self._settings.silent:
            is_file = again or (self._host.mtime(goal) is not None and not self._is_phony(goal))
            said = f"'{goal}' is up to date." if is_file else f"Nothing to be done for '{goal}'."
            self._host.write(f"{self.name}: {said}\n".encode())
        return not made.failed

    @property
    def name(self) -> str:
        """As make calls itself in its messages."""
        level = self._settings.level
        return f"make[{level}]" if level else "make"

    # --- the graph -----------------------------------------------------------------------------

    def _make(self, target: str, parent: str | None) -> _Made:
        if target in self._done:
            return self._done[target]
        if target in self._making:
            self._host.complain(f"{self.name}: Circular {parent} <- {target} dependency dropped.")
            return _Made(False)
        self._making.append(target)
        with self._variables.scope(self._specific(target)):
            made = self._update(target, parent)
        self._making.pop()
        self._done[target] = made
        return made

    def _update(self, target: str, parent: str | None) -> _Made:
        if target in self._rules.double:
            rules = self._rules.double[target]
            made = [self._by(target, self._of_rule(rule, target)) for rule in rules]
            return _Made(any(m.changed for m in made), any(m.failed for m in made))
        recipe = self._recipe_of(target)
        if recipe is None:
            if self._exists(target):
                return _Made(False)
            return self._no_rule(target, parent)
        return self._by(target, recipe)

    def _recipe_of(self, target: str) -> _Recipe | None:
        rule = self._rules.explicit.get(target)
        if rule is not None and (rule.recipe is not None or self._is_phony(target)):
            return self._of_rule(rule, target)
        found = self._implicit.find(target, rule)
        if found is not None:
            return self._of_pattern(found, rule)
        return None if rule is None else self._of_rule(rule, target)

    def _of_rule(self, rule: Rule, target: str) -> _Recipe:
        wanted = list(rule.prerequisites)
        if self._rules.has_special(".SECONDEXPANSION"):
            names = {"@": target, "*": rule.stem}
            scope = {name: Variable(value, False, "automatic") for name, value in names.items()}
            with self._variables.scope(scope):
                wanted = self._variables.expand(" ".join(wanted)).split()
        return _Recipe(
            rule.recipe or (), rule.file, rule.stem, wanted, list(rule.order_only), rule.first
        )

    def _of_pattern(self, found: Found, rule: Rule | None) -> _Recipe:
        wanted = [*found.prerequisites, *(rule.prerequisites if rule else ())]
        order_only = [*found.order_only, *(rule.order_only if rule else ())]
        first = found.prerequisites[0] if found.prerequisites else None
        return _Recipe(found.rule.recipe, found.rule.file, found.stem, wanted, order_only, first)

    def _by(self, target: str, recipe: _Recipe) -> _Made:
        changed: list[str] = []
        wanted = [self._placed(word) for word in recipe.prerequisites]
        failed = False
        for word in [*wanted, *recipe.order_only]:
            made = self._make(word, target)
            failed = failed or made.failed
            if made.changed and word in wanted:
                changed.append(word)
        if failed:
            self._host.complain(f"{self.name}: Target '{target}' not remade because of errors.")
            return _Made(False, failed=True)
        time = None if self._is_phony(target) else self._host.mtime(self._placed(target))
        newer = [word for word in wanted if word in changed or self._is_newer(word, time)]
        if time is not None and not newer and not self._settings.always:
            return _Made(False)
        if not recipe.lines:
            return _Made(bool(changed) or time is None)
        first = self._placed(recipe.first) if recipe.first else "".join(wanted[:1])
        names = {
            "@": target if time is None else self._placed(target),
            "<": first,
            "^": joined(wanted),
            "+": " ".join(wanted),
            "?": joined(newer),
            "*": recipe.stem,
            "|": joined(recipe.order_only),
            "%": "",
        }
        return self._run(target, recipe, names)

    def _is_newer(self, word: str, time: int | None) -> bool:
        other = self._host.mtime(word)
        return time is None or (other is not None and other > time)

    def _no_rule(self, target: str, parent: str | None) -> _Made:
        needed = f", needed by '{parent}'" if parent else ""
        text = f"*** No rule to make target '{target}'{needed}."
        if not self._settings.keep_going:
            raise MakeError(f"{text}  Stop.")
        self._host.complain(f"{self.name}: {text}")
        return _Made(False, failed=True)

    def _is_phony(self, target: str) -> bool:
        return target in self._rules.special(".PHONY")

    def _exists(self, target: str) -> bool:
        return self._host.mtime(self._placed(target)) is not None

    def _placed(self, name: str) -> str:
        """A file's name where it is found: in the folders of vpath and VPATH."""
        if self._host.mtime(name) is not None or name.startswith("/"):
            return name
        everywhere = self._variables.value("VPATH").replace(":", " ").split()
        for pattern, folders in [*self._rules.searched, ("%", everywhere)]:
            for folder in folders if match(pattern, name) is not None else ():
                path = posixpath.join(folder, name)
                if self._host.mtime(path) is not None:
                    return path
        return name

    def _specific(self, target: str) -> Mapping[str, Variable]:
        tables = [t for pattern, t in self._rules.by_pattern if match(pattern, target) is not None]
        tables.append(self._rules.specific.get(target, {}))
        merged: dict[str, Variable] = {}
        for table in tables:
            for name, variable in table.items():
                given = self._variables.table.get(name)
                if given and given.origin == "command line" and variable.origin != "override":
                    continue
                if variable.value.startswith("\0"):  # `+=`: to what is seen from outside
                    before = merged.get(name) or self._variables.find(name)
                    more = variable.value[1:]
                    if before is not None and not before.recursive:
                        more = self._variables.expand(more)
                    text = f"{before.value} {more}" if before and before.value else more
                    variable = Variable(text, before is None or before.recursive, "file")
                merged[name] = variable
        return merged

    # --- recipes -------------------------------------------------------------------------------

    def _run(self, target: str, recipe: _Recipe, names: Mapping[str, str]) -> _Made:
        scope = {name: Variable(value, False, "automatic") for name, value in names.items()}
        self.ran += 1
        with self._variables.scope(scope):
            expanded = [
                (Line(text, line.number), bool(_SUBMAKE.search(line.text)))
                for line in recipe.lines
                for text in _split(self._variables.expand(line.text))
            ]
            if self._rules.has_special(".ONESHELL") and expanded:
                whole = "\n".join(line.text for line, _ in expanded)
                expanded = [(Line(whole, expanded[0][0].number), any(sub for _, sub in expanded))]
            for line, is_submake in expanded:
                status = self._command(target, line, is_submake)
                if status and not self._failed(target, line, recipe.file, status):
                    return _Made(False, failed=True)
        return _Made(True)

    def _command(self, target: str, line: Line, is_submake: bool) -> int:
        """Runs one line; 0 where its status does not count."""
        prefix = _PREFIXES.match(line.text)
        marks = prefix[0] if prefix else ""
        script = line.text[len(marks) :]
        if not script.strip():
            return 0
        silenced = self._rules.special(".SILENT")
        is_silent = self._rules.has_special(".SILENT") and (not silenced or target in silenced)
        quiet = "@" in marks or self._settings.silent or is_silent
        if not quiet or self._settings.dry:
            self._host.write((script + "\n").encode("utf-8", "surrogateescape"))
        if self._settings.dry and not is_submake and "+" not in marks:
            return 0
        flags = self._variables.value(".SHELLFLAGS").removesuffix("c").rstrip(" -")
        options = f"set {flags}; " if flags else ""
        ran = self._host.shell(options + _CONTINUED.sub("\\\\\n", script), self.environment())
        self._host.write(ran.out, ran.err)
        ignored = self._rules.special(".IGNORE")
        is_ignored = self._rules.has_special(".IGNORE") and (not ignored or target in ignored)
        if ran.status and ("-" in marks or self._settings.ignoring or is_ignored):
            where = f"[{line.number}: {target}]"
            self._host.complain(f"{self.name}: {where} Error {ran.status} (ignored)")
            return 0
        return ran.status

    def _failed(self, target: str, line: Line, file: str, status: int) -> bool:
        where = f"[{file}:{line.number}: {target}]" if line.number else f"[<builtin>: {target}]"
        text = f"*** {where} Error {status}"
        if not self._settings.keep_going:
            raise MakeError(text)
        self._host.complain(f"{self.name}: {text}")
        return False

    def environment(self) -> dict[str, str]:
        """What a recipe's environment has more than make's own."""
        more = {"MAKEFLAGS": self._settings.flags, "MAKELEVEL": str(self._settings.level + 1)}
        return {**self._variables.environment(), **more}


def _split(text: str) -> list[str]:
    """The lines of an expanded line: a `define` has more than one."""
    return [line for line in re.split(r"(?<!\\)\n", text) if line.strip()]
