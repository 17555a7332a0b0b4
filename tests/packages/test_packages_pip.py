"""pip in a RUN, against an index that is a folder: no network is needed."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boxer.errors import (
    BadWheelError,
    BoxerError,
    NativePackageError,
    PackageBuildError,
    PipUsageError,
    ResolutionError,
)
from boxer.filetree import File, Tree
from boxer.images import Python
from boxer.packages.catalogue.known import resolve_what_works, working_versions
from boxer.packages.files import users_without
from boxer.packages.resolve import ASKED, Locked, Question, requirers
from boxer.packages.settings import index_environment
from tests.pythons import PYTHON, python_of

if TYPE_CHECKING:
    from tests.stages import Stage

EMSCRIPTEN = "cp314-cp314-pyemscripten_2026_0_wasm32"
SITE = "/usr/local/lib/python3.13/site-packages"
Publish = Callable[..., None]

# A build back end of its own, so that building needs nothing from an index.
BACKEND = """
import os, zipfile
NAME, VERSION, NATIVE = {name!r}, {version!r}, {native!r}
INFO = f"{{NAME}}-{{VERSION}}.dist-info"
def get_requires_for_build_wheel(settings=None): return []
def build_wheel(folder, settings=None, metadata=None):
    compiles = os.system(os.environ.get("CC", "cc") + " --version > /dev/null 2>&1") == 0
    if NATIVE == "always" and not compiles:
        raise SystemExit("error: command 'cc' failed: this needs a compiler")
    tag = "cp311-cp311-linux_x86_64" if NATIVE == "tag" else "py3-none-any"
    path = f"{{NAME}}-{{VERSION}}-{{tag}}.whl"
    with zipfile.ZipFile(os.path.join(folder, path), "w") as wheel:
        wheel.writestr(f"{{NAME}}/__init__.py", "pure = True\\n")
        if compiles or NATIVE == "hidden":
            wheel.writestr(f"{{NAME}}/_speedups.so", "machine code")
        wheel.writestr(f"{{INFO}}/METADATA",
            f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n{requires}")
        wheel.writestr(f"{{INFO}}/WHEEL", f"Wheel-Version: 1.0\\nTag: {{tag}}\\n")
        wheel.writestr(f"{{INFO}}/entry_points.txt",
            f"[console_scripts]\\n{{NAME}} = {{NAME}}:main\\n")
        wheel.writestr(f"{{INFO}}/RECORD", "")
    return path
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "{name}"
version = "{version}"
dependencies = [{dependencies}]
"""


def wheel_bytes(
    name: str,
    version: str,
    requires: tuple[str, ...] = (),
    native: bool = False,
    code: str = "",
    python: str = "",
) -> bytes:
    info = f"{name}-{version}.dist-info"
    buffer = io.BytesIO()
    lines = "".join(f"Requires-Dist: {line}\n" for line in requires)
    lines += f"Requires-Python: {python}\n" if python else ""
    extras = sorted(set(re.findall(r"extra == '(\w+)'", lines)))
    lines += "".join(f"Provides-Extra: {extra}\n" for extra in extras)
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", f"version = {version!r}\n{code}")
        if native:
            wheel.writestr(f"{name}/_native.so", b"\x7fELF")
        wheel.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return buffer.getvalue()


def project_files(
    name: str, version: str, native: str = "", requires: tuple[str, ...] = ()
) -> dict[str, str]:
    lines = "".join(f"Requires-Dist: {line}\\n" for line in requires)
    dependencies = ", ".join(f'"{line}"' for line in requires)
    return {
        "pyproject.toml": PROJECT.format(name=name, version=version, dependencies=dependencies),
        "backend.py": BACKEND.format(name=name, version=version, native=native, requires=lines),
        f"{name}/__init__.py": "def main(): print('here')\n",
    }


def sdist_bytes(name: str, version: str, native: str = "") -> bytes:
    buffer = io.BytesIO()
    files = project_files(name, version, native)
    files["PKG-INFO"] = f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n"
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            header = tarfile.TarInfo(f"{name}-{version}/{path}")
            header.size = len(text)
            archive.addfile(header, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Puts wheels and sdists into the folder that is the only index."""
    index = tmp_path / "index"
    index.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "UV_INDEX", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))

    def put(
        name: str,
        version: str,
        requires: tuple[str, ...] = (),
        tag: str = "py3-none-any",
        sdist: str | None = None,
        code: str = "",
        python: str = "",
    ) -> None:
        if sdist is None:
            native = "linux" in tag
            data = wheel_bytes(name, version, requires, native, code, python)
            (index / f"{name}-{version}-{tag}.whl").write_bytes(data)
        else:
            (index / f"{name}-{version}.tar.gz").write_bytes(sdist_bytes(name, version, sdist))

    return put


def _version(tree: Tree, name: str) -> str | None:
    node = tree.get(f"{SITE}/{name}/__init__.py")
    return node.data.decode().split("'")[1] if isinstance(node, File) else None


