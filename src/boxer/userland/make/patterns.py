"""Patterns with one `%`: matching and putting the stem back.

Belongs here: words. Does not: rules (`rules`).
"""

from __future__ import annotations

import posixpath


def match(pattern: str, word: str) -> str | None:
    """The stem, None where the word does not match. A pattern without `%` has an empty stem."""
    before, percent, after = pattern.partition("%")
    if not percent:
        return "" if pattern == word else None
    if len(word) < len(before) + len(after):
        return None
    if not word.startswith(before) or not word.endswith(after):
        return None
    return word[len(before) : len(word) - len(after)]


def match_target(pattern: str, target: str) -> str | None:
    """As `match`, for a rule: a pattern without a slash is matched with the file's name alone, and
    the stem then has the folder before it (manual, 10.5.4)."""
    if "/" in pattern or "/" not in target:
        return match(pattern, target)
    folder, name = posixpath.split(target)
    stem = match(pattern, name)
    return None if stem is None else f"{folder}/{stem}"


def fill(pattern: str, stem: str) -> str:
    """A pattern of prerequisites with the stem in it; the stem's folder goes before the whole."""
    if "%" not in pattern:
        return pattern
    folder, slash, name = stem.rpartition("/")
    if slash and "/" not in pattern:
        return f"{folder}/{pattern.replace('%', name, 1)}"
    return pattern.replace("%", stem, 1)


def substitute(pattern: str, replacement: str, word: str) -> str:
    """One word of $(patsubst)."""
    stem = match(pattern, word)
    if stem is None:
        return word
    if "%" not in pattern:
        return replacement
    return replacement.replace("%", stem, 1)
