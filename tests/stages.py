"""A stage to apply instructions to, with a listener that remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from boxer.boxfile import ImageConfig
from boxer.errors import Where
from boxer.filetree import Tree
from boxer.images import Python
from boxer.instructions.run import run_exec_form, run_shell_form
from boxer.instructions.state import StageState
from boxer.listener import Stream
from boxer.userland.ports import CommandRequest, CommandResult, CommandRunner, Ports
from tests.pythons import PYTHON

WHERE = Where("Dockerfile", 7)

PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n"
GROUP = "root:x:0:\nstaff:x:50:\nappgroup:x:1001:\n"


class Recorder:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.out = b""
        self.err = b""
        self.notices: list[str] = []
        self.hints: list[str | None] = []
        self.progresses: list[str] = []

    def output(self, stream: Stream, data: bytes) -> None:
        if stream == "stdout":
            self.out += data
        else:
            self.err += data

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        self.notices.append(message)
        self.hints.append(hint)

    def progress(self, text: str) -> None:
        self.progresses.append(text)


class EchoRunner:
    """A command runner that answers with what it was asked."""

    def __init__(self) -> None:
        self.requests: list[CommandRequest] = []

    def run(self, request: CommandRequest) -> CommandResult:
        self.requests.append(request)
        request.tree.add_file("/ran", " ".join(request.argv).encode())
        status = 3 if "fail" in request.argv else 0
        return CommandResult(status, f"ran {' '.join(request.argv)}\n".encode())


class Stage:
    """A stage on a small base with Python's names in it."""

    def __init__(self, python: Python = PYTHON) -> None:
        tree = Tree()
        for folder in ("/tmp", "/root", "/home/app", "/var/lib/apt/lists"):
            tree.make_directories(folder)
        tree.directory("/tmp").mode = 0o1777
        home = tree.directory("/home/app")
        home.uid, home.gid = 1000, 1001
        tree.add_file("/etc/passwd", PASSWD.encode())
        tree.add_file("/etc/group", GROUP.encode())
        tree.add_file(python.program, b"#!boxer python\n", mode=0o755)
        tree.add_symlink("/usr/local/bin/python3", f"python{python.series}")
        tree.add_symlink("/usr/local/bin/python", f"python{python.series}")
        tree.make_directories(f"{python.stdlib}/site-packages")
        env = ("PATH=/usr/local/bin:/usr/bin:/bin", f"PYTHON_VERSION={python.version}")
        self.state = StageState(tree, ImageConfig(env=env))
        self.heard = Recorder()
        self.runner: CommandRunner | None = None
        self.stages: dict[str, Tree] = {}
        self.secrets: dict[str, bytes] = {}
        self.python = python
        self.python_asked = ""

    @property
    def tree(self) -> Tree:
        return self.state.tree

    @property
    def ports(self) -> Ports:
        return Ports(
            self.heard,
            self.runner,
            self.stages.get,
            python=self.python,
            python_asked=self.python_asked,
            secrets=self.secrets,
        )

    def run(self, script: str) -> str:
        """RUN in shell form; gives what it wrote to its standard output."""
        self.heard.out = b""
        run_shell_form(script, self.state, self.ports, WHERE)
        return self.heard.out.decode("utf-8", "surrogateescape")

    def run_words(self, *words: str) -> str:
        self.heard.out = b""
        run_exec_form(words, self.state, self.ports, WHERE)
        return self.heard.out.decode("utf-8", "surrogateescape")

    def attributes(self, path: str) -> str:
        """Owner, group and octal mode of a path, links not followed."""
        node = self.tree.get(path, follow=False)
        assert node is not None, path
        return f"{node.uid}:{node.gid} {node.mode:o}"


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def stage_of() -> Callable[[Python], Stage]:
    """A stage on a base with that Python."""
    return Stage


@pytest.fixture
def echo_runner() -> EchoRunner:
    return EchoRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Makes a context of files, `name -> text`; a text `-> target` makes a symbolic link."""

    def make(files: dict[str, str]) -> Path:
        root = tmp_path / "context"
        root.mkdir()
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("-> "):
                path.symlink_to(text[3:])
            else:
                path.write_text(text)
        return root

    return make
