"""Nothing that a box, a guest or a file says moves the cursor or hides what Boxer prints."""

from __future__ import annotations

import contextlib
import io
import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import boxer
from boxer.boxfile import Distribution, ImageConfig, write_box
from boxer.cli import main
from boxer.console import Progress, draw_error, draw_json, draw_table, escape
from boxer.errors import Where
from boxer.pipeline import Notice, StepOutput
from tests.boxfile.test_boxfile_box import BASE, IMAGE, INFO

EVIL = "\x1b[31m\x9b2J\u202e\u2028\x07\r\x00\udc80\U000e0041\x7f"
HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def harmless(text: str) -> bool:
    return all(c in "\n\t" or unicodedata.category(c) not in HARMFUL for c in text)


@given(st.text())
def test_what_is_escaped_is_harmless_and_the_rest_stays(text: str) -> None:
    assert harmless(escape(text))
    if harmless(text):
        assert escape(text) == text


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_is_harmless_and_means_the_same(value: object) -> None:
    stream = io.StringIO()
    draw_json(value, stream)
    assert harmless(stream.getvalue())
    assert json.loads(stream.getvalue()) == value


def test_letters_of_all_scripts_stay_in_json() -> None:
    stream = io.StringIO()
    draw_json({"a": "Ünïcödé 日本 🎉"}, stream)
    assert "Ünïcödé 日本 🎉" in stream.getvalue()


def test_an_errors_text_is_harmless_and_its_parts_are_as_they_came() -> None:
    error = boxer.GuestError(f"T{EVIL}", EVIL, f"tb\n{EVIL}")
    assert harmless(str(error))
    assert harmless(repr(error))
    assert error.text == EVIL
    assert error.message.startswith(f"T{EVIL}")
    assert harmless(f"{boxer.BoxerError(EVIL)}")


def test_tables_progress_and_errors_are_harmless(tmp_path: Path) -> None:
    source = tmp_path / "Dockerfile"
    source.write_text(f"RUN {EVIL}".replace("\r", "").replace("\udc80", ""))
    stream = io.StringIO()
    draw_table([(EVIL, "b")], stream, ("a", "b"))
    progress = Progress(stream)
    progress(Notice(EVIL, Where(EVIL), EVIL))
    progress(StepOutput(1, 1, "stdout", EVIL.encode("utf-8", "surrogatepass")))
    draw_error(boxer.BoxerError(EVIL, where=Where(str(source), 1), hint=EVIL), stream)
    assert harmless(stream.getvalue())


def _box(folder: Path) -> Path:
    evil = EVIL.replace("\x00", "").replace("\udc80", "")
    config = ImageConfig(cmd=(evil,), env=(f"A={evil}",), labels=((evil, evil),), user=evil)
    info = replace(
        INFO,
        config=config,
        base_name=evil,
        distributions=(Distribution(evil, evil, evil),),
    )
    path = folder / "evil.wasm"
    path.write_bytes(write_box(BASE, IMAGE, info))
    return path


@pytest.mark.parametrize("options", [[], ["--json"], ["--licenses"], ["--json", "--licenses"]])
def test_inspect_prints_nothing_harmful(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["inspect", *options, str(_box(tmp_path))]) == 0
    assert harmless(capsys.readouterr().out)


@pytest.mark.parametrize(
    "arguments",
    [
        ["inspect", "\x1b[31m.wasm"], ["run", "\x9b2J"], ["build", "\u202edir"], ["\x1b[2J"],
        ["rmi", "\x1b"], ["build", "--target"], ["cache", "prune", "--keep", "\x1b1"],
        ["check", "-f", "\x1b", "."], ["run", "-e", "\x1b=\x1b", "\x1b"],
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_said_of_arguments_is_harmless(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.suppress(SystemExit):  # a usage error
        assert main(arguments) != 0
    shown = capsys.readouterr()
    assert harmless(shown.out + shown.err)
