"""Regular expressions over a text of log lines: search, split, replace, groups."""

from __future__ import annotations

import re

SIZE = 2_500
LINE = re.compile(
    r"(?P<host>\d+(?:\.\d+){3}) - \[(?P<day>\d\d)/(\w{3})\]"
    r" \"(?P<method>GET|POST) (\S*)\" (?P<status>\d+)"
)
WORDS = re.compile(r"[^\W\d_]+")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def text(size: int) -> list[str]:
    return [
        f"10.0.{n % 7}.{n % 256} - [{n % 28 + 1:02}/Nov]"
        f' "{"GET" if n % 3 else "POST"} /page/{n}?q={n}" {200 + n % 5} someCamelCaseName'
        f" user{n}@mail.example.org and some more words, then others"
        for n in range(size)
    ]


def run(size: int) -> object:
    lines = text(size)
    total = 0
    for line in lines:
        match = LINE.match(line)
        assert match
        total += len(match["host"]) + int(match["day"]) + int(match["status"])
        total += len(WORDS.findall(line)) + len(CAMEL.sub("_", line))
        found = ADDRESS.search(line)
        total += found.start() if found else 0
    whole = "\n".join(lines)
    total += len(re.sub(r"(\d+)", r"<\1>", whole)) + len(re.split(r"[,;]\s*", whole))
    return total
