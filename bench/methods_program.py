"""Times many calls of what is C in Python and prints JSON: by statement, seconds of one. What
`methods` starts in a box and natively: `python methods_program.py SECONDS`.
"""

from __future__ import annotations

# ruff: noqa: F401 - statements below, which are text, use them
import array
import base64
import bisect
import collections
import csv
import datetime
import functools
import hashlib
import heapq
import io
import itertools
import json
import marshal
import math
import operator
import pickle
import random
import sqlite3
import struct
import sys
import timeit
import unicodedata
import xml.etree.ElementTree as ET
import zlib

REPEAT = 5


class Point:
    __slots__ = ("x",)

    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and self.x == other.x

    def __hash__(self) -> int:
        return self.x

    def __len__(self) -> int:
        return self.x

    def __getitem__(self, index: int) -> int:
        return index

    def __iter__(self) -> itertools.chain[int]:
        return itertools.chain((self.x,))

    @property
    def double(self) -> int:
        return self.x * 2


text = "The quick brown fox, jumps over 12 lazy dogs. " * 200
other = text[:-1] + "!"
swapped = str.maketrans("abc", "xyz")
wide = text + "é☃"
utf8, wide_utf8 = text.encode(), wide.encode()
data = bytes(range(256)) * 32
view = memoryview(data)
whole = list(range(2000))
words = [str(n) for n in whole]
floats = [n * 1.1 for n in whole]
table, members = dict(zip(words, whole, strict=True)), set(words)
points = [Point(n) for n in range(300)]
numbers = array.array("d", floats)
large = 3**2000
rows = "".join(f'{n},"a b",{n * 1.5}\n' for n in range(300))
tree = "<r>" + "".join(f'<i a="{n}">t{n}&amp;</i>' for n in range(200)) + "</r>"
document = json.dumps([{"a": n, "b": "x" * 9, "c": [1.5, None, True]} for n in range(200)])
packed, pickled, encoded = zlib.compress(utf8), pickle.dumps(table), base64.b64encode(data)
moment = datetime.datetime(2024, 5, 17, 10, 20, 30)
base = sqlite3.connect(":memory:")
base.execute("create table t(a, b)")
base.executemany("insert into t values (?, ?)", zip(whole, words, strict=True))
at_most_100 = functools.partial(min, 100)


def exhaust(values: object) -> None:
    collections.deque(values, maxlen=0)  # type: ignore[call-overload]


