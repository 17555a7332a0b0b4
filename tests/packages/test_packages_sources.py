"""Where a project says its packages come from: nothing else is taken in their place.

Everybody's index has every name, in version 9.0: whatever is of that version came from there.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from boxer.errors import BoxerError
from tests.indexes import LOGIN, PUBLIC, Indexes, indexes
from tests.packages.test_packages_pip import project_files
from tests.stages import EchoRunner

if TYPE_CHECKING:
    from tests.stages import Stage

__all__ = ["indexes"]  # a fixture

HEAD = '[project]\nname = "shop"\nversion = "1"\n'
INDEX = '[[tool.uv.index]]\nname = "corp"\nurl = "{corp}"\nexplicit = true\n'


def add(stage: Stage, files: dict[str, str]) -> None:
    for path, text in files.items():
        stage.tree.add_file(f"/srv/{path}", text.encode())


def lay(stage: Stage, found: Indexes, pyproject: str) -> None:
    """A project in /srv/app, with ../lib beside it."""
    add(stage, {"app/pyproject.toml": pyproject.replace("{corp}", found.corp)})
    add(stage, {f"lib/{path}": text for path, text in project_files("lib", "1.0").items()})


def frozen(stage: Stage, pip: str = "pip") -> set[str]:
    return set(stage.run(f"{pip} freeze").split())


UV = {
    "an index": ('["alpha"]', f'alpha = {{ index = "corp" }}\n{INDEX}',
                 {"alpha==1.0", "beta==9.0"}),
    "a folder": ('["lib"]', 'lib = { path = "../lib" }\n', {"lib==1.0"}),
    "a marker": (
        '["lib"]',
        "lib = [{ path = '../lib', marker = \"sys_platform == 'linux'\" }]\n",
        {"lib==1.0"},
    ),
    "an address": ('["alpha"]', 'alpha = { url = "{corp}/alpha/alpha-1.0-py3-none-any.whl" }\n',
                   {"alpha==1.0", "beta==9.0"}),
}  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        "uv pip install --system -r pyproject.toml",
        "uv pip install --system -r pyproject.toml 'gamma' && pip uninstall -y gamma",
        "cd / && UV_SYSTEM_PYTHON=1 uv pip install -r srv/app/pyproject.toml",
        "UV_PROJECT_ENVIRONMENT=/usr/local uv sync",
        "uv lock && UV_PROJECT_ENVIRONMENT=/usr/local uv sync --locked",
        "UV_PROJECT_ENVIRONMENT=/usr/local uv run --no-dev python -V",
        "uv pip compile -q pyproject.toml -o pylock.toml && uv pip install --system -r pylock.toml",
        "uv export -q -o r.txt && uv pip install --system -r r.txt",
    ],
)
@pytest.mark.parametrize("kind", UV)
def test_a_source_of_uv_is_heeded(stage: Stage, indexes: Indexes, kind: str, command: str) -> None:
    dependencies, sources, expected = UV[kind]
    lay(stage, indexes, f"{HEAD}dependencies = {dependencies}\n[tool.uv.sources]\n{sources}")
    if "r.txt" in command and kind == "an index":
        command = command.replace("-o r.txt", "-o r.txt --emit-index-url")
        pytest.skip("a requirements file cannot say so, in uv either")
    stage.runner = EchoRunner()
    stage.run(f"cd /srv/app && {command}")
    assert frozen(stage) == expected


@pytest.mark.parametrize(
    "command",
    [
        "uv pip install --system -r pyproject.toml",
        "uv sync",
        "uv sync --frozen",
        "uv run python -V",
    ],
)
@pytest.mark.parametrize(
    ("source", "says"),
    [
        ('{ git = "https://example.org/alpha", rev = "0123456789abcdef0123456789abcdef01234567" }',
         "git"),
        ('{ path = "../alpha" }', "/srv/alpha"),
        ('{ path = "/alpha" }', "/alpha"),
        ("{ workspace = true }", "workspace"),
        ('{ index = "nobody" }', "nobody"),
    ],
)  # fmt: skip
def test_a_source_that_is_not_there_stops_the_build(
    stage: Stage, indexes: Indexes, command: str, source: str, says: str
) -> None:
    lay(stage, indexes, f'{HEAD}dependencies = ["alpha"]\n[tool.uv.sources]\nalpha = {source}\n')
    if "frozen" in command:
        add(stage, {"app/uv.lock": LOCK if says == "git" else ""})
    with pytest.raises(BoxerError) as error:
        stage.run(f"cd /srv/app && {command}")
    said = f"{error.value.message} {stage.heard.err.decode()}"
    assert says in said or "frozen" in command
    assert "/tmp" not in said
    assert "alpha" not in str(stage.tree.directory("/usr/local/lib").entries)


@pytest.mark.parametrize(
    "command",
    [
        "uv pip install --system -r pyproject.toml",
        "UV_PROJECT_ENVIRONMENT=/usr/local uv sync",
        "UV_INDEX=corp=$PRIVATE uv pip install --system alpha beta==9.0 --index-strategy"
        " unsafe-best-match 'alpha<2'",
    ],
)
def test_the_login_of_an_index_is_a_variable(stage: Stage, indexes: Indexes, command: str) -> None:
    index = INDEX.replace("{corp}", indexes.private)
    sources = f'[tool.uv.sources]\nalpha = {{ index = "corp" }}\n{index}'
    if "PRIVATE" in command:
        sources = ""
    lay(stage, indexes, f'{HEAD}dependencies = ["alpha"]\n{sources}')
    login = f"UV_INDEX_CORP_USERNAME={LOGIN[0]} UV_INDEX_CORP_PASSWORD={LOGIN[1]}"
    stage.run(f"cd /srv/app && PRIVATE={indexes.private}; export PRIVATE {login}; {command}")
    assert frozen(stage) == {"alpha==1.0", "beta==9.0"}
    assert LOGIN[1] not in str(stage.heard.notices)


def test_a_file_of_a_lock_is_taken_from_the_users_index_by_its_hash(
    stage: Stage, indexes: Indexes
) -> None:
    """A lock names the files' addresses of the machine it was made on."""
    add(stage, {"app/pyproject.toml": f'{HEAD}dependencies = ["gamma"]\n'})
    stage.run("cd /srv/app && uv lock")
    lock = stage.tree.file("/srv/app/uv.lock").data.decode()
    gone = lock.replace(indexes.public, "http://127.0.0.1:9/none")
    digest = hashlib.sha256(indexes.file("public", "gamma", PUBLIC)).hexdigest()
    file = 'wheels = [{ url = "http://127.0.0.1:9/none/g/gamma-9.0-py3-none-any.whl", hash'
    stated = re.sub(r"wheels = \[.*?\]", f'{file} = "sha256:{digest}" }}]', gone, flags=re.DOTALL)
    add(stage, {"app/uv.lock": stated})
    stage.run("cd /srv/app && UV_PROJECT_ENVIRONMENT=/usr/local uv sync --frozen")
    assert frozen(stage) == {"gamma==9.0"}
    add(stage, {"app/uv.lock": stated.replace(digest, "0" * 64)})
    stage.run("pip uninstall -y gamma")
    with pytest.raises(BoxerError, match="cannot be fetched"):
        stage.run("cd /srv/app && UV_PROJECT_ENVIRONMENT=/usr/local uv sync --frozen")


LOCK = """
version = 1
revision = 3
requires-python = ">=3.11"
[[package]]
name = "alpha"
version = "1.0"
source = { git = "https://example.org/alpha?rev=0123456789abcdef0123456789abcdef01234567#0123456789abcdef0123456789abcdef01234567" }
[[package]]
name = "shop"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "alpha" }]
"""  # noqa: E501
