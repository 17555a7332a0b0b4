"""Text: methods of str and bytes, formats, regular expressions, templates, comparisons."""

from __future__ import annotations

import difflib
import html
import re
import string
import textwrap
import unicodedata
from html.parser import HTMLParser

POEM = """A box is one file, and in the file a kernel;
in the kernel a tree, and in the tree a name;
whoever calls it gets the same machine again,
and what was written is as if it never came.
Größe, naïve façade, 東京, Ελλάδα: letters of many lands."""

ADDRESS = re.compile(r"(?P<user>[\w.+-]+)@(?P<host>(?:[a-z0-9-]+\.)+[a-z]{2,})", re.I)
REQUEST = re.compile(r"^(GET|POST|PUT) (/\S*)(?: HTTP/(\d)\.(\d))?$", re.M)


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attributes if name == "href"]


def methods(rounds: int) -> int:
    total = 0
    for n in range(rounds):
        for line in POEM.splitlines():
            words = line.lower().strip(".;,").split()
            title = " ".join(word.capitalize() for word in words)
            total += title.count("e") + title.find("kernel") + len(title.replace("the", "a"))
            total += line.startswith("A") + ("tree" in line) + len(line.partition(",")[2])
            total += len("-".join(reversed(words)).upper().ljust(80)) + ord(line[n % len(line)])
            total += len(line.encode()) + len(line.encode("utf-16").decode("utf-16"))
            total += len(line.translate({ord("e"): "3", ord("a"): None}))
            total += sum(ch.isalpha() for ch in line) + len(unicodedata.normalize("NFD", line))
    return total


def formats(rounds: int) -> int:
    total = 0
    page = string.Template("Dear $name, you owe $$${amount} since $year.")
    for n in range(rounds):
        name, amount = f"customer {n}", n * 1.25
        total += len(f"{name:<20}|{amount:>10,.2f}|{n:#06x}|{n!r:^9}|{amount:e}|{n:b}")
        total += len("%s owes %.2f since %d (%5.1f%%)" % (name, amount, 1990 + n % 30, n / 7))  # noqa: UP031
        total += len("{0} and {1!r:>12} and {other[2]}".format(n, name, other=[1, 2, n]))  # noqa: UP032
        total += len(page.substitute(name=name, amount=amount, year=n))
        total += len(str(n) + repr(amount) + str(n * 10**12) + str(None) + str([n, amount, name]))
        total += int(str(n)) + int(float(str(amount))) + int(f"{n:x}", 16)
    return total


def patterns(rounds: int) -> int:
    text = "".join(
        f"GET /items/{n}?page={n % 5} HTTP/1.1\nfrom user.{n}@mail-{n % 9}.example.org, "
        f"and {n}th <b>{n * 3}</b> of 'quoted {n}'\n"
        for n in range(rounds)
    )
    total = len(ADDRESS.findall(text)) + len(REQUEST.findall(text))
    total += sum(len(m["host"]) for m in ADDRESS.finditer(text))
    total += len(re.sub(r"(\d+)(st|nd|rd|th)", lambda m: m[2] + m[1], text))
    total += len(re.sub(r"<(/?)b>", r"{\1}", text)) + len(re.split(r"[,;]\s*|\n", text))
    total += len(re.findall(r"'([^']*)'", text)) + len(re.findall(r"(?:ab|it)\w*?s\b", text))
    return total


def code(rounds: int) -> int:
    """Bytes: a run-length code and a checksum by hand."""
    data = bytes(n * n % 251 // 9 for n in range(rounds))
    packed = bytearray()
    last, length = data[0], 0
    check = 1
    for byte in data:
        check = (check * 31 + byte) & 0xFFFFFFFF
        if byte == last and length < 255:
            length += 1
        else:
            packed += bytes((length, last))
            last, length = byte, 1
    return check + len(packed) + packed.count(7) + data.find(b"\x05\x06") + len(data.hex())


def run() -> None:
    methods(60)
    formats(1500)
    patterns(300)
    code(15_000)
    page = "".join(
        f'<p class="x">{html.escape(line)} <a href="/{n}">{n} &amp; on</a></p>'
        for n, line in enumerate(POEM.splitlines() * 12)
    )
    reader = Links()
    reader.feed(page)
    html.unescape(page)
    textwrap.fill(POEM * 5, 40)
    before = (POEM * 4).splitlines()
    after = [line for n, line in enumerate(before) if n % 4] + ["the end"]
    list(difflib.unified_diff(before, after))
