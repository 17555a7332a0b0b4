"""Wheels: read, put into a tree, taken out; and those that mean harm."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boxer.errors import BadWheelError
from boxer.filetree import File, Tree
from boxer.packages.placement import install, uninstall
from boxer.packages.prefix import Prefix, installed, license_of, parse_metadata
from boxer.packages.wheel import read_wheel
from tests.pythons import PYTHON

SITE = "/usr/local/lib/python3.13/site-packages"
INFO = "demo-1.0.dist-info"


def _wheel(files: Mapping[str, str | bytes], record: bool = True, info: str = INFO) -> bytes:
    """A wheel of demo 1.0 with the files, and a RECORD of them."""
    contents: dict[str, bytes] = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    for name, text in files.items():
        contents[name] = text.encode() if isinstance(text, str) else text
    rows = []
    for name, data in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(data)}\n")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
        if record:
            archive.writestr(f"{info}/RECORD", "".join(rows) + f"{info}/RECORD,,\n")
    return buffer.getvalue()


def _install(files: Mapping[str, str | bytes], tree: Tree | None = None, epoch: int = 0) -> Tree:
    tree = tree if tree is not None else Tree()
    wheel = read_wheel(_wheel(files), "demo-1.0-py3-none-any.whl")
    install(tree, Prefix.of_base(PYTHON), wheel, (0, 0), epoch, requested=True)
    return tree


def test_files_go_where_the_specification_says() -> None:
    tree = _install(
        {
            "demo/__init__.py": "x = 1\n",
            "demo-1.0.data/purelib/pure.py": "1",
            "demo-1.0.data/platlib/plat.py": "2",
            "demo-1.0.data/scripts/tool": "#!python -u\nprint(1)\n",
            "demo-1.0.data/scripts/shell": "#!/bin/sh\n",
            "demo-1.0.data/data/share/demo/d.txt": "3",
            "demo-1.0.data/headers/demo.h": "4",
        },
        epoch=1234,
    )
    assert tree.file(f"{SITE}/demo/__init__.py").data == b"x = 1\n"
    assert tree.file(f"{SITE}/pure.py").data == b"1"
    assert tree.file(f"{SITE}/plat.py").data == b"2"
    tool = tree.file("/usr/local/bin/tool")
    assert tool.data == b"#!/usr/local/bin/python3.13 -u\nprint(1)\n"
    assert tool.mode == 0o755
    assert tree.file("/usr/local/bin/shell").data == b"#!/bin/sh\n"
    assert tree.file("/usr/local/share/demo/d.txt").data == b"3"
    assert tree.file("/usr/local/include/python3.13/demo/demo.h").data == b"4"
    assert tree.file(f"{SITE}/{INFO}/INSTALLER").data == b"pip\n"
    assert tree.get(f"{SITE}/{INFO}/REQUESTED") is not None
    assert {node.mtime for _, node in tree.walk(SITE) if isinstance(node, File)} == {1234}


def test_console_scripts_are_made() -> None:
    tree = _install({f"{INFO}/entry_points.txt": "[console_scripts]\ndemo = demo.cli:App.main\n"})
    script = tree.file("/usr/local/bin/demo")
    assert script.mode == 0o755
    lines = script.data.decode().splitlines()
    assert lines[0] == "#!/usr/local/bin/python3.13"
    assert "from demo.cli import App" in lines
    assert "    sys.exit(App.main())" in lines


def test_record_lists_every_file_sorted_with_its_digest() -> None:
    tree = _install(
        {
            "demo/a.py": "a",
            f"{INFO}/entry_points.txt": "[console_scripts]\ndemo = demo:main\n",
        }
    )
    rows = tree.file(f"{SITE}/{INFO}/RECORD").data.decode().splitlines()
    assert rows == sorted(rows)
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"a").digest()).rstrip(b"=").decode()
    assert f"demo/a.py,sha256={digest},1" in rows
    assert any(row.startswith("../../../bin/demo,sha256=") for row in rows)
    assert f"{INFO}/RECORD,," in rows


def test_the_same_wheel_gives_the_same_tree() -> None:
    files = {"b.py": "1", "a.py": "2"}
    assert _install(files).digest() == _install(files).digest()


def test_uninstalling_takes_away_what_was_installed_and_no_more() -> None:
    tree = Tree()
    tree.add_file(f"{SITE}/other.py", b"")
    tree.add_file(f"{SITE}/demo/mine.txt", b"not of the wheel")
    before = tree.digest()
    _install({"demo/a.py": "", "demo/sub/b.py": "", "demo-1.0.data/scripts/tool": "x"}, tree)
    tree.add_file(f"{SITE}/demo/sub/__pycache__/b.cpython-313.pyc", b"")
    uninstall(tree, Prefix.of_base(PYTHON), installed(tree, Prefix.of_base(PYTHON))["demo"])
    tree.remove("/usr/local/bin")
    assert tree.digest() == before


def test_uninstalling_removes_nothing_outside_the_prefix() -> None:
    tree = _install({"demo.py": ""})
    tree.add_file("/etc/passwd", b"root")
    record = tree.file(f"{SITE}/{INFO}/RECORD")
    record.data += (
        b"../../../../../etc/passwd,,\n/etc/passwd,,\n../../../../../../../etc/passwd,,\n"
    )
    uninstall(tree, Prefix.of_base(PYTHON), installed(tree, Prefix.of_base(PYTHON))["demo"])
    assert tree.file("/etc/passwd").data == b"root"
    assert tree.get(f"{SITE}/demo.py") is None


def test_byte_code_of_a_wheel_is_left_out() -> None:
    tree = _install({"demo/__pycache__/x.cpython-313.pyc": b"0", "demo/x.py": "1"})
    assert tree.get(f"{SITE}/demo/x.py") is not None
    assert tree.get(f"{SITE}/demo/__pycache__") is None
    assert "__pycache__" not in tree.file(f"{SITE}/{INFO}/RECORD").data.decode()


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "demo/../../evil.py",
        "/etc/passwd",
        "demo\\..\\evil.py",
        "./evil.py",
        "a//b.py",
        "demo-1.0.data/scripts/../../../etc/passwd",
        "demo-1.0.data/data/../../etc/passwd",
    ],
)
def test_a_wheel_that_reaches_outside_is_refused(name: str) -> None:
    with pytest.raises(BadWheelError):
        read_wheel(_wheel({name: "evil"}), "demo.whl")


@pytest.mark.parametrize(
    "files",
    [
        {"demo-1.0.data/unknown/x": "1"},
        {"demo-1.0.data/scripts": "1"},
        {"demo-1.0.data": "a file where the folder of data files should be"},
        {f"{INFO}/entry_points.txt": "[console_scripts]\n../x = a:b\n"},
        {f"{INFO}/entry_points.txt": "[console_scripts]\nx = import os; evil()\n"},
        {f"{INFO}/entry_points.txt": "[console_scripts]\nx = module\n"},
        {f"{INFO}/entry_points.txt": "not an ini file"},
        {"taken": "a file where a folder is"},
        {"away/x.py": "through a link that leads out"},
    ],
)
def test_a_wheel_with_odd_contents_is_refused_before_anything_is_written(
    files: dict[str, str],
) -> None:
    tree = Tree()
    tree.make_directories(f"{SITE}/taken")
    tree.add_symlink(f"{SITE}/away", "/etc")
    before = tree.digest()
    with pytest.raises(BadWheelError):
        _install(files, tree)
    assert tree.digest() == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a zip",
        _wheel({})[:-30],
        _wheel({f"{INFO}/WHEEL": "Wheel-Version: 2.0\n"}),
        _wheel({f"{INFO}/METADATA": "Summary: nameless\n"}),
        _wheel({"other-1.dist-info/METADATA": "Name: other\nVersion: 1\n"}),
        _wheel({}, info="demo"),
    ],
)
def test_what_is_no_wheel_is_refused(data: bytes) -> None:
    with pytest.raises(BadWheelError) as error:
        read_wheel(data, "demo-1.0-py3-none-any.whl")
    assert "demo-1.0-py3-none-any.whl" in error.value.message


def test_a_file_that_differs_from_record_is_refused() -> None:
    files = {"demo.py": "good", f"{INFO}/RECORD": "demo.py,sha256=AAAA,4\n"}
    with pytest.raises(BadWheelError, match=r"demo\.py"):
        read_wheel(_wheel(files, record=False), "demo.whl")


def test_a_name_that_is_there_twice_is_refused() -> None:
    buffer = io.BytesIO(_wheel({"demo.py": "1"}))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("demo.py", "2")
    with pytest.raises(BadWheelError, match="twice"):
        read_wheel(buffer.getvalue(), "demo.whl")


def test_a_bomb_is_refused_by_what_it_says_and_by_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("boxer.packages.wheel.MAX_BYTES", 1 << 20)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(4 << 20))
    with pytest.raises(BadWheelError, match="more than a box can hold"):
        read_wheel(buffer.getvalue(), "demo.whl")
    size = (4 << 20).to_bytes(4, "little")
    liar = buffer.getvalue().replace(size, (100).to_bytes(4, "little"))
    with pytest.raises(BadWheelError):
        read_wheel(liar, "demo.whl")


@given(st.integers(0, 10_000), st.integers(0, 255))
@example(1813, 0)  # a member without a name
def test_a_damaged_wheel_is_read_or_refused_and_nothing_else(position: int, value: int) -> None:
    data = bytearray(_wheel({"demo/__init__.py": "x = 1\n" * 20}))
    data[position % len(data)] = value
    try:
        read_wheel(bytes(data), "demo.whl")
    except BadWheelError:
        return


@pytest.mark.parametrize(
    ("name", "data", "native"),
    [
        ("demo/_speedups.so", b"", True),
        ("demo/_x.cpython-313-x86_64-linux-gnu.so", b"", True),
        ("demo/lib.so.1.2", b"", True),
        ("demo/x.pyd", b"", True),
        ("demo/tool", b"\x7fELF\2", True),
        ("demo/x.c", b"int x;", False),
        ("demo/so.py", b"", False),
        ("demo/also", b"text", False),
    ],
)
def test_native_code_is_seen_by_what_is_in_a_wheel(name: str, data: bytes, native: bool) -> None:
    wheel = read_wheel(_wheel({name: data}), "demo-1.0-cp313-cp313-linux_x86_64.whl")
    assert bool(wheel.native_files()) == native


@pytest.mark.parametrize(
    ("headers", "licence"),
    [
        ("License-Expression: MIT\nLicense: other", "MIT"),
        (
            "License: BSD-3-Clause\nClassifier: License :: OSI Approved :: BSD License",
            "BSD-3-Clause",
        ),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License", "MIT License"),
        ("Classifier: License :: OSI Approved\nClassifier: Topic :: X", ""),
        ("License: A very\n        long text", ""),
        ("Name: x", ""),
    ],
)
def test_the_licence_is_what_the_metadata_states(headers: str, licence: str) -> None:
    assert license_of(parse_metadata(headers.encode() + b"\n\n")) == licence
