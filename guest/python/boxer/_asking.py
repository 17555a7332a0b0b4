"""What a name in a context is, for who writes a cell: completions, signatures, docstrings.

Belongs here: looking names up. Does not: running code.
"""

import builtins
import contextlib
import inspect
import keyword
import re

_WORD = re.compile(r"[\w.]*\Z")
_MOST = 1000


def complete(names, text):
    """What the last word of the text may become: (start of what is replaced, [words])."""
    word = _WORD.search(text)[0]
    path, dot, begun = word.rpartition(".")
    if dot:
        value, found = _value(names, path)
        words = dir(value) if found else []
    else:
        words = {*names, *dir(builtins), *keyword.kwlist}
    fitting = sorted(one for one in words if isinstance(one, str) and one.startswith(begun))
    if not begun:
        fitting = [one for one in fitting if not one.startswith("_")]
    return len(text) - len(begun), [one for one in fitting if len(one) < 200][:_MOST]


def describe(names, text):
    """Text about the name at the text's end; None: there is none."""
    word = _WORD.search(text)[0].strip(".")
    value, found = _value(names, word)
    if not word or not found:
        return None
    lines = [f"{word}: {type(value).__name__}"]
    with contextlib.suppress(TypeError, ValueError):
        lines = [f"{word}{inspect.signature(value)}"]
    told = inspect.getdoc(value)
    return "\n\n".join((*lines, *([told] if told else ())))[: 1 << 16]


def _value(names, path):
    """The value of a dotted name, without calling anything but attributes."""
    first, *rest = path.split(".")
    if first in names:
        value = names[first]
    elif hasattr(builtins, first):
        value = getattr(builtins, first)
    else:
        return None, False
    for part in rest:
        try:
            value = getattr(value, part)
        except Exception:
            return None, False
    return value, True
