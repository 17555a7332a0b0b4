"""Scripts that stand for programs of system packages: msgfmt, wait-for-it."""

from __future__ import annotations

import gettext
import socket
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from tests.ports import free_port

PROGRAMS = resources.files("boxer.userland.commands").joinpath("programs")
HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
CATALOGUE = (
    HEADER
    + """#: a.py:1
#, python-format
msgid "%(n)d item"
msgid_plural "%(n)d items"
msgstr[0] "ein Ding"
msgstr[1] "%(n)d Dinge"

msgctxt "menu"
msgid "Open"
msgstr "Öffnen"

#, fuzzy
msgid "Close"
msgstr "Zu"

msgid "Save"
msgstr ""

#~ msgid "old"
#~ msgstr "alt"

msgid "several "
"lines\\n"
msgstr "mehrere "
"Zeilen\\n"
"""
)
# What GNU's msgfmt 0.21 refuses, too.
WRONG = {
    "duplicate message definition": 'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n',
    "missing 'msgstr' section": 'msgid "a"\n',
    "end-of-line within string": 'msgid "a\\"\nmsgstr "b"\n',
    "syntax error": "nonsense\n",
    "format specifications": '#, python-format\nmsgid "%(n)s"\nmsgstr "%(m)s"\n',
}


def run(name: str, *words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-I", str(PROGRAMS.joinpath(name)), *map(str, words)]
    return subprocess.run(
        program, cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )


def test_msgfmt_makes_what_gettext_reads(tmp_path: Path) -> None:
    (tmp_path / "a.po").write_text(CATALOGUE, "utf-8")
    done = run("msgfmt.py", "--check-format", "--statistics", "-o", "a.mo", "a.po", cwd=tmp_path)
    said = "3 translated messages, 1 fuzzy translation, 1 untranslated message.\n"
    assert (done.returncode, done.stderr) == (0, said)
    with (tmp_path / "a.mo").open("rb") as file:
        found = gettext.GNUTranslations(file)
    assert [found.ngettext("%(n)d item", "%(n)d items", n) for n in (1, 2)] == [
        "ein Ding",
        "%(n)d Dinge",
    ]
    assert found.pgettext("menu", "Open") == "Öffnen"
    assert [found.gettext(word) for word in ("Close", "Save", "old")] == ["Close", "Save", "old"]
    assert found.gettext("several lines\n") == "mehrere Zeilen\n"


@pytest.mark.parametrize("message", sorted(WRONG))
def test_msgfmt_refuses_what_is_wrong(tmp_path: Path, message: str) -> None:
    (tmp_path / "a.po").write_text(HEADER + WRONG[message], "utf-8")
    done = run("msgfmt.py", "--check-format", "-o", "a.mo", "a.po", cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert not (tmp_path / "a.mo").exists()


def test_wait_for_it_goes_on_when_the_port_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        done = run("wait_for_it.py", place, "-t", 300, "--", "echo", "on")
        assert (done.returncode, done.stdout) == (0, "on\n")
        assert f"{place} is available" in done.stderr


def test_wait_for_it_gives_up() -> None:
    words = ["-h", "127.0.0.1", "-p", free_port(), "--timeout=0.01", "-q"]
    assert run("wait_for_it.py", *words).returncode == 1
    assert run("wait_for_it.py", *words, "-s", "--", "echo", "on").stdout == ""
    assert run("wait_for_it.py", *words, "--", "echo", "on").stdout == "on\n"
