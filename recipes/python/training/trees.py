"""Trees and sequences taken apart: unpacking, nested generators, documents, tokens, reports."""

from __future__ import annotations

import io
import pprint
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree
from xml.sax import ContentHandler
from xml.sax.expatreader import ExpatParser

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)|(?P<name>[^\W\d]\w*)
    |(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[-+*/=<>!]=?|[(){}\[\],.;:]))""",
    re.X,
)
SOURCE = """
total = first(a1, b_2) + 12.5e-3 * [x, y, "a \\" text"];
if (total >= limit) { report("over", total - limit, names[3].short); }
"""


def shares(rounds: int) -> int:
    """Sequences of all lengths into names, swaps, rests."""
    pairs = [(n, n + 1) for n in range(rounds)]
    lists = [[n, n * 2, n * 3, n * 5] for n in range(rounds // 4)]
    wide = (1, 2, 3, 4, 5, 6, 7, 8)
    total = 0
    for a, b in pairs:
        a, b = b, a
        total += a - b
    for one, two, three, four in lists:
        c, d, e, f, g, h, i, k = wide
        total += one * c + two * d + three * e + four * f + g + h - i - k
        first, *rest, last = wide
        total += first + len(rest) + last
    for place, (pair, (short, *_)) in enumerate(zip(pairs, lists, strict=False)):
        left, right = pair
        total += place + left + right - short
    return total


class Node:
    __slots__ = ("key", "left", "right")

    def __init__(self, key: int, left: Node | None, right: Node | None) -> None:
        self.key, self.left, self.right = key, left, right

    def walk(self) -> Iterator[int]:
        if self.left:
            yield from self.left.walk()
        yield self.key
        if self.right:
            yield from self.right.walk()

    def __iter__(self) -> Iterator[int]:
        if self.left:
            for key in self.left:
                yield key
        yield self.key
        if self.right:
            for key in self.right:
                yield key


def balanced(keys: range) -> Node | None:
    if not keys:
        return None
    middle = len(keys) // 2
    return Node(keys[middle], balanced(keys[:middle]), balanced(keys[middle + 1 :]))


def walks(size: int, rounds: int) -> int:
    root = balanced(range(size))
    assert root is not None
    total = 0
    for _ in range(rounds):
        total += sum(root.walk()) + sum(1 for key in root if key % 2)
        total += sum(a * b for a, b in zip(root.walk(), root, strict=True))
    return total


def tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while found := TOKEN.match(text, place):
        place = found.end()
        kind = found.lastgroup
        assert kind
        yield kind, found[kind]


def searches(rounds: int) -> int:
    text = SOURCE * rounds
    total = sum(len(word) for kind, word in tokens(text) if kind != "sign")
    for pattern, flags in (
        (r"\b[a-z]\w*(?=\()", 0),
        (r"(?i)TOTAL|limit|name(?!s)", re.M),
        (r"^\s*(\w+)\s*=\s*(.*?);$", re.M),
        (r"([\"'])(?:(?!\1).)*\1", 0),
        (r"(?:\d+\.)?\d+", re.A),
        (r"[^\s,;(){}\[\]]{3,8}", 0),
        (r"(?<=\[)[^\]]+(?=\])", 0),
        (r".*(\w)\1.*", 0),
        (r".*(limit|total)", 0),
    ):
        compiled = re.compile(pattern, flags)
        total += len(compiled.findall(text)) + len(compiled.sub("-", text))
        total += sum(found.start() for found in compiled.finditer(text))
        total += len(compiled.split(text)) + bool(compiled.search(text))
    data = text.encode()
    return total + len(re.findall(rb"[a-z]+\d?", data)) + len(re.sub(rb"\s+", b" ", data))


class Counting(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.elements = self.letters = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        self.elements += len(attrs.getNames())

    def characters(self, content: str) -> None:
        self.letters += len(content)


def documents(size: int) -> int:
    root = ElementTree.Element("library")
    for n in range(size):
        book = ElementTree.SubElement(root, "book", id=str(n), shelf=f"s{n % 7}")
        for tag, text in (("title", f"On <boxes> & {n}"), ("year", str(1900 + n % 120))):
            ElementTree.SubElement(book, tag).text = text
            book[-1].tail = "\n"
    data: bytes = ElementTree.tostring(root)
    total = 0
    for _, element in ElementTree.iterparse(io.BytesIO(data)):
        total += len(element.text or "") + len(element.attrib)
        if element.tag == "book":
            total += len(element.findtext("title") or "")
    again = ElementTree.fromstring(data)
    total += sum(int(year.text or 0) for year in again.iter("year"))
    total += len(again.findall("./book[@shelf='s3']/title")) + len(list(again.iter()))
    counting, parser = Counting(), ExpatParser()
    parser.setContentHandler(counting)
    parser.feed(data.decode())
    parser.close()
    return total + counting.elements + counting.letters


def report(size: int) -> int:
    rows: list[Any] = [
        {"name": f"row {n}", "of": (n, n / 3, None, True), "in": [n] * (n % 5), n: {"x": "y" * n}}
        for n in range(size)
    ]
    return len(pprint.pformat(rows)) + len(repr(rows)) + len(pprint.saferepr(rows))


def run() -> None:
    for _ in range(4):
        shares(4000)
    walks(400, 5)
    for _ in range(2):
        searches(25)
    documents(250)
    report(50)
