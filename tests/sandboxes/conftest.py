"""A template for all tests of the room, and a server of sandboxes over it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import boxer
from boxer.runtime import Limits
from boxer.sandboxes import Sandboxes, Settings

KEY = "a-key-of-tests"
DOCKERFILE = """FROM python:3.13-slim
RUN useradd --uid 1000 --create-home user
WORKDIR /home/user
"""


@pytest.fixture(scope="session")
def sandbox_box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box with a user and an empty working directory."""
    context = tmp_path_factory.mktemp("sandbox")
    (context / "Dockerfile").write_text(DOCKERFILE)
    box = boxer.build(context)
    path = tmp_path_factory.mktemp("boxes") / "sandbox.wasm"
    with box.start() as machine:
        machine.commit(path)
    return path


@pytest.fixture(scope="session")
def template(sandbox_box: Path) -> boxer.Template:
    return boxer.load(sandbox_box).template("seed = 5", limits=Limits(time=60.0))


@pytest.fixture
def machine(template: boxer.Template) -> Iterator[boxer.Machine]:
    with template.start() as started:
        yield started


@pytest.fixture
def sandboxes(template: boxer.Template) -> Iterator[Sandboxes]:
    found = Sandboxes({"default": template}, Settings(limits=Limits(time=None, cpu=None), most=20))
    yield found
    found.close()


@pytest.fixture
def served(sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The SDKs' environment is that of a server of this process. url, sandboxes."""
    uvicorn = pytest.importorskip("uvicorn")
    pytest.importorskip("starlette")
    from boxer.sandboxes.application import e2b_application

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        e2b_application(sandboxes, KEY), log_level="warning", lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for name, value in (("API_URL", url), ("SANDBOX_URL", url), ("API_KEY", KEY)):
        monkeypatch.setenv(f"E2B_{name}", value)
    monkeypatch.delenv("E2B_DEBUG", raising=False)
    yield SimpleNamespace(url=url, sandboxes=sandboxes)
    server.should_exit = True
    thread.join(300)
    listener.close()
