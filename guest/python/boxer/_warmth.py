"""What a rehearsal leaves that is no state of it: what was asked, and never an answer.

The standard library remembers answers that follow from their questions alone: what a pattern is
compiled to, which codec a name means, the lines of a file of the box (looked at anew when they are
asked for), whether a class is one of an abstract one's, what `typing` makes of a subscript. A
rehearsal's life tells the questions; the image asks them itself. So it does where a block of source
ends (`inspect`), which the standard library finds out anew each time. Likewise with which
instructions were specialised, and for what (guest/python/warmth.c).
"""

import codecs
import encodings
import functools
import gc
import linecache
import pickle
import re
import sys
from _abc import _get_dump

import _boxer

# Characters of a block of source that is remembered.
LONGEST = 1 << 16
# Blocks of source that are known, by their first line: the lines that were read, whether there were
# no more, and how many are the block. And those that were looked for while `told_of` looks.
_blocks, _looked_for = {}, None


def told_of(answer, times):
    global _looked_for
    _looked_for = set()
    _know_blocks()
    before = _asked()
    _boxer.be_eager()
    answer()
    for question in _looked_for:
        _learn_block(*question)
    for _ in range(times - 1):
        answer()
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
        "subscripts": set(_subscripts()),
        "blocks": _looked_for.copy(),
    }


ASK = {
    "patterns": lambda question: re.compile(*question),
    "codecs": codecs.lookup,
    "files": linecache.getlines,
    "subclasses": lambda question: issubclass(*map(_class_of, question)),
    "subscripts": lambda question: _subscript(*question),
    "blocks": lambda question: _learn_block(*question),
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


def _subscripts():
    """Of `typing`'s own caches: whose, and what it was asked, where that can be named."""
    for function, cache in _caches_of_typing():
        for found in gc.get_referents(cache):
            for key in found if type(found) is dict else ():
                told = type(key) is tuple and _pickled(key)
                if told:
                    yield function.__qualname__, told


def _subscript(name, told):
    asked = pickle.loads(told.encode("latin-1"))
    for function, cache in _caches_of_typing():
        if function.__qualname__ == name:
            cache(*asked)


def _caches_of_typing():
    caches = getattr(sys.modules.get("typing"), "_caches", {})
    return [one for one in caches.items() if not one[1].cache_parameters()["typed"]]


def _pickled(key):
    """Nothing: it has no name."""
    try:
        return pickle.dumps(key).decode("latin-1")
    except Exception:  # whatever somebody's class raises
        return ""


class _Lines(list):
    """Tells how many of them were read, and whether more were wanted."""

    read, were_all = 0, False

    def __iter__(self):
        for line in list.__iter__(self):
            self.read += 1
            yield line
        self.were_all = True


def _know_blocks():
    inspect = sys.modules.get("inspect")
    if inspect is not None and not hasattr(inspect.getblock, "__wrapped__"):
        inspect.getblock = _remembering(inspect.getblock)


def _remembering(getblock):
    @functools.wraps(getblock)
    def remembered(lines):
        for read, were_all, size in _blocks.get(lines[0], ()) if lines else ():
            if lines[: len(read)] == read and (not were_all or len(lines) == len(read)):
                return lines[:size]
        counted = _Lines(lines)
        block = getblock(counted)
        if _looked_for is not None and 0 < sum(map(len, lines[: counted.read])) <= LONGEST:
            _looked_for.add((counted.were_all, *lines[: counted.read]))
        return block

    return remembered


def _learn_block(were_all, *read):
    _know_blocks()
    counted = _Lines(read)
    block = sys.modules["inspect"].getblock.__wrapped__(counted)
    if counted.read == len(read) and counted.were_all == were_all:
        _blocks.setdefault(read[0], []).append((list(read), were_all, len(block)))
