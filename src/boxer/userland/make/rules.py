"""Rules: explicit ones, patterns, and those make knows by itself.

Belongs here: what a rule is, the tables, make's own variables and rules for C and C++. Does not:
deciding which one makes a target (`updating`).

Source: GNU make manual, 10.2 and 10.3; of its catalogue what concerns C and C++.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from boxer.userland.make.variables import Variable

# name, value; recursive, as GNU make's own are.
DEFAULTS = {
    "CC": "cc",
    "CXX": "g++",
    "CPP": "$(CC) -E",
    "AR": "ar",
    "ARFLAGS": "-rv",
    "LD": "ld",
    "AS": "as",
    "RM": "rm -f",
    "MAKE": "make",
    "MAKE_VERSION": "4.4.1",
    "SHELL": "/bin/sh",
    ".SHELLFLAGS": "-c",
    "OUTPUT_OPTION": "-o $@",
    "COMPILE.c": "$(CC) $(CFLAGS) $(CPPFLAGS) $(TARGET_ARCH) -c",
    "COMPILE.cc": "$(CXX) $(CXXFLAGS) $(CPPFLAGS) $(TARGET_ARCH) -c",
    "COMPILE.cpp": "$(COMPILE.cc)",
    "COMPILE.C": "$(COMPILE.cc)",
    "LINK.o": "$(CC) $(LDFLAGS) $(TARGET_ARCH)",
    "LINK.c": "$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(TARGET_ARCH)",
    "LINK.cc": "$(CXX) $(CXXFLAGS) $(CPPFLAGS) $(LDFLAGS) $(TARGET_ARCH)",
    "LINK.cpp": "$(LINK.cc)",
    "LINK.C": "$(LINK.cc)",
    ".FEATURES": "target-specific order-only second-expansion else-if undefine",
    "SUFFIXES": ".out .a .o .c .cc .C .cpp .cxx .s .S .h .sh",
}
_CXX = (".cc", ".cpp", ".C")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a recipe as it is written, without its tab. number: in its makefile."""

    text: str
    number: int


@dataclass(slots=True)
class Rule:
    """How one target is made. stem: of a static pattern rule. file: the makefile with the recipe.

    More rules for one target add their prerequisites to the one.
    """

    prerequisites: list[str] = field(default_factory=list)
    order_only: list[str] = field(default_factory=list)
    recipe: list[Line] | None = None
    stem: str = ""
    file: str = ""
    is_double: bool = False
    # Where the first prerequisite of the rule with the recipe stands: what `$<` is.
    first: str | None = None


@dataclass(frozen=True, slots=True)
class PatternRule:
    """targets, prerequisites: patterns. is_own: make's own."""

    targets: tuple[str, ...]
    prerequisites: tuple[str, ...]
    order_only: tuple[str, ...]
    recipe: tuple[Line, ...]
    file: str = ""
    is_terminal: bool = False
    is_own: bool = False


@dataclass(slots=True)
class Rules:
    """All rules of a run. double: the rules of `target::`. patterns: later ones come after earlier
    ones, make's own last. specific, by_pattern: variables of targets."""

    explicit: dict[str, Rule] = field(default_factory=dict)
    double: dict[str, list[Rule]] = field(default_factory=dict)
    patterns: list[PatternRule] = field(default_factory=list)
    specific: dict[str, dict[str, Variable]] = field(default_factory=dict)
    by_pattern: list[tuple[str, dict[str, Variable]]] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=lambda: DEFAULTS["SUFFIXES"].split())
    searched: list[tuple[str, list[str]]] = field(default_factory=list)

    def special(self, name: str) -> list[str]:
        """The prerequisites of a special target: .PHONY, .SILENT .."""
        rule = self.explicit.get(name)
        return rule.prerequisites if rule else []

    def has_special(self, name: str) -> bool:
        return name in self.explicit

    def add_pattern(self, rule: PatternRule) -> None:
        """A rule with the patterns of an earlier one takes its place; one without a recipe takes
        it away."""
        same = (rule.targets, rule.prerequisites)
        self.patterns = [r for r in self.patterns if (r.targets, r.prerequisites) != same]
        if rule.recipe:
            self.patterns.append(rule)

    def as_suffix_rule(self, target: str) -> tuple[str, str] | None:
        """`.c.o` as the patterns `%.o` and `%.c`, `.c` as `%` and `%.c`."""
        if target in self.suffixes:
            return "%", f"%{target}"
        for suffix in self.suffixes:
            rest = target.removeprefix(suffix)
            if target.startswith(suffix) and rest in self.suffixes:
                return f"%{rest}", f"%{suffix}"
        return None


def own_rules() -> list[PatternRule]:
    """make's own, for C and C++."""
    found = [
        _own("%", ("%.o",), "$(LINK.o) $^ $(LOADLIBES) $(LDLIBS) -o $@"),
        _own("%", ("%.c",), "$(LINK.c) $^ $(LOADLIBES) $(LDLIBS) -o $@"),
        _own("%.o", ("%.c",), "$(COMPILE.c) $(OUTPUT_OPTION) $<"),
    ]
    for suffix in _CXX:
        name = suffix[1:]
        found.append(_own("%", (f"%{suffix}",), f"$(LINK.{name}) $^ $(LOADLIBES) $(LDLIBS) -o $@"))
        found.append(_own("%.o", (f"%{suffix}",), f"$(COMPILE.{name}) $(OUTPUT_OPTION) $<"))
    found.append(_own("%", ("%.sh",), "cat $< >$@ ; chmod a+x $@"))
    return found


def _own(target: str, prerequisites: Sequence[str], recipe: str) -> PatternRule:
    lines = (Line(recipe, 0),)
    return PatternRule((target,), tuple(prerequisites), (), lines, "<builtin>", is_own=True)
