"""Tools that are the build's own, where people install them from: curl, pip, apt-get, uv."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boxer.errors import PipUsageError, ResolutionError, RunFailedError, UnsupportedCommandError
from boxer.filetree import File
from tests.packages.test_packages_pip import Publish, publish
from tests.stages import EchoRunner

if TYPE_CHECKING:
    from tests.stages import Stage

__all__ = ["publish"]  # a fixture


def programs(stage: Stage, folder: str) -> list[str]:
    node = stage.tree.get(folder)
    return sorted(node.entries) if node is not None and hasattr(node, "entries") else []


@pytest.mark.parametrize(
    ("script", "file"),
    [
        (
            "curl -sSL https://install.python-poetry.example | python3 - --version 1.8.2",
            "/root/.local/bin/poetry",
        ),
        (
            "export POETRY_HOME=/opt/p; curl -sSL https://example.org/get-poetry.py | python -",
            "/opt/p/bin/poetry",
        ),
        ("curl -LsSf https://example.org/uv/install.sh | sh", "/root/.local/bin/uv"),
        (
            "wget -qO- https://example.org/uv/0.5.1/install.sh | env UV_INSTALL_DIR=/bin sh",
            "/bin/uvx",
        ),
        (
            "curl -sSL https://install.python-poetry.example | POETRY_HOME=/opt/q python3 -",
            "/opt/q/bin/poetry",
        ),
        (
            "curl -o p.py https://example.org/get-poetry.py && POETRY_HOME=/opt/q python p.py -y",
            "/opt/q/bin/poetry",
        ),
        ("wget https://example.org/get-pip.py && rm get-pip.py", None),
        ("curl -o /tmp/i.sh https://example.org/uv/install.sh && sh /tmp/i.sh", "/tmp/i.sh"),
        ("curl -fsSLO https://example.org/uv/install.sh && sh install.sh", "/install.sh"),
    ],
)
def test_an_installer_of_what_a_build_has_is_not_fetched(
    stage: Stage, script: str, file: str | None
) -> None:
    from tests.stages import EchoRunner

    stage.runner = EchoRunner()
    stage.run(script)
    assert "nothing is fetched" in stage.heard.notices[0]
    assert file is None or isinstance(stage.tree.get(file), File)


@pytest.mark.parametrize(
    ("script", "file", "text"),
    [
        ("wget -qO /bin/dumb-init https://x.org/v1/dumb-init_1.2_x86_64", "/bin/dumb-init", "exec"),
        ("curl -fsSLo /bin/gosu https://x.org/1.17/gosu-amd64", "/bin/gosu", "setuid"),
        ("cd /srv && wget https://x.org/v0.19/tini-static-amd64", "/srv/tini-static-amd64", "exec"),
    ],
)
def test_first_processes_are_not_fetched(stage: Stage, script: str, file: str, text: str) -> None:
    stage.tree.make_directories("/srv")
    stage.run(script)
    assert text in stage.tree.file(file).data.decode()
    assert "nothing is fetched" in stage.heard.notices[0]


@pytest.mark.parametrize(
    "script",
    [
        "curl -sSL https://example.org/data.csv -o data.csv",
        "wget https://example.org/poetry.tar.gz",
        "curl https://example.org/get-pip.py https://example.org/data.csv",
        "curl --version",
    ],
)
def test_anything_else_is_not_fetched_and_says_so(stage: Stage, script: str) -> None:
    with pytest.raises(UnsupportedCommandError, match="no network"):
        stage.run(script)


def test_tools_that_pip_installs_are_programs_of_the_box(stage: Stage, publish: Publish) -> None:
    written = stage.run("pip install --upgrade pip poetry==1.8.3 pipenv uv")
    assert "Requirement already satisfied: poetry" in written
    assert {"pipenv", "poetry", "uv", "uvx"} <= set(programs(stage, "/usr/local/bin"))


def test_the_first_process_of_containers_is_a_script_that_starts_what_follows(
    stage: Stage,
) -> None:
    stage.run("apt-get install -y tini dumb-init gosu && apk add --no-cache su-exec")
    for path in ("/usr/bin/tini", "/sbin/tini", "/usr/bin/dumb-init"):
        node = stage.tree.file(path)
        assert node.mode == 0o755
        assert b'exec "$@"' in node.data
    for path in ("/usr/sbin/gosu", "/sbin/su-exec"):
        assert b"os.setuid" in stage.tree.file(path).data


def test_a_distributions_python_package_names_the_way_to_install_it(stage: Stage) -> None:
    with pytest.raises(
        UnsupportedCommandError, match="Python package of the distribution"
    ) as error:
        stage.run("apt-get install -y python3-apt")
    assert error.value.hint == "`pip install apt` in its place."


def test_a_distributions_python_has_its_path(stage: Stage) -> None:
    stage.run("apt-get install -y python3.12 python3-pip python-is-python3")
    for path in ("/usr/bin/python3", "/usr/bin/python"):
        assert stage.tree.resolve(path) == "/usr/local/bin/python3.13"
    stage.run("rm /usr/bin/python3 && touch /usr/bin/python3 && apk add python3")
    assert stage.tree.file("/usr/bin/python3").data == b""


@pytest.mark.parametrize(
    "package",
    ["git-lfs", "git-core", "dpkg", "vim-tiny", "curl-doc", "bash-completion", "gcc-13-base"],
)
def test_a_part_of_a_program_is_taken_as_the_program_is(stage: Stage, package: str) -> None:
    stage.run(f"apk add {package}")
    assert any(f"`{package}`: not installed" in notice for notice in stage.heard.notices)


@pytest.mark.parametrize(
    "package", ["nginx-module-geoip", "php8.3-cli", "postgresql-16-pgvector", "ffmpeg-libs-x"]
)
def test_a_part_of_what_a_box_cannot_have_is_refused(stage: Stage, package: str) -> None:
    with pytest.raises(UnsupportedCommandError, match=package):
        stage.run(f"apt-get install -y {package}")


@pytest.mark.parametrize(
    ("manager", "settings", "folder"),
    [
        ("apt-get install -y", "/etc/supervisor/supervisord.conf", "/etc/supervisor/conf.d"),
        ("apk add --no-cache", "/etc/supervisord.conf", "/etc/supervisor.d"),
    ],
)
def test_a_program_in_python_has_an_environment_of_its_own(
    stage: Stage, publish: Publish, manager: str, settings: str, folder: str
) -> None:
    publish("supervisor", "4.2.5", sdist="pure")  # its wheel brings a program
    stage.run(f"{manager} supervisor")
    assert stage.run("readlink -f /usr/bin/supervisor") == (
        "/usr/share/pipx/venvs/supervisor/bin/supervisor\n"
    )
    assert f"{folder}/*" in stage.tree.file(settings).data.decode()
    assert stage.tree.get(folder) is not None
    assert "supervisor" not in stage.run("pip freeze")


@pytest.mark.parametrize("script", ["apt-get -y install python3-dateutil=2.8", "apk add py3-tz"])
def test_a_distributions_python_package_of_note_is_installed_by_pip(
    stage: Stage, publish: Publish, script: str
) -> None:
    publish("python_dateutil", "2.9")
    publish("pytz", "2.9")
    stage.run(script)
    assert "pip installs these" in stage.heard.notices[0]
    assert "==2.9" in stage.run("pip freeze")


def test_pipenv_makes_an_environment_of_its_own(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0")
    publish("beta", "1.0")
    stage.tree.add_file("/srv/Pipfile", b'[packages]\nalpha = "*"\n')
    stage.run("cd /srv && pipenv install --deploy --ignore-pipfile && pipenv install beta")
    site = "/root/.local/share/virtualenvs/srv/lib/python3.13/site-packages"
    assert {"alpha", "beta"} <= set(programs(stage, site))
    stage.run("cd /srv && PIPENV_VENV_IN_PROJECT=1 pipenv sync")
    assert "alpha" in programs(stage, "/srv/.venv/lib/python3.13/site-packages")
    assert "alpha" not in programs(stage, "/usr/local/lib/python3.13/site-packages")


def test_a_tool_of_uv_is_linked_from_an_environment_of_its_own(
    stage: Stage, publish: Publish
) -> None:
    publish("alpha", "1.0", sdist="pure")  # its wheel brings a program
    publish("beta", "1.0")
    written = stage.run("uv tool install alpha --with beta --python 3.12")
    assert written.endswith("Installed 1 executables: alpha\n")
    assert stage.tree.resolve("/root/.local/bin/alpha") == (
        "/root/.local/share/uv/tools/alpha/bin/alpha"
    )
    site = "/root/.local/share/uv/tools/alpha/lib/python3.13/site-packages"
    assert {"alpha", "beta"} <= set(programs(stage, site))
    stage.runner = EchoRunner()
    for script in ("uv tool run alpha x", "uvx alpha@1.0 x", "uvx --from alpha alpha x"):
        assert "/.cache/uv/run/bin/python" in stage.run(script)
        assert stage.tree.get("/root/.cache/uv/run") is None
    with pytest.raises(RunFailedError, match="has no program `beta`"):
        stage.run("uvx --from alpha beta")
    with pytest.raises(UnsupportedCommandError, match="uv tool upgrade"):
        stage.run("uv tool upgrade alpha")


def test_packages_are_added_to_a_project(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0")
    publish("beta", "1.0")
    stage.tree.add_file("/srv/pyproject.toml", b'[project]\nname = "p"\nversion = "1"\n')
    stage.tree.add_file("/srv/more.txt", b"beta\n")
    stage.run("cd /srv && uv add -r more.txt alpha")
    assert {"alpha", "beta"} <= set(programs(stage, "/srv/.venv/lib/python3.13/site-packages"))
    text = stage.tree.file("/srv/pyproject.toml").data.decode()
    assert "alpha>=1.0" in text
    assert "beta" in text
    assert b"alpha" in stage.tree.file("/srv/uv.lock").data
    stage.run("cd /srv && uv remove alpha")
    assert "alpha" not in programs(stage, "/srv/.venv/lib/python3.13/site-packages")
    stage.run("cd /srv && poetry config virtualenvs.create false && rm -r .venv")
    stage.run("cd /srv && poetry add alpha@latest")
    assert "alpha" in programs(stage, "/usr/local/lib/python3.13/site-packages")


@pytest.mark.parametrize(
    ("requires", "asked"), [(">=3.13", ""), (">=3.13,<3.14", ""), ("==3.12.*", "3.12")]
)
def test_a_project_without_a_lock_is_resolved_for_the_python_of_the_box(
    stage: Stage, publish: Publish, requires: str, asked: str
) -> None:
    publish("alpha", "2.0", python=">=3.12")
    text = (
        f'[project]\nname = "p"\nversion = "1"\nrequires-python = "{requires}"\n'
        "dependencies = [\"alpha>=2; python_version >= '3.12'\"]\n"
    )
    stage.python_asked = asked
    stage.tree.add_file("/srv/pyproject.toml", text.encode())
    stage.run("cd /srv && uv sync --no-dev")
    assert "alpha" in programs(stage, "/srv/.venv/lib/python3.13/site-packages")


@pytest.mark.parametrize(
    ("asked", "said", "hint"),
    [
        ("", "ModuleNotFoundError: No module named 'flask.json'", "`RUN pip install 'flask'`"),
        ("3.9", "ModuleNotFoundError: No module named 'imghdr'", "pip install 'standard-imghdr'"),
        ("", "/usr/local/bin/python: No module named pytest", "`RUN pip install 'pytest'`"),
        ("", "python: can't open file '/app.py': [Errno 2]", "COPY it before this RUN"),
        ("3.8", "Traceback (most recent call last):\nTypeError: x", "asks for Python 3.8"),
        ("", "Traceback (most recent call last):\nTypeError: x", None),
    ],
)
def test_a_python_program_that_fails_is_told_what_to_do(
    stage: Stage, asked: str, said: str, hint: str | None
) -> None:
    stage.python_asked = asked
    stage.tree.add_file("/said.txt", said.encode())
    with pytest.raises(RunFailedError) as error:
        stage.run("cat /said.txt >&2; exit 1")
    assert error.value.hint is None if hint is None else hint in (error.value.hint or "")


@pytest.mark.parametrize(
    ("package", "hint"), [("alhpa", "Check the spelling"), ("requirements.txt", "`-r`")]
)
def test_a_package_that_is_not_there_is_named(
    stage: Stage, publish: Publish, package: str, hint: str
) -> None:
    publish("alpha", "1.0")
    with pytest.raises(ResolutionError, match="There is no package `") as error:
        stage.run(f"pip install {package}")
    assert hint in (error.value.hint or "")


def test_the_setuptools_of_an_older_image_are_there_for_a_setup_py(
    stage: Stage, publish: Publish
) -> None:
    from tests.stages import EchoRunner

    publish("setuptools", "80.9")
    publish("setuptools", "82.0")
    stage.runner = EchoRunner()
    stage.run("python setup.py --version")
    assert stage.run("pip freeze --all") == ""
    stage.python_asked = "3.7"
    assert stage.run("python setup.py --version").endswith("setup.py --version\n")
    assert stage.run("pip freeze --all") == "setuptools==80.9\n"


def test_an_environment_has_the_paths_of_the_python_asked_for(stage: Stage) -> None:
    stage.python_asked = "3.9"
    stage.run("python -m venv /venv")
    assert stage.tree.resolve("/venv/lib/python3.9/site-packages") == (
        "/venv/lib/python3.13/site-packages"
    )
    assert stage.tree.resolve("/venv/bin/python3.9") == "/usr/local/bin/python3.13"


def test_a_project_stands_for_its_requirements_in_uv_pip(stage: Stage, publish: Publish) -> None:
    for name in ("alpha", "beta", "gamma", "delta"):
        publish(name, "1.0")
    project = """
[project]
name = "p"
version = "1"
dependencies = ["alpha"]
[project.optional-dependencies]
web = ["beta"]
[dependency-groups]
dev = ["gamma"]
"""
    stage.tree.add_file("/srv/pyproject.toml", project.encode())
    stage.tree.add_file("/srv/more.txt", b"delta\n")
    stage.run("cd /srv && uv pip install --system -r pyproject.toml --extra web -r more.txt")
    assert stage.run("pip freeze") == "alpha==1.0\nbeta==1.0\ndelta==1.0\n"
    options = "--no-header --no-annotate -q"
    written = stage.run(
        f"cd /srv && uv pip compile pyproject.toml --group dev -o all.txt {options}; cat all.txt"
    )
    assert written == "alpha==1.0\ngamma==1.0\n"
    with pytest.raises(PipUsageError, match=r"no `other/pyproject\.toml` in the box"):
        stage.run("uv pip install --system -r other/pyproject.toml")
