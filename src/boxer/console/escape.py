"""Text from a box or a user's file, made harmless for a terminal.

Invariant: what `escape` returns holds no control character but newline and tab, so it can neither
move the cursor nor hide or forge what Boxer itself prints.
"""

from __future__ import annotations

import unicodedata

_HIDING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def escape(text: str) -> str:
    """Control and direction characters as `\\x1b`, `\\u202e`; all others as they are."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _HIDING:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
