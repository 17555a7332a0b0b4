"""Where projects of poetry, PDM, pipenv and pip's settings say packages come from.

Everybody's index has every name, in version 9.0: whatever is of that version came from there.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from boxer.errors import BoxerError
from tests.indexes import CORP, Indexes, indexes
from tests.packages.test_packages_pip import project_files

if TYPE_CHECKING:
    from tests.stages import Stage

__all__ = ["indexes"]  # a fixture

# Its wheel names ../lib as the back end of poetry would: by the path it found it at.
BY_PATH = """
import os, backend
here = os.getcwd()
def build_wheel(folder, settings=None, metadata=None):
    path = backend.build_wheel(folder, settings, metadata)
    import zipfile, shutil
    old = os.path.join(folder, path)
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(old + ".new", "w") as target:
        for name in source.namelist():
            data = source.read(name).decode()
            if name.endswith("METADATA"):
                lib = "file://" + os.path.normpath(os.path.join(os.getcwd(), "../lib"))
                data += f"Requires-Dist: lib @ {lib}\\n"
            target.writestr(name, data)
    shutil.move(old + ".new", old)
    return path
"""
POETRY = "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\n"
SOURCE = '[[tool.poetry.source]]\nname = "corp"\nurl = "{corp}"\n'
POETRY_LOCK = """
[[package]]
name = "alpha"
version = "{version}"
files = [{{ file = "alpha.whl", hash = "sha256:{alpha}" }}]
[package.dependencies]
beta = ">=1"
gamma = {{ version = "*", optional = true }}
[package.extras]
more = ["gamma (>=1)"]
[package.source]
type = "legacy"
url = "{corp}"
reference = "corp"
[[package]]
name = "beta"
version = "1.0"
[package.source]
type = "legacy"
url = "{corp}"
reference = "corp"
[[package]]
name = "gamma"
version = "9.0"
[[package]]
name = "delta"
version = "9.0"
"""
PDM = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["alpha"]\n'
PIPFILE = '[[source]]\nname = "pypi"\nurl = "{public}"\n[[source]]\nname = "corp"\nurl = "{corp}"\n'

ALPHA = {"alpha==1.0", "beta==9.0"}
ALL = {"alpha==1.0", "beta==1.0"}
INSTALL = {
    "poetry": "poetry config virtualenvs.create false && poetry install --no-root",
    "pdm": "pdm install -g --no-self",
    "pipenv": "pipenv install --system",
}
CASES = [
    ("poetry", {"pyproject.toml": f'{POETRY}alpha = {{ version = "*", source = "corp" }}\n{SOURCE}'
                'priority = "explicit"\n'}, ALPHA),
    ("poetry", {"pyproject.toml": f'{POETRY}alpha = "*"\n{SOURCE}'}, ALL),
    ("poetry", {"pyproject.toml": f'{POETRY}alpha = "*"\n{SOURCE}priority = "supplemental"\n'},
     ALL),  # the stated one first, always
    ("poetry", {"pyproject.toml": f'{POETRY}alpha = "^1.0"\n{SOURCE}priority = "explicit"\n',
                "poetry.lock": POETRY_LOCK}, ALL),
    ("poetry", {"pyproject.toml": f'{POETRY}alpha = {{ version = "^1.0", extras = ["more"] }}\n',
                "poetry.lock": POETRY_LOCK}, {*ALL, "gamma==9.0"}),
    ("poetry", {"pyproject.toml": f'{POETRY}lib = {{ path = "../lib" }}\n'}, {"lib==1.0"}),
    ("poetry", {"pyproject.toml": f'{POETRY}lib = {{ path = "../lib", develop = true }}\n',
                "poetry.lock": '[[package]]\nname = "lib"\nversion = "1.0"\n[package.source]\n'
                'type = "directory"\nurl = "../lib"\n'}, {"lib==1.0"}),
    ("pdm", {"pyproject.toml": f'{PDM}[[tool.pdm.source]]\nname = "corp"\nurl = "{{corp}}"\n'
             'include_packages = ["alpha"]\n'}, ALPHA),
    ("pdm", {"pyproject.toml": f'{PDM}[[tool.pdm.source]]\nname = "pypi"\nurl = "{{corp}}"\n'},
     ALL),
    ("pipenv", {"Pipfile": f'{PIPFILE}[packages]\nalpha = {{ version = "*", index = "corp" }}\n'},
     ALPHA),
    ("pipenv", {"Pipfile": '[[source]]\nname = "corp"\nurl = "{corp}"\n[packages]\nalpha = "*"\n'},
     ALL),
    ("pipenv", {"Pipfile": f"{PIPFILE}[packages]\nlib = {{ path = '../lib', editable = true }}\n"},
     {"lib==1.0"}),
    ("pipenv", {"Pipfile": "", "Pipfile.lock": '{{"_meta": {{"sources": [{{"name": "pypi", "url":'
                ' "x"}}, {{"name": "corp", "url": "{corp}"}}]}}, "default": {{"alpha": {{"index":'
                ' "corp", "version": "==1.0", "hashes": ["sha256:{alpha}"]}}}}}}'}, {"alpha==1.0"}),
]  # fmt: skip


def lay(stage: Stage, found: Indexes, files: dict[str, str], version: str = CORP) -> None:
    digest = hashlib.sha256(found.file("corp", "alpha", CORP)).hexdigest()
    for path, text in files.items():
        if "{{" in text or path.endswith(".lock"):
            text = text.format(corp=found.corp, public=found.public, alpha=digest, version=version)
        text = text.replace("{corp}", found.corp).replace("{public}", found.public)
        stage.tree.add_file(f"/srv/app/{path}", text.encode())
    for path, text in project_files("lib", "1.0").items():
        stage.tree.add_file(f"/srv/lib/{path}", text.encode())


@pytest.mark.parametrize(("tool", "files", "expected"), CASES)
def test_a_source_of_a_project_is_heeded(
    stage: Stage, indexes: Indexes, tool: str, files: dict[str, str], expected: set[str]
) -> None:
    lay(stage, indexes, files)
    stage.run(f"cd /srv/app && {INSTALL[tool]}")
    assert set(stage.run("pip freeze").split()) == expected


@pytest.mark.parametrize(
    ("tool", "file", "says"),
    [
        ("poetry", f'{POETRY}alpha = {{ git = "https://example.org/a" }}\n', "git"),
        ("poetry", f'{POETRY}alpha = {{ version = "*", source = "none" }}\n', "`none`"),
        ("poetry", f'{POETRY}alpha = {{ path = "../alpha" }}\n', "/srv/alpha"),
        ("pdm", f"{PDM}".replace("alpha", "alpha @ git+https://example.org/a"), "git"),
        ("pipenv", "[packages]\nalpha = { git = 'https://example.org/a' }\n", "git"),
    ],
)
def test_a_source_that_a_build_has_not_stops_it(
    stage: Stage, indexes: Indexes, tool: str, file: str, says: str
) -> None:
    name = "Pipfile" if tool == "pipenv" else "pyproject.toml"
    lay(stage, indexes, {name: file})
    with pytest.raises(BoxerError) as error:
        stage.run(f"cd /srv/app && {INSTALL[tool]}")
    assert says in error.value.message
    assert stage.run("pip freeze") == ""


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("poetry install --no-root --all-groups", {"gamma==9.0", "delta==9.0", "beta==9.0"}),
        ("poetry install --no-root --only main", {"gamma==9.0"}),
        ("poetry install --no-root --dry-run", set()),
        ("poetry add 'delta@^9' --group test", {"delta==9.0"}),
        ("poetry add beta@latest -E more", {"beta==9.0"}),
        ("pdm add -g -G test delta -e ../lib", {"delta==9.0", "lib==1.0"}),
        ("pipenv install --system -r r.txt -i {corp}", {"beta==1.0"}),
        ("pipenv install --system --pypi-mirror {corp} beta", {"beta==1.0"}),
        ("pipenv install --system --categories='tests docs'", {"delta==9.0", "beta==9.0"}),
    ],
)
def test_options_that_say_what_is_meant_are_heeded(
    stage: Stage, indexes: Indexes, command: str, expected: set[str]
) -> None:
    groups = '[tool.poetry.group.a.dependencies]\ndelta = "*"\n'
    groups += "[tool.poetry.group.b]\noptional = true\n"
    groups += '[tool.poetry.group.b.dependencies]\nbeta = "*"\n'
    pipfile = "[packages]\ngamma = '*'\n[tests]\ndelta = '*'\n[docs]\nbeta = '*'\n"
    files = {"pyproject.toml": f'{POETRY}gamma = "*"\n{groups}', "r.txt": "beta\n"}
    lay(stage, indexes, {**files, "Pipfile": pipfile})
    stage.run("poetry config virtualenvs.create false")
    stage.run(f"cd /srv/app && {command.replace('{corp}', indexes.corp)}")
    assert set(stage.run("pip freeze").split()) == expected


@pytest.mark.parametrize(
    "command",
    ["poetry add alpha --source corp", "poetry install --everything", "uv build --package x"],
)
def test_what_would_be_another_package_is_refused(
    stage: Stage, indexes: Indexes, command: str
) -> None:
    lay(stage, indexes, {"pyproject.toml": f'{POETRY}gamma = "*"\n'})
    with pytest.raises(BoxerError, match=r"--source|--everything|--package"):
        stage.run(f"cd /srv/app && {command}")
    assert stage.run("pip freeze") == ""


def test_a_lock_that_lacks_what_is_asked_for_is_refused(stage: Stage, indexes: Indexes) -> None:
    lay(stage, indexes, {"pyproject.toml": f'{POETRY}lib = "*"\n', "poetry.lock": POETRY_LOCK})
    with pytest.raises(BoxerError, match="`lib` is asked for") as error:
        stage.run(f"cd /srv/app && {INSTALL['poetry']}")
    assert "poetry lock" in str(error.value.hint)


def test_a_file_with_another_hash_than_the_locks_is_not_taken(
    stage: Stage, indexes: Indexes
) -> None:
    lock = POETRY_LOCK.replace("{alpha}", "0" * 64)
    lay(stage, indexes, {"pyproject.toml": f'{POETRY}alpha = "*"\n', "poetry.lock": lock})
    with pytest.raises(BoxerError):
        stage.run(f"cd /srv/app && {INSTALL['poetry']}")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip install --no-index --find-links /wheels alpha", {"alpha==1.0", "beta==1.0"}),
        ("PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels pip install alpha", ALL),
        ("pip config set global.index-url {corp} && pip install alpha", ALL),
        ("pip config set --site install.index-url {corp} && pip install alpha", ALL),
        ("printf '[global]\\nno-index = true\\nfind-links = /wheels\\n' > /etc/pip.conf"
         " && pip install alpha", ALL),
        ("PIP_INDEX_URL={corp} pip install alpha", ALL),
        ("PIP_INDEX_URL={public} pip install -i {corp} alpha", ALL),
        ("PIP_NO_DEPS=1 PIP_INDEX_URL={corp} pip install alpha", {"alpha==1.0"}),
        ("PIP_REQUIRE_HASHES=0 PIP_USER=no PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=off"
         " pip install -i {corp} alpha", ALL),
        ("PIP_CONSTRAINT=/c.txt pip install alpha --extra-index-url {corp}", {"alpha==1.0",
         "beta==9.0"}),
        ("UV_INDEX_URL={corp} uv pip install --system alpha", ALL),
        ("UV_DEFAULT_INDEX={corp} uv pip install --system alpha", ALL),
        ("UV_INDEX=corp={corp} uv pip install --system alpha", ALL),
        ("UV_EXTRA_INDEX_URL={corp} uv pip install --system alpha", ALL),
        ("UV_NO_INDEX=1 UV_FIND_LINKS=/wheels uv pip install --system alpha", ALL),
        ("UV_CONSTRAINT=/c.txt UV_INDEX={corp} uv pip install --system alpha", ALL),
        ("mkdir -p ~/.config/uv && printf '[[index]]\\nurl = \"{corp}\"\\ndefault = true\\n'"
         " > ~/.config/uv/uv.toml && uv pip install --system alpha", ALL),
        ("cd /named && pip install .", {"named==1.0", "lib==1.0"}),
        ("cd /named && uv pip install --system .", {"named==1.0", "lib==1.0"}),
        ("pip install /named", {"named==1.0", "lib==1.0"}),
        ("cd /grouped && pip install --group dev", {"gamma==9.0"}),
        ("pip install --group /grouped/pyproject.toml:all delta",
         {"gamma==9.0", "beta==9.0", "delta==9.0"}),
    ],
)  # fmt: skip
def test_what_pip_and_uv_are_told_is_heeded(
    stage: Stage, indexes: Indexes, command: str, expected: set[str]
) -> None:
    for name in ("alpha", "beta"):
        wheel = f"{name}-1.0-py3-none-any.whl"
        stage.tree.add_file(f"/wheels/{wheel}", indexes.file("corp", name, CORP))
    stage.tree.add_file("/c.txt", b"alpha==1.0\n")
    groups = b'[dependency-groups]\ndev = ["gamma"]\nall = [{include-group = "dev"}, "beta"]\n'
    stage.tree.add_file("/grouped/pyproject.toml", groups)
    for path, text in project_files("named", "1.0").items():
        text = text.replace('build-backend = "backend"', 'build-backend = "bypath"')
        text = text.replace("dependencies = []", 'dynamic = ["dependencies"]')
        stage.tree.add_file(f"/named/{path}", text.encode())
    stage.tree.add_file("/named/bypath.py", BY_PATH.encode())
    for path, text in project_files("lib", "1.0").items():
        stage.tree.add_file(f"/lib/{path}", text.encode())
    stage.run(command.replace("{corp}", indexes.corp).replace("{public}", indexes.public))
    assert set(stage.run("pip freeze").split()) == expected
    if "named" in command:
        path = "/usr/local/lib/python3.13/site-packages/named-1.0.dist-info/METADATA"
        assert b"lib @ file:///lib\n" in stage.tree.file(path).data
