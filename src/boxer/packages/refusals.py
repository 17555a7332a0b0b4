"""What is said of packages that cannot run in a box.

Belongs here: all of them in one error, those that were asked for first, who needs the others, and
advice that fits who needs them. Does not: seeing that one cannot (`files`, `obtain`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from boxer.errors import BoxerError, NativePackageError, PackageBuildError
from boxer.packages.catalogue.known import known_native
from boxer.packages.resolve import ASKED, Locked

_MOST_NAMED = 8
Refused = tuple[Locked, BoxerError]


def together(refused: Sequence[Refused], needed_by: Mapping[str, Sequence[str]]) -> BoxerError:
    """One error for all the packages that cannot run in a box, so that none comes as a surprise.
    What only a refused package needs is not named: it goes with that one."""
    named = _in_the_way({package.key for package, _ in refused}, needed_by)
    shown = [entry for entry in refused if entry[0].key in named] or list(refused)
    shown.sort(key=lambda entry: ASKED not in needed_by.get(entry[0].key, ()))
    (package, first), *others = shown
    hints = [_advice(package, first, needed_by)]
    for other, error in others[: _MOST_NAMED - 1]:
        said = (error.message, chain(other.key, needed_by), _advice(other, error, needed_by))
        hints.append(f"Also: {' '.join(filter(None, said))}")
    if len(others) >= _MOST_NAMED:
        hints.append(f"And {len(others) - _MOST_NAMED + 1} more.")
    kind = PackageBuildError if isinstance(first, PackageBuildError) else NativePackageError
    message = _with_chain(first.message, chain(package.key, needed_by))
    return kind(message, where=first.where, hint="\n".join(filter(None, hints)))


def _with_chain(message: str, way: str) -> str:
    """The way after the first line: others are what a build said."""
    first, newline, rest = message.partition("\n")
    return f"{first} {way}".strip() + newline + rest if way else message


def _in_the_way(refused: set[str], needed_by: Mapping[str, Sequence[str]]) -> set[str]:
    """Those that are reached from what was asked for without passing another refused one."""
    needs: dict[str, set[str]] = {}
    for key, above in needed_by.items():
        for name in above:
            needs.setdefault(name, set()).add(key)
    queue, seen = [ASKED], {ASKED}
    for key in queue:  # grows while it is walked
        if key not in refused:
            more = needs.get(key, set()) - seen
            seen |= more
            queue += sorted(more)
    return refused & seen


def _advice(package: Locked, error: BoxerError, needed_by: Mapping[str, Sequence[str]]) -> str:
    """The error's hint; where it speaks of a package that has no part in this, one that fits."""
    hint = error.hint or ""
    known = known_native(package.key)
    above = set(needed_by.get(package.key, ())) - {ASKED}
    about = set(known.optional_for if known else ())
    mentions = {name for name in about if re.search(rf"`{re.escape(name)}\b", hint)}
    if not mentions or mentions & above or not needed_by:
        return hint
    way = _way_up(package.key, needed_by)
    if len(way) > 1:
        return f"Do without `{way[-1]}`, or ask for a version of it that needs no `{package.name}`."
    return f"Do without `{package.name}`."


def chain(key: str, needed_by: Mapping[str, Sequence[str]]) -> str:
    """Who asks for a package, from one that the user named on; empty for one of those itself."""
    way = _way_up(key, needed_by)
    if len(way) < 2:
        return ""
    top, *below = [*(f"`{name}`" for name in reversed(way[1:])), "it"]
    return f"{top} needs {', which needs '.join(below)}."


def _way_up(key: str, needed_by: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest way from a package to one that was asked for itself; empty if none is known."""
    ways = [[key]]
    seen = {key}
    for way in ways:  # grows while it is walked
        above = needed_by.get(way[-1], ())
        if ASKED in above:
            return way
        ways += [[*way, name] for name in above if name not in seen]
        seen.update(above)
    return []
