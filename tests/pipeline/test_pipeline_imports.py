from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.boxfile import ImageConfig
from boxer.filetree import Tree
from boxer.pipeline.entry import Entry, find_entry
from boxer.pipeline.imports import program_imports

LIBRARY = "/usr/local/lib/python3.13"
STANDARD = (
    "json/__init__.py", "json/decoder.py", "os.py", "re/__init__.py", "csv.py", "this.py",
    "multiprocessing/__init__.py", "typing.py", "decimal.py",
)  # fmt: skip


def python_tree(files: Mapping[str, str] | None = None) -> Tree:
    """A tree with a python, a few modules of the library, and files below /app."""
    tree = Tree()
    tree.add_file("/usr/local/bin/python3.13", b"#!boxer python\n", mode=0o755)
    tree.add_symlink("/usr/local/bin/python", "python3.13")
    for name in STANDARD:
        tree.add_file(f"{LIBRARY}/{name}", b"import os\n")
    tree.make_directories(f"{LIBRARY}/site-packages")
    for path, text in (files or {}).items():
        tree.add_file(f"/app/{path}", text.encode())
    return tree


def found(tree: Tree, *command: str, config: ImageConfig | None = None) -> tuple[str, ...]:
    settings = config or ImageConfig(cmd=command, working_dir="/app")
    return program_imports(settings, tree, LIBRARY).standard


@pytest.mark.parametrize(
    ("command", "entry"),
    [
        (("python", "main.py", "-c", "x"), Entry("/app", script="/app/main.py")),
        (("python", "-u", "-X", "dev", "/srv/a.py"), Entry("/srv", script="/srv/a.py")),
        (("python", "-m", "pkg", "arg"), Entry("/app", module="pkg")),
        (("/usr/local/bin/python3.13", "-c", "import os"), Entry("/app", code="import os")),
        (("/bin/sh", "-c", "exec python main.py > log"), Entry("/app", script="/app/main.py")),
        (("tool", "arg"), Entry("/usr/local/bin", script="/usr/local/bin/tool")),
        (("./run", "arg"), Entry("/app", script="/app/run")),
        (("python",), None),
        (("python", "-"), None),
        (("python", "-m"), None),
        (("missing",), None),
        (("/bin/sh", "-c", "python 'unclosed"), None),
        (("loop",), None),
        ((), None),
    ],
)
def test_default_command_is_understood(command: tuple[str, ...], entry: Entry | None) -> None:
    tree = python_tree()
    tree.add_file("/usr/local/bin/tool", b"#!/usr/local/bin/python\nimport os\n", mode=0o755)
    tree.add_file("/app/run", b"#!/usr/bin/env python3\n", mode=0o755)
    tree.add_symlink("/usr/local/bin/loop", "loop")
    assert find_entry(ImageConfig(cmd=command, working_dir="/app"), tree) == entry


def test_entrypoint_and_command_are_one_line() -> None:
    config = ImageConfig(entrypoint=("python", "-m"), cmd=("pkg",))
    assert find_entry(config, python_tree()) == Entry("/", module="pkg")


def test_imports_are_followed_through_the_users_modules() -> None:
    tree = python_tree(
        {
            "main.py": "import helper\nfrom pkg import part\n",
            "helper.py": "import json\n",
            "pkg/__init__.py": "",
            "pkg/part.py": "from . import other\n",
            "pkg/other.py": "from re import compile\n",
            "unused.py": "import csv\n",
        }
    )
    assert found(tree, "python", "main.py") == ("json", "re")


def test_imports_are_followed_through_site_packages() -> None:
    tree = python_tree({"main.py": "import lib\n"})
    tree.add_file(f"{LIBRARY}/site-packages/lib.py", b"import csv\n")
    assert found(tree, "python", "main.py") == ("csv",)


def test_module_and_its_main_are_read() -> None:
    tree = python_tree({"tool/__init__.py": "import re\n", "tool/__main__.py": "import csv\n"})
    assert found(tree, "python", "-m", "tool") == ("csv", "re")


def test_module_of_the_library_that_is_run_is_read_not_imported() -> None:
    tree = python_tree()
    tree.add_file(f"{LIBRARY}/json/tool.py", b"import csv\n")
    assert found(tree, "python", "-m", "json.tool") == ("csv", "json")


