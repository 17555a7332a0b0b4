"""An application whose code can be changed under it, as it runs in the box."""
# mypy: ignore-errors

import builtins
import encodings
import inspect
import json
import linecache
import random
import re
import struct
import sys
import typing
from collections.abc import Iterable

import _boxer

from boxer import _warmth

RATE = 2
seen = []


class Item:
    kind = "plain"

    def __init__(self, name, price):
        self.name = name
        self.price = price

    @property
    def total(self):
        return self.price * RATE

    def label(self, mark="-"):
        return f"{self.name}{mark}{self.total}"

    @classmethod
    def made(cls, name):
        return cls(name, len(name))


class Sale(Item):
    kind = "sale"

    def label(self, mark="!"):
        return "sale " + super().label(mark)


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a):
        self.a = a

    def __len__(self):
        return self.a


class Loose:
    """Its attributes are in a dict of its own: there are too many."""

    def __init__(self):
        for number in range(40):
            setattr(self, f"n{number}", number)
        self.last = 40


class Lazy:
    def __getattr__(self, name):
        return name.upper()


class Callable:
    def __call__(self, value):
        return value + 1


def double(value, times=2):
    return value * times


def numbers(count):
    for number in range(count):
        yield number * 1


def work(make=Item):
    item, slotted, loose = make("tea", 3), Slotted(2), Loose()
    told = [
        item.label(),
        item.label("+"),
        item.kind,
        type(make.kind).__name__,
        make.made("four").total,
    ]
    item.price += 0.5
    told += [item.price, slotted.a, len(slotted), bool(slotted), loose.last, loose.n3]
    told += [Lazy().word, Callable()(1), double(4), double(2, times=3), sys.maxsize > 1]
    counts = {}
    for word in ("a", "b", "a"):
        counts[word] = counts.get(word, 0) + 1
    first, second = sorted(counts)
    text = ""
    for part in (first, second):
        text += part
    told += [text, counts, sum(numbers(4)), [n + 1 for n in (1, 2)], "a" in counts, text[0]]
    told += [isinstance(told, Iterable), "x".encode("idna").decode(), abs(-RATE)]
    told += [inspect.getsource(double), str(typing.Callable[..., int])]
    made = type("Made", (Item,), {"kind": "made"})("new", 1)
    return [*told, made.label(), made.kind, bool(re.match("(wa)+rm", "wawarm"))]


def other_globals():
    global RATE
    RATE = 5


def other_method():
    Item.label = lambda self, mark="": "another"


def other_attributes():
    Item.kind = property(lambda self: "computed")
    Sale.total = 7


def other_init():
    def init(self, name, price):
        self.price, self.name, self.more = price + 1, name, 1

    Item.__init__ = init


def other_defaults():
    double.__defaults__ = (10,)


def other_code():
    double.__code__ = (lambda value, times=2: value + times + 100).__code__


def other_builtins():
    builtins.sorted = lambda values: ["z", "y"]


def other_globals_for_builtins():
    globals().update(abs=lambda value: "own", len=lambda value: 77)


def other_length():
    Slotted.__len__ = lambda self: 0


def other_slots():
    Slotted.a = 9
    Slotted.__init__ = lambda self, a: None


def other_call():
    Callable.__call__ = lambda self, value: "called"


def other_module():
    sys.maxsize = 0


def own_getattribute():
    Item.__getattribute__ = lambda self, name: object.__getattribute__(self, name)
    Lazy.word = "found"


def without_a_method():
    del Sale.label


def other_lines():
    """Of `double`, behind its first one."""
    name = work.__code__.co_filename
    linecache.getlines(name)
    size, when, lines, full = linecache.cache[name]
    behind = lines.index("def double(value, times=2):\n") + 1
    lines = [*lines[:behind], "    times += 0\n", *lines[behind:]]
    linecache.cache[name] = size, when, lines, full


CHANGES = (
    other_globals, other_method, other_attributes, other_init, other_defaults, other_code,
    other_builtins, other_globals_for_builtins, other_length, other_slots, other_call,
    other_module, own_getattribute, without_a_method, other_lines,
)  # fmt: skip


def answered(*names):
    """Behind these changes."""
    for change in CHANGES:
        if change.__name__ in names:
            change()
    try:
        return [work(), work(Sale), work()]
    finally:  # what answers is not this module alone
        builtins.sorted = SORTED


SORTED = sorted


def app(environ, start_response):
    ready = found()
    seen.append(len(seen))
    re.compile(f"{random.random()}")
    told = answered(*environ["QUERY_STRING"].split(","))
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([told, seen, ready]).encode()]


def found():
    """Specialised code units of `work`, whether its pattern, its codec, a subscript and a block of
    source are known, and how many patterns are numbers."""
    code = work.__code__
    units = zip(code.co_code[::2], code._co_code_adaptive[::2], strict=True)
    missed = misses()
    typing.Callable[..., Item]
    patterns = [text for _, text, _ in re._cache if isinstance(text, str)]
    return {
        "specialised": sum(a != b for a, b in units),
        "pattern": "(wa)+rm" in patterns,
        "codec": "idna" in encodings._cache,
        "subscript": misses() == missed,
        "block": "def double(value, times=2):\n" in _warmth._blocks,
        "numbers": sum(text.startswith("0.") for text in patterns),
    }


def misses():
    return sum(cache.cache_info().misses for cache in typing._caches.values())


def hints(seed):
    """What is told of `work`, but for versions and places: those are anything."""
    randomly = random.Random(seed)
    _boxer.be_eager()
    for _ in range(3):
        answered()
    told = _boxer.used_to()
    pieces = [list(piece) for piece in struct.iter_unpack("<IBBHI", told)]
    versions = [piece[4] for piece in pieces] + [0, 1, 2**32 - 1]
    for piece in pieces:
        piece[3:] = randomly.choice((0, 1, 3, 65535)), randomly.choice(versions)
    randomly.shuffle(pieces)
    return b"".join(struct.pack("<IBBHI", *piece) for piece in pieces) + b"odd"


def with_hints(told):
    _boxer.get_used_to(told)
    return [answered(), answered("other_method", "other_code"), answered(*ALL)]


ALL = [change.__name__ for change in CHANGES]
