"""Character sets and the database of Unicode, which a box carries compressed, read as natively."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]
CODECS = [
    *("gb2312", "gbk", "gb18030", "hz", "big5hkscs", "cp949", "johab", "euc_kr", "big5", "cp950"),
    *("cp932", "shift_jis", "euc_jp", "shift_jis_2004", "euc_jis_2004", "shift_jisx0213"),
    *("iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_kr"),
]
# A digest for each codec, of what it makes of every character and of every two bytes.
SETS = f"""
import hashlib, json
found = {{}}
for codec in {CODECS!r}:
    said = hashlib.sha256()
    for code in range(0x20, 0x30000):
        try:
            said.update(chr(code).encode(codec))
        except UnicodeEncodeError:
            said.update(b"?")
    for first in range(0x80, 0x100):
        for second in range(0x30, 0x100):
            said.update(bytes([first, second]).decode(codec, "replace").encode("utf-8"))
    found[codec] = said.hexdigest()
print(json.dumps(found))
"""
# Syllables, of which the box's version tells the decomposition, and older ones do not.
HANGUL = range(0xAC00, 0xD7A4)
# Characters both versions know; what a later version changed of one is left out by the test.
DATABASE = """
import json, sys, unicodedata
known = json.load(sys.stdin)
print(json.dumps([
    [unicodedata.name(c, ""), unicodedata.category(c), unicodedata.decomposition(c),
     unicodedata.normalize("NFKD", c), unicodedata.ucd_3_2_0.category(c)]
    for c in map(chr, known)
]))
"""


def test_character_sets_of_east_asia_are_the_hosts(boxer: Boxer, example: Example) -> None:
    done = boxer("run", "--entrypoint", "python", example("hello"), "-c", SETS)
    native = subprocess.run(
        [sys.executable, "-c", SETS], capture_output=True, text=True, timeout=300, check=True
    )
    assert json.loads(done.stdout) == json.loads(native.stdout), done.stderr


def test_the_database_of_unicode_is_the_hosts(boxer: Boxer, example: Example) -> None:
    old = unicodedata.ucd_3_2_0
    known = [n for n in range(0x30000) if old.category(chr(n)) not in ("Cn", "Cs")]
    box = example("hello")
    done = boxer(
        "run", "-i", "--entrypoint", "python", box, "-c", DATABASE, stdin=json.dumps(known)
    )
    for code, said in zip(known, json.loads(done.stdout), strict=True):
        c = chr(code)
        assert said[0] == unicodedata.name(c, ""), hex(code)
        assert said[3] == unicodedata.normalize("NFKD", c), hex(code)
        if code not in HANGUL:
            assert said[2] == unicodedata.decomposition(c), hex(code)
        assert said[4] == old.category(c), hex(code)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (r"print(ascii('\N{SNOWMAN}'), ascii('\N{HANGUL SYLLABLE GAG}'))", "'\\u2603' '\\uac01'"),
        ("import unicodedata as u; print(u.lookup('greek small letter alpha'))", "\u03b1"),
        ("import unicodedata as u; print(len(u.lookup('KEYCAP DIGIT ONE')))", "3"),
        ("print('\u2603'.encode('ascii', 'namereplace'))", "b'\\\\N{SNOWMAN}'"),
    ],
)
def test_names_are_read_wherever_they_are_first_asked_for(
    boxer: Boxer, example: Example, program: str, said: str
) -> None:
    done = boxer("run", "--entrypoint", "python", example("hello"), "-c", program)
    assert done.stdout == said + "\n", done.stderr
