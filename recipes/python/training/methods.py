"""Each method and function that programs commonly call in C, over enough of what it is called with.

What training does not meet is compiled for size and is three to five times as slow: no program
above calls `rpartition` or `math.hypot`, but somebody's does all day.
"""

from __future__ import annotations

import array
import collections
import functools
import heapq
import itertools
import math
import operator
import struct
from collections.abc import Callable, Iterable
from typing import Any

LINE = "The quick brown fox, jumps over 12 lazy dogs.\t"
TEXTS = (LINE * 12, LINE * 8 + "é", LINE * 8 + "Ω☃", LINE * 4 + "😀😁" * 20)
# Of str and bytes.
METHODS: tuple[tuple[str, tuple[str | int, ...]], ...] = (
    *((name, ("zz",)) for name in ("find", "rfind", "count", "partition", "rpartition")),
    *((name, ("x, q",)) for name in ("find", "rfind", "count", "split", "rsplit")),
    *((name, ("q",)) for name in ("find", "rfind", "count", "split", "rsplit", "partition")),
    *((name, ()) for name in ("split", "rsplit", "splitlines", "expandtabs", "strip")),
    *((name, ()) for name in ("title", "capitalize", "swapcase", "upper", "lower")),
    *((name, ()) for name in ("isalpha", "isalnum", "isdigit", "isspace", "isascii")),
    *((name, ()) for name in ("islower", "isupper", "istitle")),
    *((name, (700, "*")) for name in ("center", "ljust", "rjust")),
    *((name, ("The. \t",)) for name in ("strip", "lstrip", "rstrip")),
    *(("replace", pair) for pair in (("o", "0"), ("o", "--"), ("fox", "cat"), ("zz", "z"))),
    ("zfill", (700,)),
    ("removeprefix", ("The ",)),
    ("removesuffix", (".\t",)),
    ("startswith", ("The",)),
    ("endswith", ("\t",)),
)
STR_METHODS = ("casefold", "isdecimal", "isnumeric", "isidentifier", "isprintable")
CODECS = ("utf-8", "utf-16", "utf-16-be", "utf-32", "latin-1", "ascii", "cp1252")
OF_ONE = (
    *(math.sin, math.cos, math.tan, math.atan, math.exp, math.log, math.sqrt, math.floor),
    *(math.ceil, math.trunc, math.log2, math.log10, math.log1p),
    *(math.degrees, math.radians, math.isnan, math.isinf, math.fabs, math.frexp, math.modf),
    *(repr, str, int, round, abs, bool),
)
OF_TWO = (
    *(math.atan2, math.hypot, math.fmod, math.pow, math.copysign, math.isclose, divmod, pow),
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv),
    *(operator.mod, operator.lt, operator.ge, operator.eq, operator.ne, max, min),
)
OF_WHOLE = (
    *(math.isqrt, math.factorial, hex, oct, bin, chr, str, repr, float, int.bit_count),
    *(int.bit_length, operator.neg, operator.invert, operator.index, hash),
)
TWO_WHOLE = (
    *(operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift, divmod),
    *(math.gcd, math.lcm, math.comb, operator.floordiv, operator.mod, pow),
)


def exhaust(values: Iterable[object]) -> None:
    collections.deque(values, maxlen=0)


def texts() -> None:
    upper = str.maketrans("abc", "xyz")
    for text in TEXTS:
        data = text.encode()
        for name, arguments in METHODS:
            getattr(text, name)(*arguments)
            own = [a.encode() if isinstance(a, str) else a for a in arguments]
            getattr(data, name)(*own)
        for name in STR_METHODS:
            getattr(text, name)()
        for codec in CODECS:
            text.encode(codec, "replace").decode(codec)
        text.translate(upper)
        text.translate({ord("q"): "qu", ord("z"): None})
        exhaust((text[::-1], text[::2], set(text), list(text), repr(text), ascii(text)))
        exhaust((text == text[:-1] + "!", text < text[:-1] + "!", "zz" in text, text * 3))
        exhaust((text.lower().islower(), text.upper().isupper(), text.title().istitle()))
        exhaust((text[3:-3], hash(text + "."), " ".join(text), sorted(text), max(text)))
        exhaust(map(ord, text))


