"""Reading finished bases from their folder."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from boxer.errors import BaseDamagedError, BaseMissingError
from boxer.filetree import Tree, write_tar
from boxer.images import BaseFolder, BaseReference, bases_folder

DIGEST = "ab" * 32
PYTHON = BaseReference("python", "3.13")


def _base(root: Path) -> Path:
    """A base with a module of four bytes and a tree of one file."""
    tree = Tree()
    tree.add_file("/usr/local/bin/python3.13", b"#!boxer python\n", mode=0o755)
    buffer = io.BytesIO()
    write_tar(tree, buffer)
    files = {"module.wasm": b"\0asm", "tree.tar": buffer.getvalue()}
    folder = root / "python-3.13" / DIGEST
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (root / "python-3.13" / "current").write_text(DIGEST + "\n")
    info = {
        "format": 2,
        "name": "python",
        "version": "3.13.5",
        "variant": "3.13",
        "recipe_digest": DIGEST,
        "kernel_abi": 1,
        "program": "python",
        "python": {
            "version": "3.13.5",
            "soabi": "cpython-313-wasm32-linux-musl",
            "stdlib": "/usr/local/lib/python3.13",
            "platform": "linux-wasm32",
        },
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in files.items()
        },
        "config": {"Env": ["PATH=/usr/local/bin"], "Cmd": ["python3"]},
        "preimport": ["json"],
        "components": [{"name": "musl", "version": "1.2.5", "license": "MIT"}],
        "toolchain": {"ziglang": "0"},
        "left_out": {"_ssl": "no openssl"},
    }
    (folder / "base.json").write_text(json.dumps(info))
    return folder


def test_a_base_is_read_with_its_tree_and_settings(tmp_path: Path) -> None:
    _base(tmp_path)
    base = BaseFolder(tmp_path).load(PYTHON)
    assert base.module == b"\0asm"
    assert base.tree.file("/usr/local/bin/python3.13").mode == 0o755
    assert base.info.config["Cmd"] == ["python3"]
    assert base.info.python is not None
    assert base.info.python.program == "/usr/local/bin/python3.13"
    assert base.info.components[0].license == "MIT"
    assert base.digest == DIGEST


def test_a_base_is_read_once_in_a_process(tmp_path: Path) -> None:
    _base(tmp_path)
    folder = BaseFolder(tmp_path)
    assert folder.load(PYTHON) is folder.load(PYTHON)


def test_a_pointer_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    pointer = _base(tmp_path).parent / "current"
    pointer.unlink()
    pointer.mkdir()
    with pytest.raises(BaseDamagedError, match="current` cannot be read: Is a directory"):
        BaseFolder(tmp_path).load(PYTHON)


def test_scratch_needs_no_folder(tmp_path: Path) -> None:
    base = BaseFolder(tmp_path / "absent").load(BaseReference("scratch"))
    assert base.module == b""
    assert [path for path, _ in base.tree.walk()] == ["/"]


def test_a_base_that_was_not_made_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(BaseMissingError) as error:
        BaseFolder(tmp_path).load(PYTHON)
    assert "make bases" in (error.value.hint or "")


def test_the_first_folder_that_has_a_base_counts(tmp_path: Path) -> None:
    _base(tmp_path / "made")
    folders = BaseFolder(tmp_path / "absent", tmp_path / "made")
    assert folders.load(PYTHON).digest == DIGEST
    assert folders.list()[0].folder == tmp_path / "made" / "python-3.13" / DIGEST


def test_the_list_has_bases_that_were_not_made(tmp_path: Path) -> None:
    (entry, *_) = BaseFolder(tmp_path).list()
    assert (entry.name, entry.variant, entry.version) == ("python", "3.13", None)
    _base(tmp_path)
    (entry, *_) = BaseFolder(tmp_path).list()
    assert entry.version == "3.13.5"
    assert entry.digest == DIGEST


def _flip_a_byte(folder: Path) -> None:
    data = bytearray((folder / "tree.tar").read_bytes())
    data[600] ^= 1
    (folder / "tree.tar").write_bytes(data)


def _edit(field: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        fields = json.loads((folder / "base.json").read_text())
        fields[field] = value
        (folder / "base.json").write_text(json.dumps(fields))

    return change


@pytest.mark.parametrize(
    "damage",
    [
        _flip_a_byte,
        lambda folder: (folder / "tree.tar").unlink(),
        lambda folder: (folder / "module.wasm").write_bytes(b""),
        lambda folder: (folder / "base.json").write_text("{"),
        lambda folder: (folder / "base.json").write_text("[]"),
        lambda folder: (folder / "base.json").write_text("[" * 100_000),
        lambda folder: (folder.parent / "current").write_text("../../../etc"),
        lambda folder: (folder.parent / "current").write_bytes(b"\xff"),
        _edit("format", 1),
        _edit("recipe_digest", "cd" * 32),
        _edit("kernel_abi", "1"),
        _edit("files", {}),
        _edit("files", {"module.wasm": 1}),
        _edit("python", {"version": "3.13.5"}),
        _edit("preimport", [1]),
        _edit("components", [{}]),
    ],
)
def test_a_damaged_base_is_an_error_with_a_next_move(
    damage: Callable[[Path], object], tmp_path: Path
) -> None:
    damage(_base(tmp_path))
    with pytest.raises(BaseDamagedError) as error:
        BaseFolder(tmp_path).load(PYTHON)
    assert "make bases" in (error.value.hint or "")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"BOXER_BASES": "/b"}, Path("/b")),
        ({"XDG_CACHE_HOME": "/c"}, Path("/c/boxer/bases")),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, Path("/h/.cache/boxer/bases")),
        ({"HOME": "/h"}, Path("/h/.cache/boxer/bases")),
    ],
)
def test_the_folder_follows_the_environment(
    variables: dict[str, str], expected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BOXER_BASES", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert bases_folder() == expected
