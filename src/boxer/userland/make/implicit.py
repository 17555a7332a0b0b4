"""Which pattern rule makes a target that no rule names.

Belongs here: the search, through other targets that patterns make. Does not: making (`updating`).

Source: GNU make manual, 10.8, without its archives.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from boxer.userland.make.makefile import Makefile
from boxer.userland.make.patterns import fill, match, match_target
from boxer.userland.make.rules import PatternRule, Rule

# Of rules one after the other: a.y -> a.c -> a.o -> a.
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class Found:
    rule: PatternRule
    stem: str
    prerequisites: tuple[str, ...]
    order_only: tuple[str, ...]


class Implicit:
    def __init__(self, makefile: Makefile) -> None:
        self._makefile = makefile
        self._known: dict[str, Found | None] = {}

    def find(self, target: str, rule: Rule | None) -> Found | None:
        """rule: the explicit one of the target, which has no recipe."""
        if target not in self._known:
            self._known[target] = None  # a target is not made of itself
            self._known[target] = self._search(target, rule, ())
        return self._known[target]

    def _search(
        self, target: str, rule: Rule | None, used: tuple[PatternRule, ...]
    ) -> Found | None:
        candidates = self._candidates(target, used)
        for chained in (False, True):
            for found in candidates:
                if chained and (found.rule.is_terminal or len(used) == _LONGEST):
                    continue
                if all(self._is_there(word, found, used, chained) for word in found.prerequisites):
                    return found
        return None

    def _candidates(self, target: str, used: tuple[PatternRule, ...]) -> list[Found]:
        found = []
        for rule in self._makefile.patterns:
            # A rule for anything is not used for what is made on the way, nor twice.
            if rule in used or (used and "%" in rule.targets):
                continue
            for pattern in rule.targets:
                stem = match_target(pattern, target)
                if stem:
                    filled = tuple(fill(word, stem) for word in rule.prerequisites)
                    order_only = tuple(fill(word, stem) for word in rule.order_only)
                    found.append(Found(rule, stem, filled, order_only))
                    break
        # The shortest stem is the most particular rule; own ones come last.
        return sorted(found, key=lambda entry: (entry.rule.is_own, len(entry.stem)))

    def _is_there(
        self, word: str, found: Found, used: tuple[PatternRule, ...], chained: bool
    ) -> bool:
        makefile = self._makefile
        if word in makefile.rules.explicit or self._exists(word):
            return True
        return chained and self._search(word, None, (*used, found.rule)) is not None

    def _exists(self, word: str) -> bool:
        host, rules = self._makefile.host, self._makefile.rules
        if host.mtime(word) is not None:
            return True
        everywhere = self._makefile.variables.value("VPATH").replace(":", " ").split()
        return any(
            host.mtime(posixpath.join(folder, word)) is not None
            for pattern, folders in [*rules.searched, ("%", everywhere)]
            if match(pattern, word) is not None
            for folder in folders
        )