TEXTS = """
text.find('zz'); text.rfind('zz'); text.count('qz'); 'zz' in text; text.replace('o', '0')
text.replace('o', '--'); text.replace('zz', 'z'); text.split(); text.split(', '); text.rsplit(',')
text.partition('zz'); text.rpartition('zz'); text.strip('The. '); text.expandtabs()
text.splitlines(); text.title(); text.capitalize(); text.swapcase(); text.upper(); text.lower()
text.casefold(); text.isalpha(); text.isprintable(); text.isascii(); text.center(9999)
text.zfill(9999); text.translate({97: 98}); text.translate(swapped); text[::-1]; text[::2]
text == other; text < other; hash(text + '.'); list(text); set(text); repr(text); ascii(wide)
', '.join(words); text.encode('utf-16'); text.encode('latin-1'); text.encode('cp1252')
text.encode('utf-32'); utf8.decode(); wide.encode(); wide_utf8.decode(); wide.lower()
wide.title(); wide.find('zz'); wide.replace('o', '0'); unicodedata.normalize('NFKD', wide)
exhaust(map(ord, text)); exhaust(map(chr, whole)); f'{large:,}'; '%s and %5.2f' % (text, 1.5)
"""
BYTES = """
utf8.find(b'zz'); utf8.count(b'qz'); utf8.replace(b'o', b'0'); utf8.split(b', '); utf8.upper()
utf8.title(); utf8.strip(b'The. '); utf8.translate(data[:256]); data.hex(); list(data)
bytes.fromhex(data.hex()); data[::-1]; sum(data); repr(data); bytes(whole[:256]); data == data[:]
bytearray(data) + data; view[::2].tobytes(); view.tolist(); view.cast('I').tolist()
b','.join([b'ab'] * 900); struct.unpack('<512I', data[:2048]); int.from_bytes(data, 'big')
"""
NUMBERS = """
exhaust(map(str, whole)); exhaust(map(int, words)); exhaust(map(repr, floats)); sum(whole)
exhaust(map(float, words)); exhaust(map(int, floats)); exhaust(map(round, floats)); sum(floats)
exhaust(map(divmod, whole, itertools.repeat(7))); exhaust(map(hex, whole)); max(floats)
exhaust(map(math.sqrt, floats)); exhaust(map(math.sin, floats)); exhaust(map(math.floor, floats))
exhaust(map(math.hypot, floats, floats)); exhaust(map(math.pow, floats, itertools.repeat(2.5)))
exhaust(map(math.gamma, floats[1:90])); exhaust(map(math.isqrt, whole)); math.fsum(floats)
exhaust(map(int.bit_count, whole)); large * large; large // 7**900; str(large); int('7' * 900)
pow(3, 10**40, 10**41 + 7); math.gcd(large * 5, 5**900); math.factorial(200); math.comb(90, 40)
exhaust(map(operator.mul, whole, floats)); exhaust(map(complex, floats, floats)); large << 999
"""
CONTAINERS = """
whole[::-1]; whole + whole; whole * 3; whole == whole[:]; whole < whole[:]; whole.index(1999)
whole.count(5); sorted(words); sorted(floats, reverse=True); sorted(whole, key=operator.neg)
1999 in whole; list(reversed(whole)); repr(whole); tuple(whole); hash(tuple(whole)); min(whole)
whole[:].reverse(); list(enumerate(words)); list(zip(whole, words)); list(map(str, whole))
list(filter(None, whole)); list(range(5000)); all(whole); table.copy(); table | table
table == dict(table); list(table.items()); repr(table); dict.fromkeys(words); table.keys() & members
list(reversed(table)); exhaust(map(table.get, words)); members | members; members & members
members - {'5'}; members <= members; frozenset(members); set(whole); collections.Counter(text)
collections.OrderedDict(table); collections.deque(whole, 9).rotate(5); heapq.nsmallest(9, floats)
exhaust(map(bisect.bisect, itertools.repeat(whole), whole)); numbers.tolist(); numbers.tobytes()
"""
ITERATORS = """
exhaust(itertools.chain(whole, whole)); exhaust(itertools.islice(whole, 5, 1900, 2))
exhaust(itertools.product(range(40), range(40))); exhaust(itertools.permutations(range(6)))
exhaust(itertools.combinations(range(14), 4)); exhaust(itertools.groupby(whole, at_most_100))
exhaust(itertools.accumulate(whole)); exhaust(itertools.pairwise(whole)); exhaust(zip(whole, whole))
exhaust(itertools.zip_longest(whole, words[:5])); exhaust(itertools.compress(whole, whole))
exhaust(map(at_most_100, whole)); functools.reduce(operator.add, whole)
exhaust(map(operator.attrgetter('real'), whole)); exhaust(map(operator.itemgetter(0), words))
exhaust(map(operator.methodcaller('upper'), words)); exhaust(map(functools.lru_cache(str), whole))
"""
OBJECTS = """
exhaust(map(Point, whole)); points == points[:-1] + [Point(7)]; exhaust(map(len, points))
exhaust(map(hash, points)); exhaust(map(list, points)); [p.double for p in points]
[p[1] for p in points]; [isinstance(p, (str, Point)) for p in points]; type('Made', (), {})
[getattr(p, 'no', 1) for p in points]; [hasattr(p, 'no') for p in points]; set(points)
"""
MODULES = """
json.dumps(table); json.loads(document); pickle.dumps(table); pickle.loads(pickled)
marshal.loads(marshal.dumps(whole)); list(csv.reader(io.StringIO(rows))); list(io.StringIO(rows))
list(io.TextIOWrapper(io.BytesIO(rows.encode()))); ET.fromstring(tree); moment.isoformat()
ET.tostring(ET.fromstring(tree)); datetime.datetime.fromisoformat('2024-05-17T10:20:30')
moment.strftime('%Y-%m-%d %H:%M:%S'); zlib.compress(utf8); zlib.decompress(packed)
zlib.crc32(utf8); hashlib.sha256(utf8).digest(); hashlib.md5(utf8).digest()
base64.b64decode(encoded); hashlib.blake2b(utf8).digest(); base64.b64encode(data)
random.sample(whole, 50); [random.random() for _ in whole]
base.execute('select * from t').fetchall()
base.execute('select sum(a) from t group by a % 7').fetchall()
base.execute("select count(*) from t where b like '%9%'").fetchall(); compile(source, 'x', 'exec')
"""
source = "\n".join(
    f"def f{n}(a, *b, c={n}):\n    return [x + a for x in b if x] or {{c: a}}" for n in range(60)
)


def statements() -> list[str]:
    groups = (TEXTS, BYTES, NUMBERS, CONTAINERS, ITERATORS, OBJECTS, MODULES)
    return [one.strip() for text in groups for one in text.replace("\n", ";").split(";") if one]


def main() -> None:
    least = float(sys.argv[1])
    found = {}
    for statement in statements():
        timer = timeit.Timer(statement, globals=globals())
        count = 1
        while (passed := timer.timeit(count)) < least:
            count *= 3
        found[statement] = min(passed, *timer.repeat(REPEAT - 1, count)) / count
    print(json.dumps(found))


if __name__ == "__main__":
    main()
