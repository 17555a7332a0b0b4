"""The image of a service that is kept for its next start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from boxer.runtime import Limits, keptimage
from boxer.serving import key_of_start, known_start
from tests.serving.running import Client, command, until

pytestmark = pytest.mark.base

APP = """import sys, os, re
print("IMPORTED", file=sys.stderr, flush=True)
TOLD = os.environ.get("TOLD", "")
def app(environ, start_response):
    import decimal
    is_known = any(pattern == "(wa)+rm" for _, pattern, _ in re._cache)
    re.compile("(wa)+rm")
    start_response("200 OK", [("content-type", "text/plain")])
    if environ["PATH_INFO"] == "/known":
        return [str(is_known).encode()]
    return [TOLD.encode() + b"!"]

class Lifespan:
    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            print("STARTED", file=sys.stderr, flush=True)
            await send({"type": "lifespan.startup.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"asgi"})
asgi = Lifespan()
"""


@pytest.fixture
def box_file(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(
        'FROM python\nWORKDIR /srv\nCOPY page.py ./\nCMD ["gunicorn", "page:app"]\n'
    )
    # No other test, and none of an earlier time, has started this one.
    (tmp_path / "page.py").write_text(f"{APP}# {os.urandom(16).hex()}\n")
    made = tmp_path / "page.wasm"
    build = [sys.executable, "-m", "boxer.cli", "build", "-q", "-o", str(made), str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    return made


def started(box: Path, *options: str) -> tuple[bytes, str]:
    """An answer, and what the service has said until its end."""
    words = [sys.executable, "-m", "boxer.cli", "serve", str(box), "-p", "0", *options]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said, found = "", None
        for line in process.stderr:
            said += line
            if found := re.search(r"running on (http\S+)", line):
                break
        assert found, said
        with urllib.request.urlopen(found[1], timeout=300) as answer:
            body = answer.read()
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=300)[1]
        return body, said + rest


def image_of(key: str) -> Path:
    """The file of a kept image."""
    folder = keptimage.images_folder()
    return folder / "sha256" / str(keptimage._note(folder, key)["sha256"])


def key_of(box: Path, **asked: object) -> str:
    told = {"app": None, "own": False, "rehearse": None, **asked}
    return key_of_start(str(box), told, Limits(time=30.0), {})


def test_a_second_start_imports_nothing(box_file: Path) -> None:
    key = key_of(box_file)
    assert known_start(key) is None
    body, said = started(box_file)
    assert (body, "IMPORTED" in said) == (b"!", True)
    assert known_start(key) == ("page:app", True, ("GET /",))
    body, said = started(box_file)
    assert (body, "IMPORTED" in said) == (b"!", False)
    with image_of(key).open("r+b") as file:  # as soon as it is damaged, it is made anew
        file.write(b"damaged!")
    body, said = started(box_file)
    assert (body, "IMPORTED" in said) == (b"!", True)
    body, said = started(box_file)
    assert (body, "IMPORTED" in said) == (b"!", False)


def test_a_second_start_is_used_to_its_rehearsals_a_little_later(box_file: Path) -> None:
    started(box_file)
    assert known_start(key_of(box_file)) is not None
    with command(box_file) as (port, _):
        until(lambda: asked(port, "/known") == b"True")


def test_what_is_asked_for_otherwise_has_an_image_of_its_own(box_file: Path) -> None:
    started(box_file)
    assert "IMPORTED" in started(box_file, "--limit", "memory=300MB")[1]
    assert "IMPORTED" in started(box_file, "--rehearse", "GET /other")[1]
    assert "IMPORTED" in started(box_file, "--app", "page:app")[1]
    assert "IMPORTED" not in started(box_file, "--app", "page:app")[1]


def test_an_application_starts_at_each_start(box_file: Path) -> None:
    first, second = (started(box_file, "--app", "page:asgi") for _ in range(2))
    assert first[0] == second[0] == b"asgi"
    assert ("IMPORTED" in first[1], "IMPORTED" in second[1]) == (True, False)
    assert "STARTED" in second[1]


def test_values_of_the_environment_are_never_kept(box_file: Path) -> None:
    secret = "a-value-" + os.urandom(16).hex()
    before = kept()
    for _ in range(2):
        body, said = started(box_file, "-e", f"TOLD={secret}")
        assert (body, "IMPORTED" in said) == (f"{secret}!".encode(), True)
    assert known_start(key_of(box_file)) is None
    for path in kept() - before:  # those of other tests
        with suppress(FileNotFoundError):
            assert own_line(box_file) not in (data := path.read_bytes())
            assert secret.encode() not in data
    started(box_file)
    assert started(box_file, "-e", "TOLD=2")[0] == b"2!"
    image = image_of(key_of(box_file)).read_bytes()
    assert own_line(box_file) in image
    assert secret.encode() not in image


def kept() -> set[Path]:
    """Other tests that run meanwhile keep images there, too."""
    return {path for path in keptimage.images_folder().rglob("*") if path.is_file()}


def own_line(box_file: Path) -> bytes:
    """That is in the application of this test alone, and in each of its images."""
    return box_file.with_name("page.py").read_bytes().rpartition(b"# ")[2].strip()


def rebuilt(box_file: Path, context: Path) -> None:
    """Answers with a question mark."""
    (context / "page.py").write_text(APP.replace('b"!"', 'b"?"'))
    build = [sys.executable, "-m", "boxer.cli", "build", "-q", "-o", str(box_file), str(context)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)


def test_a_box_that_is_another_by_now_is_loaded(box_file: Path, tmp_path: Path) -> None:
    started(box_file)
    rebuilt(box_file, tmp_path)
    assert started(box_file)[0] == b"?"
    assert started(box_file)[0] == b"?"


def test_workers_that_come_later_have_what_the_box_is_then(box_file: Path, tmp_path: Path) -> None:
    """Their service was told the key of the image that it was, which is kept."""
    started(box_file)
    with command(box_file, "--workers", "2") as (port, process):
        assert asked(port) == b"!"
        rebuilt(box_file, tmp_path)
        process.send_signal(signal.SIGHUP)
        until(lambda: all(asked(port) == b"?" for _ in range(8)))
    assert "IMPORTED" not in started(box_file)[1]  # what the new workers made is kept


def asked(port: int, path: str = "/") -> bytes:
    with Client(port) as client:
        client.ask(path)
        return client.answer()[1]