def test_submodules_of_the_library_are_named() -> None:
    assert found(python_tree(), "python", "-c", "from json import decoder") == (
        "json",
        "json.decoder",
    )


def test_what_runs_later_or_never_is_left_out() -> None:
    source = (
        "from typing import TYPE_CHECKING\n"
        "def f():\n    import csv\n"
        "if TYPE_CHECKING:\n    import decimal\nelse:\n    import json\n"
        "try:\n    import re\nexcept ImportError:\n    import nope\n"
    )
    assert found(python_tree(), "python", "-c", source) == ("json", "re", "typing")


def test_modules_with_effects_are_left_to_the_run() -> None:
    assert found(python_tree(), "python", "-c", "import this, os") == ("os",)


def test_users_own_module_hides_the_librarys() -> None:
    tree = python_tree({"main.py": "import csv\n", "csv.py": "import re\n"})
    assert found(tree, "python", "main.py") == ("re",)


def test_pythonpath_is_searched() -> None:
    tree = python_tree({"main.py": "import lib\n"})
    tree.add_file("/srv/lib.py", b"import csv\n")
    config = ImageConfig(env=("PYTHONPATH=/srv",), cmd=("python", "main.py"), working_dir="/app")
    assert found(tree, config=config) == ("csv",)


def test_circles_end() -> None:
    tree = python_tree({"a.py": "import b\n", "b.py": "import a, re\n"})
    assert found(tree, "python", "a.py") == ("re",)


@given(source=st.text() | st.binary())
def test_no_source_fails_a_build(source: str | bytes) -> None:
    tree = python_tree()
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    tree.add_file("/app/main.py", data)
    found(tree, "python", "main.py")
    if isinstance(source, str):
        found(tree, "python", "-c", source)


@given(argv=st.lists(st.text() | st.sampled_from(["python", "-m", "-c", "sh", "-W"]), max_size=4))
def test_no_command_fails_a_build(argv: list[str]) -> None:
    found(python_tree(), *argv)


ENTRY = """#!/bin/sh
# json is not called
set -e
echo "starting
on two lines"
if [ "$X" = y ]; then
    PORT=1 exec python -m migrate; tool serve \\
        --app shop.wsgi:application
fi
exec "$@"
"""
FILES = {
    "entry.sh": ENTRY,
    "shop/__init__.py": "",
    "shop/wsgi.py": "import csv",
    "shop/settings.py": "import decimal",
    "migrate.py": "import typing",
    "app.py": "import json",
    "json.txt": "",
}


@pytest.mark.parametrize(
    ("entrypoint", "command", "variables", "imports"),
    [
        ((), ("tool", "shop.wsgi:application"), (), {"csv", "os"}),
        ((), ("tool", "--app=shop.wsgi"), (), {"csv", "os"}),
        ((), ("tool", "app:create(x=1)"), (), {"json", "os"}),
        ((), ("tool", "app.py"), (), {"json", "os"}),
        ((), ("tool", "json"), (), {"os"}),  # not the program's own
        (
            (),
            ("tool", "run"),
            ("CONF=shop.settings", "FLASK_APP=app.py"),
            {"decimal", "json", "os"},
        ),
        ((), ("/bin/sh", "-c", "tool a & exec tool shop.wsgi:app"), (), {"csv", "os"}),
        (("./entry.sh",), ("tool", "app:app"), (), {"csv", "json", "os", "typing"}),
        (("sh", "entry.sh"), (), (), {"csv", "os", "typing"}),
        (("sh", "-eu", "/app/entry.sh"), (), (), {"csv", "os", "typing"}),
        (("echo",), ("app:app",), (), set()),
        (("./missing.sh",), ("tool",), (), set()),
    ],
)
def test_what_a_script_starts_and_what_arguments_name_is_followed(
    entrypoint: tuple[str, ...],
    command: tuple[str, ...],
    variables: tuple[str, ...],
    imports: set[str],
) -> None:
    tree = python_tree(FILES)
    tree.add_file("/usr/local/bin/tool", b"#!/usr/local/bin/python\nimport os\n", mode=0o755)
    tree.add_file("/bin/sh", b"#!boxer sh\n", mode=0o755)
    tree.add_file("/bin/echo", b"#!boxer echo\n", mode=0o755)
    config = ImageConfig(entrypoint=entrypoint, cmd=command, env=variables, working_dir="/app")
    assert set(found(tree, config=config)) == imports
