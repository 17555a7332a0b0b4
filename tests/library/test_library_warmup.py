"""A user's set-up before the freeze, and hooks at the thaw."""

from __future__ import annotations

from pathlib import Path

import pytest

import boxer

pytestmark = pytest.mark.base

APP = """
import boxer, os

TABLE = None
LIVES = []

def set_up():
    global TABLE
    TABLE = [os.environ.get("STAGE"), os.getcwd(), *range(1000)]
    open("/var/made", "w").write("before the freeze")

@boxer.on_thaw
def begin():
    LIVES.append(os.environ.get("STAGE"))

def look():
    return [TABLE[:3], LIVES, open("/var/made").read()]

def broken():
    raise RuntimeError("no set-up today")
"""


def made(folder: Path, *lines: str, init: str | None = None) -> boxer.Box:
    (folder / "app.py").write_text(APP)
    text = ["FROM python:3.13-slim", "WORKDIR /app", "ENV STAGE=build", "COPY app.py .", *lines]
    (folder / "Dockerfile").write_text("\n".join([*text, 'CMD ["python", "-c", "pass"]', ""]))
    return boxer.build(folder, init=init)


def test_the_set_up_is_there_in_every_run(tmp_path: Path) -> None:
    box = made(tmp_path, 'LABEL boxer.init="app:set_up"')
    code = "import app; print(app.look())"
    result = box.run(["python", "-c", code], env={"STAGE": "run"})
    assert result.stdout.decode() == ("[['build', '/app', 0], ['run'], 'before the freeze']\n")
    assert "app:set_up" in box.info.preinitialised


def test_calls_find_it_too(tmp_path: Path) -> None:
    with made(tmp_path, init="app:set_up").pool(size=1, env={"STAGE": "call"}) as pool:
        table, lives, text = pool.call("app:look")
    assert (table, lives[-1], text) == (["build", "/app", 0], "call", "before the freeze")


SETTING = """
import sys

def set_up():
    sys.dont_write_bytecode = True
    sys.argv = ["set", "up"]

def look():
    return [sys.dont_write_bytecode, sys.argv]
"""


def test_what_the_set_up_does_to_sys_is_for_calls(tmp_path: Path) -> None:
    (tmp_path / "setting.py").write_text(SETTING)
    box = made(tmp_path, "COPY setting.py .", init="setting:set_up")
    with box.pool(size=1) as pool:
        assert pool.call("setting:look") == [True, ["set", "up"]]
    told = box.run(["python", "-c", "import setting; print(setting.look())", "a"]).stdout
    assert told == b"[False, ['-c', 'a']]\n"


def test_a_set_up_that_fails_ends_the_build_with_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(boxer.BoxerError, match="no set-up today"):
        made(tmp_path, init="app:broken")
