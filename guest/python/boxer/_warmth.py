"""What a rehearsal leaves that is no state of it: what was asked, and never an answer.

The standard library remembers answers that follow from their questions alone: what a pattern is
compiled to, which codec a name means, the lines of a file of the box (looked at anew when they are
asked for), whether a class is one of an abstract one's. A rehearsal's life tells the questions; the
image asks them itself. Likewise with which instructions were specialised, and for what
(guest/python/warmth.c).
"""

import codecs
import encodings
import linecache
import re
import sys
from _abc import _get_dump

import _boxer


def told_of(rehearse, request):
    before = _asked()
    rehearse(request)
    asked = {kind: sorted(_asked()[kind] - before[kind]) for kind in before}
    return {"asked": asked, "used_to": _boxer.used_to()}


def get_used_to(told):
    for kind, questions in told["asked"].items():
        for question in questions:
            try:
                ASK[kind](question)
            except Exception:  # the application will see it, if it asks again
                continue
    _boxer.get_used_to(told["used_to"])


def _asked():
    return {
        "patterns": {
            (text, flags)
            for kind, text, flags in list(re._cache)
            if kind is str and not flags & re.LOCALE
        },
        "codecs": {name for name, found in encodings._cache.items() if found is not None},
        "files": set(linecache.cache),
        "subclasses": set(_subclasses()),
    }


ASK = {
    "patterns": lambda question: re.compile(*question),
    "codecs": codecs.lookup,
    "files": linecache.getlines,
    "subclasses": lambda question: issubclass(*map(_class_of, question)),
}


def _subclasses():
    classes = [object]
    for each in classes:
        classes += type.__subclasses__(each)
    for each in dict.fromkeys(classes):
        if "_abc_impl" in vars(each):
            _, known, others, _ = _get_dump(each)
            for reference in (*known, *others):
                names = _name_of(reference()), _name_of(each)
                if all(names):
                    yield names


def _name_of(one):
    """Nothing: it cannot be found by a name."""
    name = f"{one.__module__}:{one.__qualname__}" if isinstance(one, type) else ""
    try:
        return name if name and _class_of(name) is one else ""
    except (AttributeError, KeyError):
        return ""


def _class_of(name):
    module, _, path = name.partition(":")
    found = sys.modules[module]
    for part in path.split("."):
        found = getattr(found, part)
    return found
