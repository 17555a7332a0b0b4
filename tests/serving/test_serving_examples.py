"""The examples of servers and of a sandbox, built and served as their pages say."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving.test_serving_command_line import BOXER, serving

pytestmark = [pytest.mark.base, pytest.mark.network]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("examples")

    def built(name: str) -> Path:
        box = folder / f"{name}.wasm"
        command = [*BOXER, "build", "-q", "-o", str(box), str(EXAMPLES / name)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        if "package-fetch" in done.stderr:
            pytest.skip("the packages cannot be had here")
        assert done.returncode == 0, done.stderr
        return box

    return built


class Visitor:
    """A client that keeps its cookies."""

    def __init__(self, address: str) -> None:
        self.cookies: dict[str, str] = {}
        self._connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=300)

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: str = "", kind: str = "") -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            headers["Content-Type"] = kind or "application/x-www-form-urlencoded"
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        for line in answer.headers.get_all("set-cookie", []):
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer.status, answer.read().decode()


@contextmanager
def visited(*arguments: str | Path) -> Iterator[Visitor]:
    with serving(*arguments, "-p", "0", "--no-access-log") as address:
        visitor = Visitor(address)
        try:
            yield visitor
        finally:
            visitor.close()


def test_the_shop_remembers_its_baskets_in_cookies(example: Callable[[str], Path]) -> None:
    with visited(example("shop"), "-e", "SECRET_KEY=a") as visitor:
        assert "tea, 4.50" in visitor.ask("GET", "/")[1]
        for name in ("tea", "tea", "jam"):
            assert visitor.ask("POST", "/basket", f"name={name}")[0] == 303
        told = visitor.ask("GET", "/basket")[1]
        assert "2 tea: 9.00" in told
        assert "Total: 12.80" in told
        assert visitor.ask("POST", "/basket", "name=gold")[0] == 404
        visitor.cookies.clear()
        assert "Total: 0.00" in visitor.ask("GET", "/basket")[1]


def test_notes_are_on_the_volume(example: Callable[[str], Path], tmp_path: Path) -> None:
    box, data = example("notes"), tmp_path / "data"
    data.mkdir()
    options = ("-v", f"{data}:/data", "--machines", "1", "--streams", "0")
    with visited(box, *options) as visitor:
        for text in ("bread", "jam"):
            sent = json.dumps({"text": text, "tags": ["shop"]})
            assert visitor.ask("POST", "/", sent, "application/json")[0] == 201
        assert visitor.ask("POST", "/", '{"text": ""}', "application/json")[0] == 422
    with visited(box, *options) as visitor:
        assert json.loads(visitor.ask("GET", "/2")[1]) == {"text": "jam", "tags": ["shop"], "id": 2}
        assert [note["text"] for note in json.loads(visitor.ask("GET", "/")[1])] == ["bread", "jam"]
        assert visitor.ask("GET", "/3")[0] == 404


def test_the_blog_has_its_static_files(example: Callable[[str], Path]) -> None:
    with visited(example("blog")) as visitor:
        page = visitor.ask("GET", "/")[1]
        assert "Hello, stranger" in page
        assert "Visit 1." in page
        style = re.search(r'href="(/static/blog\.[0-9a-f]+\.css)"', page)
        assert style is not None, page
        assert "font: 16px" in visitor.ask("GET", style[1])[1]
        form = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert form is not None, page
        sent = urllib.parse.urlencode({"name": "Ada", "csrfmiddlewaretoken": form[1]})
        assert visitor.ask("POST", "/name", sent)[0] == 302
        page = visitor.ask("GET", "/")[1]
        assert "Hello, Ada" in page
        assert "Visit 2." in page


def test_an_agent_works_in_its_sandbox(example: Callable[[str], Path]) -> None:
    pytest.importorskip("e2b_code_interpreter")
    clean = {name: told for name, told in os.environ.items() if not name.startswith("E2B_")}
    clean.pop("BOXER_API_KEY", None)
    command = [*BOXER, "serve", str(example("agent")), "--e2b", "-p", "0"]
    command += ["--prepare", "import json, math, statistics"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=clean) as server:
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if line.startswith("export "):
                    name, _, value = line.removeprefix("export ").strip().partition("=")
                    clean[name] = value
                if "E2B_API_KEY" in clean:
                    break
            done = subprocess.run(
                [sys.executable, str(EXAMPLES / "agent" / "agent.py")],
                env=clean, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
        finally:
            server.terminate()
            server.communicate(timeout=300)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "(4.0, 8.0)" in lines
    assert any(line.startswith("FileNotFoundError: ") for line in lines)
    assert any(line.startswith("URLError: ") for line in lines)
    assert lines[-3:] == ["user", "/home/user", "3"]
