"""What Python shows of its C library is what it shows on Debian: glibc's answers.

The table (c_library.toml) is looked at on this machine too, where it is one with glibc.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]
Table = list[tuple[str, str]]

KNOWN = tomllib.loads(Path(__file__).with_name("c_library.toml").read_text("utf-8"))
TABLE: Table = list(KNOWN["table"].items())
TWICE: Table = list(KNOWN["twice"].items())

PROGRAM = """
import datetime, json, locale, os, signal, socket, sys, time
from time import strftime, strptime

def within(zone, function):
    os.environ["TZ"] = zone
    time.tzset()
    try:
        return function()
    finally:
        os.environ["TZ"] = "UTC"
        time.tzset()

def named(**variables):
    for name in [n for n in os.environ if n.startswith("LC_") or n == "LANG"]:
        del os.environ[name]
    os.environ.update(variables)
    return locale.setlocale(locale.LC_ALL, "")

def mixed():
    locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    return locale.setlocale(locale.LC_ALL)

def answer(expression):
    locale.setlocale(locale.LC_ALL, "C.UTF-8" if "é" in expression else "C")
    try:
        return repr(eval(expression))
    except Exception as error:
        return str(error)

within("UTC", int)
print(json.dumps([answer(e) for e in json.loads(sys.argv[1])]))
"""


def wrong(table: Table, output: str) -> list[tuple[str, str, str]]:
    found: list[str] = json.loads(output)
    pairs = zip(table, found, strict=True)
    return [(given, right, is_) for (given, right), is_ in pairs if is_ != right]


def asked(table: Table) -> str:
    return json.dumps([given for given, _ in table])


def test_the_c_library_answers_as_glibc(boxer: Boxer, example: Example) -> None:
    table = [*TABLE, *TWICE]
    done = boxer("run", example("hello"), "python", "-c", PROGRAM, asked(table))
    assert done.stderr == ""
    assert wrong(table, done.stdout) == []


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc is what is looked at")
@pytest.mark.parametrize("table", [TABLE, *([line] for line in TWICE)])
def test_the_table_is_what_glibc_answers(table: Table) -> None:
    command = [sys.executable, "-c", PROGRAM, asked(table)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert wrong(table, done.stdout) == []
