"""What regular expressions match in a box, whose matching has a shape of its own, is the host's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]
# Patterns of chance, of all that goes on behind an inner match (alternatives, repeats of every
# kind, looking ahead and back, groups that are asked for again), over texts whose characters take
# one, two and four bytes; a digest for each kind of text.
MATCHING = r"""
import hashlib, json, random, re, sys
source = random.Random(11)
choice = lambda *what: what[source.getrandbits(16) % len(what)]
LETTERS = {
    "ascii": "ab1 -",
    "latin": "ab\xe9\xdf1 ",
    "two": "a\u0431\u2603 1",
    "four": "a\U0001f600\u06601 ",
}

def atom(letters, depth, groups):
    kind = source.getrandbits(4)
    if depth and kind < 5:
        inner = alternatives(letters, depth - 1, groups)
        if kind == 0:
            return "(?:%s)" % inner
        if kind == 1:
            return choice("(?=%s)", "(?!%s)") % inner
        if kind == 2 and sys.version_info >= (3, 11):
            return "(?>%s)" % inner
        groups.append(len(groups) + 1)
        return "(%s)" % inner
    if kind == 5:
        return choice(r"\w", r"\W", r"\d", r"\s", r"\S", ".", r"\b", r"\B", "^", "$")
    if kind == 6:
        return "[%s%s]" % (choice("", "^"), letters[0] + choice(*letters).replace("-", r"\-"))
    if kind == 7:
        return choice("(?<=%s)", "(?<!%s)") % re.escape(choice(*letters))
    return re.escape(choice(*letters))

def sequence(letters, depth, groups):
    parts = []
    for _ in range(1 + source.getrandbits(8) % 4):
        repeat = choice("", "", "", "*", "+", "?", "*?", "+?", "{1,2}", "{2}?", "{0,3}")
        if repeat and sys.version_info >= (3, 11) and source.getrandbits(3) == 0:
            repeat = repeat.rstrip("?") + "+" if repeat not in ("?",) else "?+"
            repeat = repeat.replace("++", "+")
        parts.append("(?:%s)%s" % (atom(letters, depth, groups), repeat))
    if groups and source.getrandbits(3) == 0:
        parts.append("(?:(?(1)%s|%s))" % (re.escape(letters[0]), re.escape(letters[1])))
    return "".join(parts)

def alternatives(letters, depth, groups):
    return "|".join(sequence(letters, depth, groups) for _ in range(choice(1, 1, 2, 3)))

found = {}
for name, letters in LETTERS.items():
    said, compiled = hashlib.sha256(), 0
    for _ in range(1500):
        pattern = alternatives(letters, 2, [])
        flags = choice(0, 0, re.I, re.M, re.S, re.A)
        try:
            looking = re.compile(pattern, flags)
        except re.error:
            continue
        # What groups hold that were matched possessively was mended within 3.13.
        if looking.groups and re.search(r"[*+?}]\+", pattern):
            continue
        compiled += 1
        for _ in range(3):
            text = "".join(choice(*letters) for _ in range(source.getrandbits(8) % 11))
            for way in (looking.match, looking.fullmatch, looking.search):
                one = way(text)
                said.update(repr(one and (one.span(), one.groups(), one.lastindex)).encode())
            every = [(one.span(), one.groups()) for one in looking.finditer(text)]
            said.update(repr((every, looking.split(text), looking.subn("<>", text))).encode())
    found[name] = [said.hexdigest(), compiled]
print(json.dumps(found))
"""
# Sets of every kind and mixture of kinds, and each character that they tell from its neighbours.
SETS = r"""
import hashlib, json, re
MEMBERS = (
    "a", "-", r"\w", r"\W", r"\d", r"\s", r"\S", "a-f", "0-9", "\xe0-\xff", "aceg1357",
    "\u0430-\u044f", "\u0100\u0201\u0302", "\U0001f600-\U0001f64f", "A-Z_a-z",
)
EDGES = "/019:@AFGZ[_`afgz{ \t\n\x1f\x7f\x85\xa0\xdf\xe0\xff"
EDGES += "\u0100\u0101\u0201\u0302\u042f\u0430\u044f\u0450"
EDGES += "\u0660\u2003\u2028\uffff\U0001f5ff\U0001f600\U0001f64f\U0001f650\U0010ffff"
found = {}
for flags in (0, re.I, re.A, re.A | re.I):
    said = hashlib.sha256()
    for first in MEMBERS:
        for second in ("", *MEMBERS):
            for start in ("[", "[^"):
                members = start + first + (r"\-" if second == "-" else second) + "]"
                one = re.compile(members, flags)
                many = re.compile("(?:%s)+x|%s{2,5}?" % (members, members), flags)
                for letters in (EDGES, EDGES[:28], EDGES[:36]):
                    said.update(repr((one.findall(letters), one.sub("<>", letters))).encode())
                    doubled = "".join(letter * 3 + "x" for letter in letters)
                    said.update(repr([match.span() for match in many.finditer(doubled)]).encode())
    found[str(int(flags))] = [said.hexdigest(), len(MEMBERS) ** 2 * 2]
print(json.dumps(found))
"""


@pytest.mark.parametrize("program", [MATCHING, SETS], ids=["patterns", "sets"])
def test_matches_are_the_hosts(boxer: Boxer, example: Example, program: str) -> None:
    done = boxer("run", "--entrypoint", "python", example("hello"), "-c", program)
    native = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True
    )
    assert json.loads(done.stdout) == json.loads(native.stdout), done.stderr
    assert all(compiled > 400 for _, compiled in json.loads(native.stdout).values())
