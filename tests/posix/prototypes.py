"""Functions that take no parameter and are called with one: WebAssembly refuses what C17 calls
undefined. Tests of 2004 have them, so their sources are corrected before they are compiled.

Belongs here: finding such functions, and their new text. Does not: compiling.
"""

from __future__ import annotations

import re

# Who takes a function that is called with a pointer, and with a number.
POINTER = re.compile(
    r"pthread_create\s*\([^;]*?,[^;]*?,\s*(?:\([^;]*?\(\*\)[^;]*?\)\)?\s*)?&?(\w+)\s*,"
    r"|pthread_key_create\s*\([^;,]*,\s*&?(\w+)\s*\)"
    r"|pthread_cleanup_push\s*\(\s*(?:\([^;]*?\(\*\)[^;]*?\)\s*)?&?(\w+)\s*,"
)
NUMBER = re.compile(
    r"sa_handler\s*=\s*&?(\w+)|\b(?:signal|sigset|bsd_signal)\s*\([^;,]*,\s*&?(\w+)\s*\)"
)


def corrected(text: str) -> str:
    """The source with `f()` and `f(void)` made to take what they are called with."""
    for users, parameter in ((POINTER, "void *unused_"), (NUMBER, "int unused_")):
        for match in users.finditer(text):
            name = next(group for group in match.groups() if group)
            declared = rf"(\bvoid\s*\*?\s*\b{name}\s*)\(\s*(?:void)?\s*\)"
            text = re.sub(declared, rf"\g<1>({parameter})", text)
    return text
