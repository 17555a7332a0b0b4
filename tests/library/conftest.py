"""A box with functions to call, built once a session."""

from __future__ import annotations

import pytest

import boxer

APP = """
import os, random, sys, time, uuid, secrets, tempfile

COUNT = 0

def echo(value=None, **named):
    return named or value

def count():
    global COUNT
    COUNT += 1
    return COUNT

def fail(text):
    raise LookupError(text)

def leave(status):
    sys.exit(status)

def spin():
    while True:
        pass

def flood():
    while True:
        print("x" * 1000)

def identity():
    return [random.random(), str(uuid.uuid4()), secrets.token_hex(), tempfile.mktemp(),
            os.urandom(8), random.Random().random(), os.getpid(), time.time_ns()]

def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value
"""


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    context = tmp_path_factory.mktemp("app")
    (context / "app.py").write_text(APP)
    (context / "Dockerfile").write_text(
        "FROM python:3.13-slim\nWORKDIR /app\nENV PLACE=box\nCOPY app.py .\n"
        'CMD ["python", "app.py"]\n'
    )
    return boxer.build(context)


@pytest.fixture(params=["mapped", "copied"])
def any_box(
    box: boxer.Box, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> boxer.Box:
    """The box on both kinds of machine: with the native library, and as it is without."""
    if request.param == "mapped":
        return box
    monkeypatch.setattr("boxer.runtime.mapped.is_available", lambda: False)
    return boxer.Box(box.file)
