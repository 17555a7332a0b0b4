"""The C door between the shell and a tree: nothing leaks, nothing escapes, nothing unwinds."""

from __future__ import annotations

import bashkit
import pytest

from boxer.filetree import Device, Ids, Tree
from boxer.userland.abi import Export, Status, VolumeError
from boxer.userland.volume import TreeVolume

ROOT = Ids(0, 0)


def _volume(tree: Tree, user: Ids = ROOT) -> TreeVolume:
    return TreeVolume(tree, user, 7, frozenset({"sh"}))


def test_every_call_reaches_the_tree_and_gives_its_buffers_back() -> None:
    tree = Tree()
    export = Export(_volume(tree))
    files = bashkit.FileSystem.from_capsule(export.capsule())
    files.mkdir("/a/b", True)
    files.write_file("/a/f", b"one\0\xff")
    files.append_file("/a/f", b"two")
    files.symlink("f", "/a/l")
    files.copy("/a/f", "/a/g")
    files.rename("/a/g", "/a/h")
    files.chmod("/a/h", 0o700)
    assert files.read_file("/a/f") == b"one\0\xfftwo"
    assert files.read_link("/a/l") == "f"
    assert files.stat("/a/h")["mode"] == 0o700
    assert files.stat("/a/f")["modified"] == 7
    names = [entry["name"] for entry in files.read_dir("/a")]
    assert names == ["b", "f", "h", "l"]
    assert files.read_dir("/a/b") == []
    assert files.read_file("/dev/null") == b""
    assert files.exists("/a/f")
    assert not files.exists("/nope")
    files.remove("/a", True)
    assert tree.root.entries == {}
    assert export._lent == {}


def test_the_same_bytes_can_be_lent_twice() -> None:
    tree = Tree()
    data = b"shared"
    tree.add_file("/a", data)
    tree.add_file("/b", data)
    export = Export(_volume(tree))
    first, second = export._lend(data), export._lend(data)
    export._free(first.ptr)
    assert export._lent
    export._free(second.ptr)
    assert export._lent == {}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda files: files.read_file("/missing"), "No such file"),
        (lambda files: files.read_file("/d"), "Is a directory"),
        (lambda files: files.write_file("/d", b""), "Is a directory"),
        (lambda files: files.write_file("/no/such", b""), "No such file"),
        (lambda files: files.write_file("/f/x", b""), "Not a directory"),
        (lambda files: files.mkdir("/d", False), "File exists"),
        (lambda files: files.remove("/d", False), "not empty"),
        (lambda files: files.remove("/", True), "busy"),
        (lambda files: files.read_dir("/f"), "Not a directory"),
        (lambda files: files.rename("/missing", "/x"), "No such file"),
        (lambda files: files.rename("/d", "/d/inner/x"), "into itself"),
        (lambda files: files.symlink("x", "/f"), "File exists"),
        (lambda files: files.read_link("/f"), "Invalid argument"),
    ],
)
def test_what_linux_refuses_is_an_error_in_the_shell(call: object, error: str) -> None:
    tree = Tree()
    tree.add_file("/f", b"")
    tree.add_file("/d/inner/y", b"")
    before = tree.digest()
    export = Export(_volume(tree))
    files = bashkit.FileSystem.from_capsule(export.capsule())
    with pytest.raises(RuntimeError, match=error):
        call(files)  # type: ignore[operator]
    assert tree.digest() == before
    assert export._lent == {}


def test_a_mistake_of_ours_is_an_error_and_does_not_unwind_into_native_code() -> None:
    class Broken(TreeVolume):
        def stat(self, path: str) -> Status:
            raise ZeroDivisionError("a mistake")

    export = Export(Broken(Tree(), Ids(0, 0), 0, frozenset()))
    files = bashkit.FileSystem.from_capsule(export.capsule())
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        files.stat("/")


@pytest.mark.parametrize(
    ("user", "allowed"),
    [(Ids(0, 0), True), (Ids(5, 9), True), (Ids(8, 6), False), (Ids(8, 9), False),
     (Ids(8, 9, (6,)), False)],
)  # fmt: skip
def test_permission_bits_hold_for_all_but_root(user: Ids, allowed: bool) -> None:
    tree = Tree()
    tree.add_file("/d/f", b"", mode=0o640, uid=5, gid=6)
    tree.directory("/d").mode = 0o755
    volume = _volume(tree, user)
    if allowed:
        volume.write_file("/d/f", b"x")
    else:
        with pytest.raises(VolumeError, match="Permission denied"):
            volume.write_file("/d/f", b"x")
    assert (volume.read_file("/d/f") is not None) if user != Ids(8, 9) else True


def test_a_device_of_the_tree_is_kept_and_not_written_to() -> None:
    tree = Tree()
    tree.root.entries["pipe"] = Device(kind="fifo")
    volume = _volume(tree)
    volume.write_file("/pipe", b"x")
    assert isinstance(tree.get("/pipe"), Device)
