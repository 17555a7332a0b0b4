"""Text from a box or a user's file, made harmless for a terminal.

Belongs here: the one way such text is escaped, for tables, progress, errors and JSON. Does not:
what is shown (`console`). This module imports nothing of ours.

Invariant: what is returned holds no control character but newline and tab, so it can neither move
the cursor nor hide or forge what Boxer itself prints.
"""

from __future__ import annotations

import unicodedata

# Control, format (directions among them), surrogates, and separators of lines (UAX #44).
_HIDING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def escape(text: str) -> str:
    """Control and direction characters as `\\x1b`, `\\u202e`; all others as they are."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) if _hides(character) else character for character in text)


def escape_json(text: str) -> str:
    """The same for a text in JSON, which still means what it meant: as `\\u001b`, `\\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_as_json(character) if _hides(character) else character for character in text)


def _hides(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in _HIDING


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _as_json(character: str) -> str:
    """As UTF-16, which JSON writes others than those of the basic plane with (RFC 8259, 7)."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
