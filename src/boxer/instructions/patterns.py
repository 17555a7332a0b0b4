"""File name patterns of COPY and ADD: Go's `filepath.Match`.

Belongs here: one component's pattern, and the split of a path at its first pattern. Does not:
looking at files (`context`, `copying`), `.dockerignore` patterns (`dockerfile`).

Rules (Go, path/filepath): `*` any run of characters but `/`, `?` one of them, `[a-z]` and `[^a-z]`
a set, `\\c` the character itself. A leading dot is nothing special. A broken pattern is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from boxer.errors import BadPatternError

_WILD = frozenset("*?[\\")
_STAR = "\0"  # in no name


def split_pattern(path: str) -> tuple[str, list[str]]:
    """The part of a path before its first pattern, and the components from there on.

    `a/b*/c` gives (`a`, [`b*`, `c`]); a path without a pattern gives itself and no components.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    for index, part in enumerate(parts):
        if _WILD & set(part):
            return "/".join(parts[:index]), parts[index:]
    return "/".join(parts), []


def deep_patterns(patterns: list[str]) -> list[str]:
    """The components of a source of `COPY --parents`, in which `**` is any number of folders: one
    that ends the source is all that is in them. Raises BadPatternError for one within a name."""
    for pattern in patterns:
        if "**" in pattern and pattern != "**":
            raise BadPatternError(
                f"`{pattern}` has `**` within a name.", hint="Write `**/` for any folders."
            )
    last = ["*"] if patterns[-1:] == ["**"] else []
    return [*patterns[: len(patterns) - len(last)], *last]


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """One component's pattern as a regular expression for `fullmatch`. Raises BadPatternError.

    What follows a star is taken at its first place and for good (an atomic group): a later place
    can only leave less for the rest. So the time is that of one walk for each star.
    """
    characters = iter(pattern)
    out = []
    for character in characters:
        if character == "*":
            out.append(_STAR)
        elif character == "?":
            out.append("[^/]")
        elif character == "[":
            out.append(_set(characters, pattern))
        elif character == "\\":
            out.append(re.escape(_next(characters, pattern)))
        else:
            out.append(re.escape(character))
    first, *rest = "".join(out).split(_STAR)
    *middle, last = rest or [""]
    groups = [f"(?>[^/]*?{piece})" for piece in middle if piece]
    return re.compile("".join([first, *groups, "[^/]*" if rest else "", last]), re.DOTALL)


def _set(characters: Iterator[str], pattern: str) -> str:
    """A set after its `[`. Go wants at least one member; `]` and `-` have to be escaped."""
    member = _next(characters, pattern)
    negated = member == "^"
    if negated:
        member = _next(characters, pattern)
    ranges = []
    while True:
        low, following = _member(member, characters, pattern)
        high = low
        if following == "-":
            high, following = _member(_next(characters, pattern), characters, pattern)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        if following == "]":
            break
        member = following
    if not ranges:  # only ranges such as [z-a], which Go accepts and matches with nothing
        return "[^/]" if negated else r"(?!)"
    return f"(?!/)[{'^' if negated else ''}{''.join(ranges)}]"


def _member(character: str, characters: Iterator[str], pattern: str) -> tuple[str, str]:
    """A member of a set, and the character after it."""
    if character in ("]", "-"):
        raise _broken(pattern)
    if character == "\\":
        character = _next(characters, pattern)
    return character, _next(characters, pattern)


def _next(characters: Iterator[str], pattern: str) -> str:
    for character in characters:
        return character
    raise _broken(pattern)


def _broken(pattern: str) -> BadPatternError:
    return BadPatternError(
        f"`{pattern}` is not a file name pattern.",
        hint="Close every `[`, and write `\\` before a character that stands for itself.",
    )
