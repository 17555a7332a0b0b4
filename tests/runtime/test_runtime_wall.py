"""What SECURITY.md promises of every machine, tried from inside with functions alone."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest

from boxer.runtime import Limits, Mount, run
from boxer.runtime.abi import SIGNATURES, Errno
from boxer.runtime.preview1 import FUNCTIONS
from tests.runtime.conftest import make_box

SOURCES = Path(__file__).parents[2] / "src" / "boxer"
DENIED = sorted(set(SIGNATURES) - set(FUNCTIONS))


@pytest.fixture(params=["mapped", "copied"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "copied":
        monkeypatch.setattr("boxer.runtime.mapped.is_available", lambda: False)


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("name", DENIED)
@pytest.mark.parametrize("number", [0, 3])
def test_files_and_sockets_are_not_there(name: str, number: int) -> None:
    zeros = "".join(f" (i{64 if kind == 'I' else 32}.const 0)" for kind in SIGNATURES[name][1:])
    body = f"(call $proc_exit (call ${name} (i32.const {number}){zeros}))"
    assert run(make_box(body, name)).exit_code == Errno.BADF


def test_everything_a_box_can_import_is_answered_or_denied() -> None:
    assert set(FUNCTIONS) | set(DENIED) == set(SIGNATURES)
    assert {name[:5] for name in DENIED if name.startswith("sock_")} == {"sock_"}
    assert not any(name.startswith(("sock_", "path_")) for name in FUNCTIONS)


def test_nothing_a_guest_sends_is_unpickled() -> None:
    rooms = ("runtime", "library", "boxfile", "wasmformat", "describe")
    for path in (path for room in rooms for path in (SOURCES / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {"pickle", "marshal", "shelve", "dill"} & set(names), path


# Opens the path at 64 below the first mount and prints what it reads, 3000 times.
READ_OFTEN = """
(local $n i32)
(loop
  (if (i32.eqz (call $path_open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 11)
      (i32.const 0) (i64.const 0x2) (i64.const 0) (i32.const 0) (i32.const 32)))
    (then
      (i32.store (i32.const 16) (i32.const 1024))
      (i32.store (i32.const 20) (i32.const 100))
      (drop (call $fd_read (i32.load (i32.const 32)) (i32.const 16) (i32.const 1) (i32.const 36)))
      (drop (call $fd_close (i32.load (i32.const 32))))
      (drop (call $say (i32.const 1024) (i32.load (i32.const 36)) (i32.const 1)))))
  (local.set $n (i32.add (local.get $n) (i32.const 1)))
  (br_if 0 (i32.lt_u (local.get $n) (i32.const 3000))))
"""


def test_links_swapped_while_they_are_walked_stay_inside(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder, text in ((inside / "real", "inside "), (outside, "SECRET ")):
        folder.mkdir(parents=True)
        (folder / "text").write_text(text)
    (inside / "other").symlink_to(outside)
    names = [inside / "folder", inside / "real", inside / "other"]
    over = threading.Event()

    def swap() -> None:
        place, real, other = names
        while not over.is_set():
            for stands_in in (real, other):
                stands_in.rename(place)
                place.rename(stands_in)

    box = make_box(READ_OFTEN, "path_open", "fd_read", "fd_close", image=b"folder/text")
    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        result = run(box, mounts=[Mount(inside, "/data")], limits=Limits(time=None))
    finally:
        over.set()
        swapping.join()
    assert result.exit_code == 0
    assert b"SECRET" not in result.stdout