def test_a_package_comes_with_what_it_needs(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0", requires=("beta>=2", "never; sys_platform == 'win32'"))
    publish("beta", "1.0")
    publish("beta", "2.1")
    written = stage.run("pip install --no-cache-dir alpha")
    assert written == "Successfully installed alpha-1.0 beta-2.1\n"
    assert stage.run("pip freeze") == "alpha==1.0\nbeta==2.1\n"
    assert stage.tree.get(f"{SITE}/alpha-1.0.dist-info/REQUESTED") is not None
    assert stage.tree.get(f"{SITE}/beta-2.1.dist-info/REQUESTED") is None


@pytest.mark.parametrize("version", [PYTHON.version, "3.99.1"])
def test_markers_are_those_of_the_box(
    stage_of: Callable[[Python], Stage], publish: Publish, version: str
) -> None:
    python = python_of(version)
    stage = stage_of(python)
    marker = f"python_version == '{python.series}' and sys_platform == 'linux'"
    publish("alpha", "1.0", requires=(f"beta; {marker}",))
    publish("beta", "1.0")
    stage.run("pip install alpha")
    site = f"/usr/local/lib/python{python.series}/site-packages"
    assert stage.tree.get(f"{site}/beta/__init__.py") is not None
    assert stage.run("pip check") == "No broken requirements found.\n"


def test_two_installs_give_the_same_tree(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0", requires=("beta",))
    publish("beta", "1.0", sdist="")
    other = stage.tree.copy()
    stage.run("pip install alpha")
    first = stage.tree.digest()
    stage.state.tree = other
    stage.run("pip install alpha")
    assert stage.tree.digest() == first


def test_what_is_there_is_kept_until_an_upgrade_is_asked_for(
    stage: Stage, publish: Publish
) -> None:
    publish("alpha", "1.0")
    publish("beta", "1.0")
    stage.run("pip install alpha beta")
    publish("alpha", "2.0", requires=("beta",))
    publish("beta", "2.0")
    assert "already satisfied: alpha" in stage.run("pip install alpha")
    assert _version(stage.tree, "alpha") == "1.0"
    written = stage.run("pip install -U alpha")
    assert "Uninstalled alpha-1.0" in written
    assert _version(stage.tree, "alpha") == "2.0"
    assert _version(stage.tree, "beta") == "1.0"
    assert stage.tree.get(f"{SITE}/alpha-1.0.dist-info") is None


def test_a_version_that_is_pinned_replaces_another(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0")
    publish("alpha", "2.0")
    stage.run("pip install alpha")
    stage.run("pip install 'alpha<2'")
    assert _version(stage.tree, "alpha") == "1.0"


def test_requirements_files_are_those_of_the_box(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0")
    publish("alpha", "2.0")
    publish("beta", "1.0")
    publish("gamma", "1.0")
    stage.tree.add_file(
        "/app/requirements.txt",
        b"\xef\xbb\xbf# comment\nalpha  # pinned elsewhere\n\n-r sub/more.txt\n-c limits.txt\n"
        b"gamma \\\n  >= 1.0\n",
    )
    stage.tree.add_file("/app/sub/more.txt", b"beta ; python_version > '3'\n")
    stage.tree.add_file("/app/limits.txt", b"alpha<2\n")
    stage.run("cd /app && pip install -r requirements.txt")
    assert stage.run("pip freeze") == "alpha==1.0\nbeta==1.0\ngamma==1.0\n"


@pytest.mark.parametrize(
    ("file", "place"),
    [
        (b"alpha\nbeta\xff\n", "/r.txt:2: `beta"),
        ("alpha\n".encode("utf-16-le"), "/r.txt:1: `a"),
    ],
    ids=["latin1", "utf16"],
)
def test_a_requirements_file_that_is_no_text_is_refused_with_its_line(
    stage: Stage, publish: Publish, file: bytes, place: str
) -> None:
    publish("alpha", "1.0")
    stage.tree.add_file("/r.txt", file)
    with pytest.raises(PipUsageError) as caught:
        stage.run("pip install -r /r.txt")
    assert caught.value.message.startswith(place)
    assert caught.value.hint == "Save the file as UTF-8."


@pytest.mark.parametrize("requirement", ["alpha>>1", "alpha==", "alpha beta"])
def test_what_is_no_requirement_is_shown_and_not_our_file(
    stage: Stage, publish: Publish, requirement: str
) -> None:
    publish("alpha", "1.0")
    stage.tree.add_file("/r.txt", f"alpha\n{requirement}\n".encode())
    with pytest.raises(ResolutionError) as caught:
        stage.run("pip install -r /r.txt")
    assert caught.value.message.startswith("A requirement cannot be read: ")
    assert requirement in caught.value.message
    assert "requirements.in" not in caught.value.message


@pytest.mark.parametrize(
    "form",
    [
        "python -m pip install alpha",
        "pip3 install alpha",
        "python3 -m pip install -q --no-cache-dir alpha",
        "pip install 'alpha[extra]==1.0'",
        "uv pip install --system alpha",
        "uv pip install --system --no-cache -r /r.txt",
        "pip install -r/r.txt",
        "pip install --requirement=/r.txt --root-user-action=ignore",
        "pip --no-cache-dir install alpha",
        "sh -c 'pip install alpha'",
        "xargs pip install < /r.txt",
    ],
)
def test_the_forms_people_use_install(stage: Stage, publish: Publish, form: str) -> None:
    publish("alpha", "1.0")
    stage.tree.add_file("/r.txt", b"alpha\n")
    stage.run(form)
    assert _version(stage.tree, "alpha") == "1.0"


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("pip install -t /lib alpha", "/lib/alpha/__init__.py"),
        ("pip install --target=/lib alpha", "/lib/alpha/__init__.py"),
        (
            "pip install --prefix=/inst alpha",
            "/inst/lib/python3.13/site-packages/alpha/__init__.py",
        ),
        ("pip install --user alpha", "/root/.local/lib/python3.13/site-packages/alpha/__init__.py"),
        (
            "python -m venv /v && /v/bin/pip install alpha",
            "/v/lib/python3.13/site-packages/alpha/__init__.py",
        ),
        (
            "python -m venv /v && . /v/bin/activate && pip install alpha",
            "/v/lib/python3.13/site-packages/alpha/__init__.py",
        ),
    ],
)
def test_packages_go_where_they_are_told(
    stage: Stage, publish: Publish, form: str, path: str
) -> None:
    publish("alpha", "1.0")
    stage.run(form)
    assert stage.tree.get(path) is not None
    assert _version(stage.tree, "alpha") is None


def test_scripts_of_a_virtual_environment_name_its_python(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0", sdist="")
    stage.run("python -m venv /v && /v/bin/pip install alpha")
    assert stage.tree.file("/v/bin/alpha").data.startswith(b"#!/v/bin/python\n")


def test_a_user_who_may_not_write_installs_for_itself(stage: Stage, publish: Publish) -> None:
    from dataclasses import replace

    publish("alpha", "1.0")
    stage.state.config = replace(stage.state.config, user="app")
    stage.run("pip install alpha")
    path = "/home/app/.local/lib/python3.13/site-packages/alpha/__init__.py"
    assert stage.attributes(path) == "1000:1001 644"


def test_a_package_is_uninstalled(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0")
    before = stage.tree.digest()
    stage.run("pip install alpha && pip uninstall -y alpha missing")
    assert stage.tree.digest() == before


def test_list_and_show_tell_what_is_there(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0")
    stage.run("pip install alpha")
    assert "alpha   1.0" in stage.run("pip list")
    assert stage.run("pip list --format=json") == '[{"name": "alpha", "version": "1.0"}]\n'
    assert f"Location: {SITE}" in stage.run("pip show alpha")
    assert "no" in stage.run("pip show missing || echo no")


def test_hashes_of_a_requirements_file_are_obeyed(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0")
    digest = hashlib.sha256(wheel_bytes("alpha", "1.0")).hexdigest()
    stage.tree.add_file("/r.txt", f"alpha==1.0 \\\n    --hash=sha256:{digest}\n".encode())
    stage.run("pip install --require-hashes -r /r.txt")
    assert _version(stage.tree, "alpha") == "1.0"
    stage.run("pip uninstall -y alpha")
    stage.tree.add_file("/r.txt", f"alpha==1.0 --hash=sha256:{'0' * 64}\n".encode())
    with pytest.raises(BoxerError):
        stage.run("pip install -r /r.txt")
    assert _version(stage.tree, "alpha") is None


# --- which file ------------------------------------------------------------------------------


def test_a_pure_wheel_is_taken_before_native_ones_and_source(
    stage: Stage, publish: Publish
) -> None:
    publish("alpha", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    publish("alpha", "1.0", sdist="always")
    publish("alpha", "1.0")
    stage.run("pip install alpha")
    assert stage.tree.get(f"{SITE}/alpha/_native.so") is None


def test_source_is_built_without_its_native_part(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    publish("alpha", "1.0", sdist="tag")
    stage.run("pip install alpha")
    assert stage.tree.file(f"{SITE}/alpha/__init__.py").data == b"pure = True\n"
    assert stage.tree.get(f"{SITE}/alpha/_speedups.so") is None
    assert stage.tree.get("/usr/local/bin/alpha") is not None


def test_a_wheel_that_was_built_is_kept(
    stage: Stage, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("alpha", "1.0", sdist="")
    stage.run("pip install alpha && pip uninstall -y alpha")

    def never(*arguments: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr("boxer.packages.sdist._build", never)
    stage.run("pip install alpha")
    assert stage.tree.get(f"{SITE}/alpha/__init__.py") is not None


@pytest.mark.parametrize(
    ("sdist", "error", "says"),
    [
        ("always", PackageBuildError, "needs a compiler"),
        ("hidden", NativePackageError, "_speedups.so"),
    ],
)
def test_a_package_that_needs_a_compiler_stops_with_name_and_reason(
    stage: Stage, publish: Publish, sdist: str, error: type[BoxerError], says: str
) -> None:
    publish("alpha", "1.0", sdist=sdist)
    before = stage.tree.digest()
    with pytest.raises(error) as raised:
        stage.run("pip install alpha")
    assert "alpha-1.0" in raised.value.message
    assert says in raised.value.message
    assert str(raised.value.where) == "Dockerfile:7"
    assert raised.value.hint
    assert stage.tree.digest() == before


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("pycurl", NativePackageError, r"`pycurl 1\.0` cannot run in a box: .* over libcurl"),
        ("alpha", ResolutionError, "fails when it is asked what it needs: RuntimeError: no curl$"),
    ],
)
def test_source_that_cannot_be_asked_what_it_needs_is_named(
    stage: Stage, publish: Publish, tmp_path: Path, name: str, error: type[BoxerError], said: str
) -> None:
    files = {
        "pyproject.toml": PROJECT.format(name=name, version="1.0", dependencies="").replace(
            "dependencies = []", 'dynamic = ["dependencies"]'
        ),
        "backend.py": "raise RuntimeError('no curl')",
    }
    with tarfile.open(tmp_path / "index" / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            header = tarfile.TarInfo(f"{name}-1.0/{path}")
            header.size = len(text)
            archive.addfile(header, io.BytesIO(text.encode()))
    with pytest.raises(error, match=said):
        stage.run(f"pip install {name}==1.0")


def test_a_package_with_native_wheels_only_is_refused(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    with pytest.raises(NativePackageError, match=r"`alpha 1\.0` has files for other machines only"):
        stage.run("pip install alpha")


def test_a_package_known_to_be_native_is_refused_with_what_to_use(
    stage: Stage, publish: Publish
) -> None:
    publish("mysqlclient", "2.9", sdist="always")
    with pytest.raises(NativePackageError) as error:
        stage.run("pip install mysqlclient")
    assert "PyMySQL" in (error.value.hint or "")


def test_a_package_is_built_from_the_source_of_another_name(stage: Stage, publish: Publish) -> None:
    publish("psycopg_binary", "3.2", tag="cp313-cp313-manylinux_2_17_x86_64")
    publish("psycopg", "3.2")
    publish("psycopg_c", "3.2")
    stage.run("pip install psycopg psycopg-binary")
    listed = stage.run("pip list")
    assert "psycopg_c" in listed
    assert "binary" not in listed
    assert "`psycopg-binary` is built from the source of `psycopg-c`" in stage.heard.notices[0]
    assert len(stage.heard.notices) == 1
    stage.run("pip install psycopg psycopg-binary")
    assert len(stage.heard.notices) == 1


def test_without_that_source_it_is_refused_under_its_own_name(
    stage: Stage, publish: Publish
) -> None:
    publish("psycopg_binary", "3.2", tag="cp313-cp313-manylinux_2_17_x86_64")
    publish("psycopg_c", "3.1")
    with pytest.raises(NativePackageError, match=r"`psycopg-binary 3\.2` cannot run in a box"):
        stage.run("pip install psycopg-binary")


def test_a_package_brings_another_beside_it(stage: Stage, publish: Publish) -> None:
    publish("psycopg", "3.2")
    publish("psycopg_c", "3.2")
    publish("psycopg_c", "3.3")
    stage.run("pip install psycopg")
    assert "psycopg_c==3.2" in stage.run("pip freeze")
    assert "`psycopg-c` is installed beside `psycopg`" in stage.heard.notices[0]


def test_all_that_is_refused_is_told_at_once_and_who_needs_it(
    stage: Stage, publish: Publish
) -> None:
    publish("alpha", "1.0", requires=("beta",))
    publish("beta", "1.0", requires=("mysqlclient",))
    publish("mysqlclient", "2.9", sdist="always")
    publish("tensorflow", "2.0", sdist="always")
    with pytest.raises(NativePackageError) as error:
        stage.run("pip install alpha tensorflow")
    assert error.value.message.startswith("`tensorflow 2.0` cannot run in a box")
    own, also = (error.value.hint or "").split("\n")
    assert "network" in own
    assert also.startswith(
        "Also: `mysqlclient 2.9` cannot run in a box: it is native code (C) over libmysqlclient."
        " `alpha` needs `beta`, which needs it."
    )
    assert "PyMySQL" in also


def test_a_build_that_fails_names_the_next_version_made_for_this_python(
    stage: Stage, publish: Publish
) -> None:
    publish("alpha", "1.0", sdist="always")
    publish("alpha", "1.5", tag="cp39-cp39-manylinux_2_17_x86_64")
    publish("alpha", "2.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    publish("alpha", "2.1", tag="cp313-cp313-manylinux_2_17_x86_64")
    with pytest.raises(PackageBuildError) as error:
        stage.run("pip install alpha==1.0")
    assert "`alpha 2.0` is the next version" in (error.value.hint or "")


@pytest.mark.parametrize(
    ("packages", "left_out"),
    [
        ("uvicorn", True),  # what another package brings
        ("uvicorn uvloop==0.19", True),  # what a list of all that was installed names
        ("uvloop", False),
    ],
)
def test_a_native_package_that_another_does_without_is_left_out(
    stage: Stage, publish: Publish, packages: str, left_out: bool
) -> None:
    publish("uvicorn", "1.0", requires=("uvloop",))
    publish("uvloop", "0.19", sdist="always")
    if not left_out:
        with pytest.raises(NativePackageError, match=r"uvloop 0\.19"):
            stage.run(f"pip install {packages}")
        return
    stage.run(f"pip install {packages}")
    assert stage.tree.get(f"{SITE}/uvicorn") is not None
    assert "`uvloop`: not installed" in stage.heard.notices[0]
    assert stage.heard.hints[0] == "It is slower, and lacks nothing else."


@pytest.mark.parametrize(
    ("asked", "left_out"),
    [
        ("mcp", True),
        ("--no-deps mcp==1.0 pyjwt==2.0 cryptography==45.0", True),  # all of a lock file
        ("--no-deps mcp==1.0 pyjwt==2.0 cryptography==45.0 pydantic==1.10.2", True),
        ("mcp 'pyjwt[crypto]'", False),
        ("'pyjwt[crypto]'", False),
        ("mcp cryptography", False),
        ("mcp alpha", False),
        ("'python-jose[cryptography]'", True),
        ("'python-jose[cryptography]' cryptography", False),
    ],
)
def test_a_native_package_that_is_needed_through_one_that_does_without_is_left_out(
    stage: Stage, publish: Publish, asked: str, left_out: bool
) -> None:
    publish("pydantic", "1.10.2")
    publish("pydantic", "1.10.18")  # takes its place
    publish("mcp", "1.0", requires=("pyjwt[crypto]",))
    publish("pyjwt", "2.0", requires=("cryptography; extra == 'crypto'",))
    publish("python_jose", "3.0", requires=("cryptography; extra == 'cryptography'",))
    publish("alpha", "1.0", requires=("cryptography",))
    publish("cryptography", "45.0", sdist="always", requires=("cffi",))
    publish("cffi", "1.0")
    if left_out:
        stage.run(f"pip install {asked}")
        assert any("`cryptography`: not installed" in n for n in stage.heard.notices)
        assert stage.tree.get(f"{SITE}/cffi") is None
        brought = "python_jose-3.0" if "jose" in asked else "pyjwt-2.0"
        assert stage.tree.get(f"{SITE}/{brought}.dist-info") is not None
    else:
        with pytest.raises(NativePackageError, match=r"`cryptography 45\.0`"):
            stage.run(f"pip install {asked}")


def test_what_is_lost_with_a_package_that_is_left_out_is_told(
    stage: Stage, publish: Publish
) -> None:
    publish("sqlalchemy", "2.0", requires=("greenlet",))
    publish("greenlet", "3.0", sdist="always")
    stage.run("pip install sqlalchemy greenlet==3.0")
    assert "sqlalchemy.ext.asyncio" in (stage.heard.hints[0] or "")


@pytest.mark.parametrize(
    ("asked", "code", "brought"),
    [
        ("3.9", "import cgi", "legacy-cgi"),
        ("3.12", "from cgi import escape", "legacy-cgi"),
        ("3.11", "import json, asyncore", "standard-asyncore"),
        ("3.8", "import pkg_resources.extern", "setuptools"),
        ("3.12", "import asyncore", None),  # 3.12 had not it either
        ("", "import cgi", None),  # the Dockerfile asks for the box's own
        ("3.9", "try:\n    import cgi\nexcept ImportError: cgi = None", None),
        ("3.9", "def f():\n    import cgi", None),
        ("3.9", "from . import cgi", None),
        ("3.9", "import cgi_tools", None),
        ("3.9", "import (", None),
    ],
)
def test_what_only_an_older_python_has_is_installed_for_a_package_of_its_time(
    stage: Stage, publish: Publish, asked: str, code: str, brought: str | None
) -> None:
    publish("alpha", "1.0", code=f"{code}\n")
    for name, version in (
        ("legacy_cgi", "2.6"),
        ("standard_asyncore", "3.13"),
        ("setuptools", "80.9"),
    ):
        publish(name, version)
    publish("setuptools", "82.0")
    stage.python_asked = asked
    stage.run("pip install alpha")
    found = {line for line in stage.run("pip freeze --all").split("\n") if line}
    names = {line.partition("==")[0].replace("_", "-") for line in found}
    assert names == {"alpha"} | ({brought} if brought else set())
    assert "setuptools==82.0" not in found
    assert bool(stage.heard.notices) == bool(brought)


def test_a_package_that_brings_old_modules_by_itself_is_of_a_version_that_has_them(
    stage: Stage, publish: Publish
) -> None:
    publish("alpha", "1.0", requires=("setuptools>=3",), code="import pkg_resources\n")
    publish("setuptools", "80.9")
    publish("setuptools", "82.0")
    stage.python_asked = "3.9"
    stage.run("pip install alpha")
    assert "setuptools==80.9" in stage.run("pip freeze --all")


@pytest.mark.parametrize(
    ("lines", "installed"),
    [
        ("six==1.15.0", {"six": "1.17.0"}),
        ("six==1.16.0", {"six": "1.16.0"}),
        ("six[x]~=1.12.0 ; sys_platform == 'linux'\nalpha", {"six": "1.17.0", "alpha": "1.0"}),
        # what pins it, too, is asked for another version, and its own pins are let go
        ("requests==2.24.0\nidna==2.10", {"requests": "2.25.1", "idna": "3.0"}),
        (
            "pydantic==2.9.2\npydantic_core==2.23.4",
            {"pydantic": "2.14.0", "pydantic-core": "2.50.4"},
        ),
        ("bcrypt==4.0.1", {"bcrypt": "3.2.2"}),
        ("bcrypt==5.0.0", {"bcrypt": "3.2.2"}),
        # somebody else pins it
        ("omega", {"omega": "1.0", "six": "1.15.0"}),
    ],
)
def test_a_version_that_cannot_run_is_replaced_by_one_that_can(
    stage: Stage, publish: Publish, lines: str, installed: dict[str, str]
) -> None:
    for version in ("1.12.0", "1.15.0", "1.16.0", "1.17.0"):
        publish("six", version)
    for version in ("3.2.2", "4.0.1", "5.0.0"):
        publish("bcrypt", version, sdist="pure")
    publish("alpha", "1.0", requires=("six",))
    publish("omega", "1.0", requires=("six<1.16",))
    publish("requests", "2.24.0", requires=("idna<3",))
    publish("requests", "2.25.1", requires=("idna",))
    publish("idna", "2.10")
    publish("idna", "3.0")
    publish("pydantic", "2.9.2", requires=("pydantic-core==2.23.4",))
    publish("pydantic", "2.14.0", requires=("pydantic-core==2.50.4",))
    publish("pydantic_core", "2.23.4", sdist="always")
    publish("pydantic_core", "2.50.4", tag=EMSCRIPTEN)
    publish("pydantic_core", "2.50.4", sdist="always")
    stage.tree.add_file("/r.txt", lines.encode())
    stage.run("pip install -r /r.txt")
    found = dict(line.split("==") for line in stage.run("pip freeze").split())
    assert {name.replace("_", "-"): version for name, version in found.items()} == installed
    told = [note for note in stage.heard.notices if "in its place" in note]
    assert bool(told) == ("1.16.0" not in lines and "omega" not in lines)


@pytest.mark.parametrize(
    ("asked", "installed"),
    [
        ("bot", {"bot": "3.1", "pydantic": "2.14.0", "pydantic_core": "2.50.4"}),
        ("bot==3.0", {"bot": "3.0", "pydantic": "2.14.0", "pydantic_core": "2.50.4"}),
        ("bot==2.0", {"bot": "2.0"}),
        ("bot[mail]", {"bot": "3.1", "pydantic": "2.14.0", "pydantic_core": "2.50.4",
                       "email_validator": "1.0"}),
        # nobody has to step back
        ("shop", {"shop": "1.0", "pydantic": "2.14.0", "pydantic_core": "2.50.4"}),
    ],
)  # fmt: skip
def test_a_version_that_must_be_is_taken_whatever_others_say_of_it(
    stage: Stage, publish: Publish, asked: str, installed: dict[str, str]
) -> None:
    publish("bot", "2.0")
    mail = "pydantic[email]<2.10; extra == 'mail'"
    for version in ("3.0", "3.1"):
        publish("bot", version, requires=("pydantic>=2.4,<2.10", mail))
    publish("shop", "1.0", requires=("pydantic",))
    publish("email_validator", "1.0")
    email = "email-validator; extra == 'email'"
    publish("pydantic", "2.9.2", requires=("pydantic-core==2.23.4", email))
    publish("pydantic", "2.14.0", requires=("pydantic-core==2.50.4", email))
    publish("pydantic_core", "2.23.4", sdist="always")
    publish("pydantic_core", "2.50.4", tag=EMSCRIPTEN)
    publish("pydantic_core", "2.50.4", sdist="always")
    stage.run(f"pip install '{asked}'")
    assert dict(line.split("==") for line in stage.run("pip freeze").split()) == installed


def test_what_a_project_pins_itself_is_replaced_too(stage: Stage, publish: Publish) -> None:
    for version in ("1.15.0", "1.17.0"):
        publish("six", version)
    for path, text in project_files("shop", "1.0", requires=("six==1.15.0",)).items():
        stage.tree.add_file(f"/srv/{path}", text.encode())
    stage.run("pip install /srv")
    assert _version(stage.tree, "six") == "1.17.0"


def test_a_lock_of_all_versions_is_asked_for_what_a_replaced_one_needs(
    stage: Stage, publish: Publish
) -> None:
    publish("six", "1.15.0")
    publish("six", "1.17.0", requires=("beta",))
    publish("beta", "1.0")
    digest = hashlib.sha256(b"").hexdigest()
    stage.tree.add_file("/r.txt", f"six==1.15.0 --hash=sha256:{digest}".encode())
    stage.run("pip install --no-deps -r /r.txt")
    assert _version(stage.tree, "six") == "1.17.0"
    assert _version(stage.tree, "beta") == "1.0"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_requirements_of_any_encoding_with_a_mark_are_read(
    stage: Stage, publish: Publish, encoding: str
) -> None:
    publish("alpha", "1.0")
    stage.tree.add_file("/r.txt", "# \u00e4\r\nalpha==1.0\r\n".encode(encoding))
    stage.run("pip install -r /r.txt")
    assert _version(stage.tree, "alpha") == "1.0"


def test_a_package_in_rust_that_was_tried_comes_as_its_webassembly_wheel(
    stage: Stage, publish: Publish
) -> None:
    publish("jiter", "0.19.0", tag=EMSCRIPTEN)
    publish("jiter", "0.19.0", tag="cp313-cp313-manylinux_2_17_x86_64")
    publish("jiter", "0.19.0", sdist="always")
    stage.run("pip install jiter")
    assert _version(stage.tree, "jiter") == "0.19.0"
    assert stage.tree.get(f"{SITE}/jiter/_native.so") is None


def test_a_version_with_a_webassembly_wheel_is_preferred(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0", requires=("pydantic_core==2.49.0",))
    publish("alpha", "1.1", requires=("pydantic_core==2.50.3",))
    publish("pydantic_core", "2.49.0", tag=EMSCRIPTEN)
    publish("pydantic_core", "2.49.0", sdist="always")
    publish("pydantic_core", "2.50.3", sdist="always")
    written = stage.run("pip install alpha")
    assert written == "Successfully installed alpha-1.0 pydantic_core-2.49.0\n"


def test_a_version_without_one_is_refused_with_those_that_work(
    stage: Stage, publish: Publish
) -> None:
    publish("pydantic_core", "2.14.1", sdist="always")
    with pytest.raises(NativePackageError, match=r"`>=2\.47\.0,!=2\.50\.3` only") as error:
        stage.run("pip install pydantic_core==2.14.1")
    assert "pydantic>=2.14" in (error.value.hint or "")


def test_a_webassembly_wheel_of_a_package_that_was_not_tried_is_not_taken(
    stage: Stage, publish: Publish
) -> None:
    publish("alpha", "1.0", tag=EMSCRIPTEN)
    publish("alpha", "1.0", sdist="always")
    with pytest.raises(PackageBuildError):
        stage.run("pip install alpha")


@pytest.mark.parametrize("packages", ["missing", "'alpha>1'", "alpha beta"])
def test_what_cannot_be_found_together_stops_with_the_resolvers_reason(
    stage: Stage, publish: Publish, packages: str
) -> None:
    publish("alpha", "1.0", requires=("gamma<2",))
    publish("beta", "1.0", requires=("gamma>=2",))
    publish("gamma", "1.0")
    publish("gamma", "2.0")
    before = stage.tree.digest()
    with pytest.raises(ResolutionError) as error:
        stage.run(f"pip install {packages}")
    assert str(error.value.where) == "Dockerfile:7"
    assert "/tmp" not in error.value.message
    assert stage.tree.digest() == before


# --- projects of the box -----------------------------------------------------------------------


def _project(stage: Stage, folder: str, **options: object) -> None:
    for name, text in project_files("mine", "0.1", **options).items():  # type: ignore[arg-type]
        stage.tree.add_file(f"{folder}/{name}", text.encode())


@pytest.mark.parametrize(
    "form", ["cd /app && pip install .", "pip install /app", "cd /; pip install ./app"]
)
def test_a_project_folder_is_built_and_installed(stage: Stage, publish: Publish, form: str) -> None:
    publish("beta", "1.0")
    _project(stage, "/app", requires=("beta",))
    stage.run(form)
    assert stage.run("pip freeze") == "beta==1.0\nmine==0.1\n"
    assert stage.tree.get("/usr/local/bin/mine") is not None


def test_an_editable_project_is_imported_from_where_it_lies(stage: Stage, publish: Publish) -> None:
    _project(stage, "/app")
    stage.run("cd /app && pip install -e .")
    assert stage.tree.file(f"{SITE}/__editable__.mine-0.1.pth").data == b"/app\n"
    assert stage.tree.get(f"{SITE}/mine") is None
    assert stage.tree.get("/usr/local/bin/mine") is not None
    stage.run("pip uninstall -y mine")
    assert stage.tree.get(f"{SITE}/__editable__.mine-0.1.pth") is None


def test_local_wheels_are_installed(stage: Stage, publish: Publish) -> None:
    publish("beta", "1.0")
    data = wheel_bytes("alpha", "3.0", requires=("beta",))
    stage.tree.add_file("/w/alpha-3.0-py3-none-any.whl", data)
    stage.run("pip install /w/*.whl")
    assert stage.run("pip freeze") == "alpha==3.0\nbeta==1.0\n"


def test_a_local_wheel_with_native_code_is_refused(stage: Stage, publish: Publish) -> None:
    data = wheel_bytes("alpha", "3.0", native=True)
    stage.tree.add_file("/w/alpha-3.0-cp313-cp313-linux_x86_64.whl", data)
    with pytest.raises(NativePackageError, match=r"_native\.so"):
        stage.run("pip install /w/alpha-3.0-cp313-cp313-linux_x86_64.whl")
    stage.tree.add_file("/w/bad-1-py3-none-any.whl", b"not a wheel")
    with pytest.raises(BadWheelError) as error:
        stage.run("pip install /w/bad-1-py3-none-any.whl")
    assert str(error.value.where) == "Dockerfile:7"


def test_wheels_of_one_stage_are_installed_in_another(stage: Stage, publish: Publish) -> None:
    publish("alpha", "1.0", requires=("beta",))
    publish("beta", "1.0", sdist="tag")
    stage.tree.add_file("/r.txt", b"alpha\n")
    stage.run("pip wheel --no-cache-dir --wheel-dir /wheels -r /r.txt")
    names = {path for path, _ in stage.tree.walk("/wheels")}
    assert names == {"/wheels", "/wheels/alpha-1.0-py3-none-any.whl",
                     "/wheels/beta-1.0-py3-none-any.whl"}  # fmt: skip
    stage.run("pip install --no-index --find-links=/wheels -r /r.txt && rm -r /wheels")
    assert stage.run("pip freeze") == "alpha==1.0\nbeta==1.0\n"


# --- the real index ----------------------------------------------------------------------------


@pytest.mark.network
def test_flask_installs_with_a_markupsafe_without_its_native_part(stage: Stage) -> None:
    stage.run("pip install --no-cache-dir flask==3.1.* markdown")
    assert stage.tree.get(f"{SITE}/markupsafe/__init__.py") is not None
    assert stage.tree.get("/usr/local/bin/flask") is not None
    natives = [path for path, _ in stage.tree.walk(SITE) if path.endswith(".so")]
    assert natives == []


@pytest.mark.network
def test_a_package_that_does_not_exist_stops_the_build(stage: Stage) -> None:
    with pytest.raises(
        ResolutionError, match="There is no package `no-such-package-of-boxers-tests`"
    ):
        stage.run("pip install no-such-package-of-boxers-tests")


def test_the_newest_version_that_works_is_taken(stage: Stage, publish: Publish) -> None:
    publish("matplotlib", "3.10.9")
    publish("matplotlib", "3.11.2", sdist="always")
    stage.run("pip install matplotlib")
    assert _version(stage.tree, "matplotlib") == "3.10.9"


def test_a_pinned_version_that_does_not_work_is_refused(stage: Stage, publish: Publish) -> None:
    publish("matplotlib", "3.11.2", sdist="always")
    with pytest.raises(NativePackageError, match=r"from 3\.11 on") as error:
        stage.run("pip install matplotlib==3.11.2")
    assert error.value.hint == "Ask for `matplotlib<3.11`."


@pytest.mark.parametrize("wanted", ["jsonschema", "rpds-py==0.30.0"])
def test_a_module_of_ours_stands_in_for_a_package_in_rust(
    stage: Stage, publish: Publish, wanted: str
) -> None:
    publish("jsonschema", "4.26.0", requires=("rpds-py>=0.25",))
    publish("rpds-py", "0.30.0", sdist="always")
    stage.run(f"pip install '{wanted}'")
    assert "rpds-py==0.30.0" in stage.run("pip freeze")
    assert b"class HashTrieMap" in stage.tree.file(f"{SITE}/rpds/__init__.py").data
    assert stage.heard.notices[0].startswith("`rpds-py` is native code (Rust): a module")


def test_without_the_rust_compiler_what_cannot_be_avoided_says_how_it_is_made(
    stage: Stage, publish: Publish
) -> None:
    publish("passlib", "1.7.4", requires=("bcrypt>=3",))
    for version in ("4.2.0", "5.0.0"):
        publish("bcrypt", version, sdist="always")
    with pytest.raises(NativePackageError, match=r"`bcrypt 4\.2\.0` has Rust in it") as error:
        stage.run("pip install passlib")
    assert "`make rust`" in (error.value.hint or "")


@pytest.mark.parametrize(
    ("asked", "has_rust", "taken"),
    [
        ("passlib", False, "bcrypt 3.2.2"),
        ("passlib", True, "bcrypt 4.2.0"),
        ("bcrypt==4.2.0", False, "bcrypt 4.2.0"),
    ],
)
def test_versions_without_rust_are_looked_for_where_it_was_not_made(
    publish: Publish, asked: str, has_rust: bool, taken: str
) -> None:
    publish("passlib", "1.7.4", requires=("bcrypt>=3",))
    for version in ("3.2.2", "4.2.0", "5.0.0"):
        publish("bcrypt", version, sdist="always")
    environment = index_environment({}, {})
    limits = list(working_versions(has_rust=has_rust))
    found, _ = resolve_what_works(Question([asked], PYTHON.series), environment, None, limits)
    assert f"{found[0].name} {found[0].version}" == taken


@pytest.mark.parametrize(
    ("has_rust", "taken"),
    [
        (True, ["jsonschema 4.25.1", "rpds-py 0.21.0"]),
        (False, ["jsonschema 4.26.0", "rpds-py 0.30.0"]),
    ],
)
def test_packages_in_rust_are_taken_where_they_can_be_built(
    publish: Publish, has_rust: bool, taken: list[str]
) -> None:
    publish("jsonschema", "4.17.3")
    publish("jsonschema", "4.25.1", requires=("rpds-py>=0.7",))
    publish("jsonschema", "4.26.0", requires=("rpds-py>=0.25",))
    for version in ("0.21.0", "0.30.0"):
        publish("rpds-py", version, sdist="always")
    environment = index_environment({}, {})
    limits = list(working_versions(has_rust=has_rust))
    found, _ = resolve_what_works(
        Question(["jsonschema"], PYTHON.series), environment, None, limits
    )
    assert [f"{package.name} {package.version}" for package in found] == taken


def test_a_constraint_needs_no_package(publish: Publish) -> None:
    publish("alpha", "1.0", ("beta",))
    publish("beta", "1.0")
    publish("beta", "2.0")
    question = Question(["alpha"], PYTHON.series, constraints=["beta<2"])
    assert requirers(question, index_environment({}, {})) == {"alpha": [ASKED], "beta": ["alpha"]}


@pytest.mark.parametrize(
    ("name", "version", "has_rust", "goes"),
    [
        ("greenlet", "3.5.6", False, False),  # in C, and it works
        ("greenlet", "3.0.0", False, True),
        ("cryptography", "49.0.0", False, True),
        ("cryptography", "49.0.0", True, False),
        ("cryptography", "50.0.0", True, True),
        ("uvloop", "0.22.1", True, True),
    ],
)
def test_what_works_is_not_left_out(name: str, version: str, has_rust: bool, goes: bool) -> None:
    users = users_without(Locked(name, version), PYTHON.series, has_rust=has_rust)
    assert bool(users) == goes
