"""Two package indexes on the loopback: everybody's, and a company's that has the same names."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.packages.test_packages_pip import wheel_bytes

# Whatever everybody's index has of these is of this version: it shows where a package came from.
PUBLIC = "9.0"
CORP = "1.0"


class Indexes:
    """public, corp: their addresses. `corp_as(user, password)` one with a login in it."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self.public = f"http://127.0.0.1:{port}/public"
        self.corp = f"http://127.0.0.1:{port}/corp"
        self.private = f"http://127.0.0.1:{port}/private"

    def put(
        self,
        index: str,
        name: str,
        version: str,
        requires: tuple[str, ...] = (),
        tag: str = "py3-none-any",
    ) -> None:
        """A wheel into one of them, `public` or `corp`; tag: for which machines."""
        place = self._folder / index / name
        place.mkdir(parents=True, exist_ok=True)
        file = f"{name}-{version}-{tag}.whl"
        native = tag != "py3-none-any"
        (place / file).write_bytes(wheel_bytes(name, version, requires, native))
        self._list(place)

    def put_rust(self, name: str, version: str) -> None:
        """A source archive whose back end is maturin, which is not on the index."""
        place = self._folder / "public" / name
        place.mkdir(parents=True, exist_ok=True)
        build = '[build-system]\nrequires = ["maturin>=1"]\nbuild-backend = "maturin"\n'
        files = {
            "pyproject.toml": f'{build}[project]\nname = "{name}"\nversion = "{version}"\n',
            "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
            "Cargo.toml": "[package]\n",
        }
        with tarfile.open(place / f"{name}-{version}.tar.gz", "w:gz") as archive:
            for path, text in files.items():
                header = tarfile.TarInfo(f"{name}-{version}/{path}")
                header.size = len(text)
                archive.addfile(header, io.BytesIO(text.encode()))
        self._list(place)

    def _list(self, place: Path) -> None:
        files = sorted(path.name for path in place.iterdir() if path.name != "index.html")
        (place / "index.html").write_text("".join(f'<a href="{n}">{n}</a>\n' for n in files))

    def file(self, index: str, name: str, version: str) -> bytes:
        return (self._folder / index / name / f"{name}-{version}-py3-none-any.whl").read_bytes()


LOGIN = ("me", "p@ss")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """`/private/` is the company's index for those with a login."""

    def do_GET(self) -> None:
        token = base64.b64encode(":".join(LOGIN).encode()).decode()
        if self.path.startswith("/private/"):
            if self.headers.get("Authorization") != f"Basic {token}":
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic")
                self.end_headers()
                return
            self.path = self.path.replace("/private/", "/corp/", 1)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        return None


@pytest.fixture
def indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexes]:
    """The user's index is everybody's. Both have alpha, beta, gamma and delta; alpha needs beta."""
    folder = tmp_path / "indexes"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found = Indexes(folder, server.server_address[1])
    for name in ("alpha", "beta", "gamma", "delta", "lib", "one", "two", "shop"):
        needs = ("beta",) if name == "alpha" else ()
        found.put("public", name, PUBLIC, needs)
        if len(name) == 5 or name == "beta":
            found.put("corp", name, CORP, needs)
    _only(monkeypatch, tmp_path, found.public)
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def _only(monkeypatch: pytest.MonkeyPatch, folder: Path, public: str) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "POETRY_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_DEFAULT_INDEX", public)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("UV_CACHE_DIR", str(folder / "uv-cache"))


Files = dict[str, str]
Build = Callable[[Files], None]
