"""What talks to PostgreSQL, by libpq and without, from a box to a real server, also with TLS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import boxer
from boxer import Network
from tests.boxes.conftest import Boxer
from tests.certificates import Authority, authority
from tests.postgres import postgres

pytestmark = [pytest.mark.base, pytest.mark.network]

HOST = "host.boxer.internal"
DOCKERFILE = """FROM python:3.13-slim
RUN apt-get update && apt-get install -y libpq-dev gcc postgresql-client
RUN pip install psycopg2-binary "psycopg[binary,pool]" asyncpg "sqlalchemy[asyncio]" django
COPY shop /app/shop
WORKDIR /app
CMD ["python", "-c", "import psycopg2, psycopg, psycopg_pool, asyncpg, sqlalchemy"]
"""
PROGRAMS = Path(__file__).parent / "network" / "postgres"
MODELS = """
from django.db import models
class Order(models.Model):
    class Meta: app_label = "shop"
    what = models.TextField(unique=True)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    when = models.DateTimeField(auto_now_add=True)
    more = models.JSONField(default=dict)
"""


@dataclass(frozen=True)
class Server:
    port: int
    tls: Authority


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    tls = authority(tmp_path_factory.mktemp("authority"))
    with postgres(tls) as port:
        yield Server(port, tls)


@pytest.fixture(scope="module")
def box(boxer: Boxer, tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    folder = tmp_path_factory.mktemp("postgres")
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "models.py").write_text(MODELS)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    made = boxer("build", "-q", "-o", folder / "box.wasm", folder)
    assert made.returncode == 0, made.stderr
    return _loaded(folder / "box.wasm")


def _loaded(path: Path) -> boxer.Box:
    return boxer.load(path)


def printed(box: boxer.Box, server: Server, program: str, hidden: str = "") -> list[str]:
    """hidden: a module that the program does not find."""
    text = "".join((PROGRAMS / f"{name}.py").read_text() for name in ("begun", program))
    text = f"import sys; sys.modules['{hidden}'] = None\n{text}" if hidden else text
    result = box.run(
        ["python", "-c", text, str(server.port)],
        env={"CA": server.tls.root.read_text()},
        network=Network(allow=[f"{HOST}:{server.port}"]),
        limits=boxer.Limits(time=100),
    )
    assert result.exit_code == 0, result.stderr.decode()
    return result.stdout.decode().splitlines()


def test_psycopg2(box: boxer.Box, server: Server) -> None:
    assert printed(box, server, "with_psycopg2") == [
        "0.75 2024-02-29 00:00:00+00:00",
        r"'19998\n19999\n'",
        str(sum(range(20000))),
        "23505 two_pkey",
        "True",
        "[('news', 'hello')]",
        r"[1, 2] {'a': [1]} None True b'\x00\xff'",
        "require True TLSv1.3",
        "verify-ca True TLSv1.3",
        "verify-full True TLSv1.3",
        "SSL error: certificate verify failed",
        'FATAL:  password authentication failed for user "postgres"',
        'FATAL:  database "none" does not exist',
    ]


def test_psycopg(box: boxer.Box, server: Server) -> None:
    assert printed(box, server, "with_psycopg") == [
        "c",
        f"[{{'a': 0, 'b': [0]}}, {{'a': 1, 'b': [1]}}] {sum(range(5000)) - 1}",
        f"True ([1, {2**40}],)",
        "True 12",
        "news hello",
        str(sum(range(30)) * 2),
        "cancelled INERROR",
    ]


def test_asyncpg(box: boxer.Box, server: Server) -> None:
    lines = printed(box, server, "with_asyncpg")
    assert lines == [str(sum(range(3000))), f"hello {sum(range(20))}", "True"]


def test_sqlalchemy(box: boxer.Box, server: Server) -> None:
    lines = printed(box, server, "with_sqlalchemy")
    assert lines == ["psycopg2 10", "psycopg 10", "asyncpg 100", "psycopg 100"]


@pytest.mark.parametrize("three", [True, False])
def test_django(box: boxer.Box, server: Server, three: bool) -> None:
    lines = printed(box, server, "with_django", hidden="" if three else "psycopg")
    assert lines == [f"{three} {sum(range(50)) + 9}.00 w7", "UniqueViolation"]