def data() -> None:
    plain = bytes(range(256)) * 2
    view = memoryview(plain)
    for value in (plain, bytearray(plain)):
        exhaust((value[::-1], value[::2], list(value), sum(value), max(value), repr(value)))
        exhaust((value.hex(), value.hex(" "), value + value, value * 2, b"\x05\x09" in value))
        exhaust((value.translate(plain[:256]), value.translate(None, b"abc"), value == plain))
    bytes.fromhex(plain.hex())
    exhaust((bytes(list(plain)), bytearray(iter(plain)), b",".join([plain[:9]] * 90)))
    exhaust((view[::2].tobytes(), view.tolist(), view.cast("I").tolist(), view == plain))
    grown = bytearray()
    for n in range(300):
        grown.append(n & 255)
        grown += b"ab"
        grown.extend((1, 2))
    del grown[5:90]
    for n in range(300):
        struct.unpack("<IdH", struct.pack("<IdH", n, n * 1.5, n))
        int.from_bytes(n.to_bytes(4, "big"), "big")
    exhaust(struct.iter_unpack("<HB", plain[:510]))


def numbers() -> None:
    floats = [n * 0.37 + 1 for n in range(150)]
    wholes = list(range(1, 150))
    for one in OF_ONE:
        exhaust(map(one, floats))
    for two in OF_TWO:
        exhaust(map(two, floats, reversed(floats)))
    for whole in OF_WHOLE:
        exhaust(map(whole, wholes))
    for both in TWO_WHOLE:
        exhaust(map(both, wholes, itertools.cycle((3, 5, 7))))
    exhaust((round(x, 2), int(x), f"{x:.3e}", float(repr(x)), x.is_integer()) for x in floats)
    exhaust((x.as_integer_ratio(), complex(x, 1) * 2j, abs(complex(x, 1)), -x) for x in floats)
    exhaust((sum(floats), sum(wholes), math.fsum(floats), math.prod(floats[:40]), max(floats)))
    exhaust((math.dist(floats, [*wholes, 0]), min(floats, key=math.sin)))
    for n in (7, 10**30, 3**300):
        exhaust((str(n), int(str(n)), n // 12345, n % 10**9, n * n, n**3, pow(n, 5, 10**20 + 1)))
        exhaust((math.isqrt(n), math.gcd(n, 9**20), n.bit_length(), n >> 5, n << 9, hex(n), -n))


def sequences() -> None:
    wholes: list[Any] = list(range(400))
    words: list[Any] = [str(n) for n in wholes]
    floats: list[Any] = [n * 1.5 for n in wholes]
    every: tuple[Any, ...] = (wholes, words, floats, tuple(wholes))
    pairs = tuple(zip(words, wholes, strict=True))
    for values in every:
        exhaust((values[::-1], values[5:90], values[::3], values + values, values * 2))
        exhaust((values == values[:], values < values[:], values.index(values[-1])))
        exhaust((values.count(values[3]), values[-1] in values, list(values), repr(values)))
        exhaust((sorted(values, reverse=True), min(values), max(values), list(reversed(values))))
    exhaust((hash(pairs), pairs == pairs[:], sorted(pairs), dict(pairs), len(set(pairs))))
    changed = wholes[:]
    changed[5:90] = [1, 2]
    changed[:0] = wholes[:9]
    changed[::2] = changed[::2]
    changed.reverse()
    changed.extend(floats)
    for n in range(60):
        changed.insert(n, n)
        changed.remove(n)
        changed.pop(0)
        changed.append(changed.pop())
    del changed[::3]
    exhaust((all(wholes), any(floats), all(x >= 0 for x in wholes), any(x < 0 for x in floats)))
    exhaust((list(map(str, wholes)), list(filter(None, wholes)), list(enumerate(words))))
    exhaust((list(zip(wholes, words, strict=False)), list(range(0, 900, 3)), [*wholes, *words]))
    exhaust(iter(iter(wholes).__next__, 300))
    numbers = array.array("d", floats)
    exhaust((numbers.tolist(), sum(array.array("i", wholes)), numbers.tobytes(), numbers[::-1]))
    queue = collections.deque(words, maxlen=90)
    for n in range(200):
        queue.appendleft("x")
        queue.append("y")
        queue.rotate(n % 5)
        queue.pop()
    exhaust(
        (heapq.nsmallest(9, wholes), heapq.nlargest(9, floats), list(heapq.merge(wholes, floats)))
    )


def tables() -> None:
    words = [str(n) for n in range(400)]
    table: dict[Any, int] = dict.fromkeys(words, 1)
    other: dict[Any, int] = {n: n for n in range(300)}
    some, more = set(words), set(words[200:]) | {"x"}
    exhaust((table | table, table.copy(), table == dict(table), list(table.items()), repr(table)))
    exhaust((list(table.keys()), list(table.values()), table.keys() & some, table.keys() - more))
    exhaust((list(reversed(table)), sorted(table), max(table), len(table), {**table, **other}))
    exhaust((some | more, some & more, some - more, some ^ more, some <= more, some.copy()))
    exhaust((some.isdisjoint({1}), frozenset(some) == some, hash(frozenset(some)), sorted(some)))
    counted = collections.Counter(words * 2)
    counted.update(words)
    ordered, chained = collections.OrderedDict(table), collections.ChainMap(other, {"a": 1})
    grouped = collections.defaultdict[int, list[str]](list)
    for word in words:
        grouped[len(word)].append(word)
        exhaust((table.get(word), table.setdefault(word, 2), table.get("no"), chained.get("a")))
        ordered.move_to_end(word)
        some.add(word)
        some.discard("no")
        table.pop(word)
        other.pop(5, None)
    other.update({n: n for n in range(90)})
    while other:
        other.popitem()
    exhaust((counted.most_common(3), list(ordered), some.pop(), ordered.popitem()))
    some.clear()


def iterators() -> None:
    wholes: Any = range(300)
    exhaust(itertools.chain(wholes, wholes))
    exhaust(itertools.chain.from_iterable([wholes, wholes]))
    exhaust(itertools.islice(itertools.count(3, 2), 5, 600, 2))
    exhaust(itertools.product(range(12), repeat=2))
    exhaust(itertools.permutations(range(5)))
    exhaust(itertools.combinations(range(10), 3))
    exhaust(itertools.combinations_with_replacement(range(6), 3))
    exhaust((key, list(group)) for key, group in itertools.groupby(wholes, lambda n: n // 7))
    exhaust(itertools.accumulate(wholes))
    exhaust(itertools.accumulate(wholes, max))
    exhaust(itertools.starmap(pow, itertools.product(wholes, (2, 3))))
    is_early: Callable[[Any], bool] = (50).__gt__
    exhaust(itertools.takewhile(is_early, wholes))
    exhaust(itertools.dropwhile(is_early, wholes))
    exhaust(itertools.filterfalse(None, wholes))
    exhaust(itertools.compress(wholes, itertools.cycle((1, 0))))
    exhaust(itertools.zip_longest(wholes, range(5), fillvalue=0))
    exhaust(itertools.chain(*itertools.tee(wholes)))
    exhaust(itertools.pairwise(wholes))
    most: Callable[[int], int] = functools.partial(max, 100)
    exhaust(map(most, wholes))
    exhaust(map(functools.lru_cache(lambda n: n), [1, 2, 3] * 90))
    functools.reduce(operator.add, wholes)
    sorted(wholes, key=functools.cmp_to_key(operator.sub))
    exhaust(map(operator.itemgetter(0, 1), zip(wholes, wholes, strict=True)))
    exhaust(map(operator.attrgetter("real", "imag"), wholes))
    exhaust(map(operator.methodcaller("bit_length"), wholes))


class Vector:
    """What has each of the common special methods."""

    __slots__ = ("items",)

    def __init__(self, *items: int) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> int:
        return self.items[index]

    def __contains__(self, item: object) -> bool:
        return item in self.items

    def __call__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vector) and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __lt__(self, other: Vector) -> bool:
        return self.items < other.items

    def __add__(self, other: Vector) -> Vector:
        return Vector(*(a + b for a, b in zip(self.items, other.items, strict=True)))

    def __neg__(self) -> Vector:
        return Vector(*(-a for a in self.items))

    def __enter__(self) -> Vector:
        return self

    def __exit__(self, *_: object) -> None:
        self.items = self.items[:2]

    def __str__(self) -> str:
        return f"<{self.items}>"

    def __getattr__(self, name: str) -> Any:
        if name == "first":
            return self.items[0]
        raise AttributeError(name)


def objects() -> None:
    vectors = [Vector(n, n + 1) for n in range(200)]
    for one, other in itertools.pairwise(vectors):
        exhaust((one == other, one != other, one < other, one > other, one + other, -one))
        exhaust((len(one), one[0], 5 in one, one(), not one, hash(one), str(one), list(one)))
        exhaust((getattr(one, "first", 1), getattr(one, "no", 1), hasattr(one, "no"), repr(one)))
        exhaust((isinstance(one, (str, Vector)), issubclass(Vector, object), type(one), id(one)))
        exhaust((callable(one), one is other, one in vectors[:3], {one: 1}, {other, one}))
        with one as entered:
            entered.items = 1, 2, 3
    sorted(vectors)
    for n in range(30):
        made = type(f"Made{n}", (Vector,), {"n": n, "double": property(lambda self: self.n * 2)})
        exhaust((made(1).double, len(made(2)), vars(made), dir(made(1))))


def run() -> None:
    for program in (texts, data, numbers, sequences, tables, iterators, objects):
        for _ in range(4):
            program()
