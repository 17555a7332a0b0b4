"""Paths, links and changes of a file tree."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from boxer.errors import MissingPathError, PathKindError, SymlinkLoopError, TreeError
from boxer.filetree import Device, Directory, File, Symlink, Tree


@pytest.fixture
def tree() -> Tree:
    """/a/b/file, /link -> a/b, /up -> ../.., /abs -> /a, /dangling -> nowhere/x."""
    tree = Tree()
    tree.add_file("/a/b/file", b"data", mode=0o640, uid=1, gid=2, mtime=3)
    tree.add_symlink("/link", "a/b")
    tree.add_symlink("/a/up", "../..")
    tree.add_symlink("/abs", "/a")
    tree.add_symlink("/dangling", "nowhere/x")
    return tree


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("/", "/"),
        ("", "/"),
        ("..", "/"),
        ("/../../a", "/a"),
        ("/a/./b//file", "/a/b/file"),
        ("a/b", "/a/b"),
        ("/link", "/a/b"),
        ("/link/file", "/a/b/file"),
        ("/link/..", "/a"),
        ("/a/up", "/"),
        ("/a/up/a/up/link/file", "/a/b/file"),
        ("/abs/b", "/a/b"),
        ("/dangling", "/nowhere/x"),
        ("/missing/y", "/missing/y"),
        ("/missing/../a", "/a"),
    ],
)
def test_paths_resolve_as_linux_walks_them_within_the_root(
    tree: Tree, path: str, resolved: str
) -> None:
    assert tree.resolve(path) == resolved


def test_get_follows_the_last_link_only_when_asked(tree: Tree) -> None:
    assert isinstance(tree.get("/link"), Directory)
    assert isinstance(tree.get("/link", follow=False), Symlink)
    assert tree.get("/dangling") is None
    assert isinstance(tree.get("/dangling", follow=False), Symlink)


def test_a_file_is_no_folder_on_the_way(tree: Tree) -> None:
    assert tree.get("/a/b/file/x") is None


def test_a_circle_of_links_ends_with_an_error() -> None:
    tree = Tree()
    tree.add_symlink("/x", "y")
    tree.add_symlink("/y", "x")
    with pytest.raises(SymlinkLoopError):
        tree.get("/x")
    assert isinstance(tree.get("/x", follow=False), Symlink)


def test_forty_links_are_followed_and_no_more() -> None:
    tree = Tree()
    tree.add_file("/l0", b"end")
    for number in range(1, 42):
        tree.add_symlink(f"/l{number}", f"l{number - 1}")
    assert isinstance(tree.get("/l40"), File)
    with pytest.raises(SymlinkLoopError):
        tree.get("/l41")


def test_add_file_makes_missing_parents_with_its_owner() -> None:
    tree = Tree()
    tree.add_file("/x/y/z", b"", uid=5, gid=6, mtime=7)
    parent = tree.directory("/x/y")
    assert (parent.mode, parent.uid, parent.gid, parent.mtime) == (0o755, 5, 6, 7)


def test_add_file_replaces_a_link_and_not_its_target(tree: Tree) -> None:
    tree.add_symlink("/to", "a/b/file")
    tree.add_file("/to", b"new")
    assert tree.file("/to").data == b"new"
    assert tree.file("/a/b/file").data == b"data"


def test_add_file_goes_through_links_of_folders(tree: Tree) -> None:
    tree.add_file("/link/other", b"x")
    assert tree.file("/a/b/other").data == b"x"


def test_hard_links_share_one_file_also_in_a_copy(tree: Tree) -> None:
    tree.add_link("/again", "/a/b/file")
    assert tree.get("/again") is tree.get("/a/b/file")
    copied = tree.copy()
    assert copied.get("/again") is copied.get("/a/b/file")
    assert copied.get("/again") is not tree.get("/again")


def test_a_copy_is_independent(tree: Tree) -> None:
    copied = tree.copy()
    copied.add_file("/new", b"")
    copied.file("/a/b/file").mode = 0o777
    assert tree.get("/new") is None
    assert tree.file("/a/b/file").mode == 0o640


def test_walk_is_sorted_by_bytes_with_parents_first() -> None:
    tree = Tree()
    for name in ("b", "a", "a.b", "Z", "é", "\udcff", "\U0001f600"):
        tree.add_file(f"/{name}/f", b"")
    names = [path for path, _ in tree.walk() if path.count("/") == 1]
    assert names == ["/", "/Z", "/a", "/a.b", "/b", "/é", "/\U0001f600", "/\udcff"]
    paths = [path for path, _ in tree.walk()]
    assert paths.index("/a") < paths.index("/a/f") < paths.index("/a.b")


def test_walk_of_a_part_begins_there(tree: Tree) -> None:
    assert [path for path, _ in tree.walk("/link")] == ["/a/b", "/a/b/file"]
    assert list(tree.walk("/missing")) == []


def test_remove_takes_a_link_and_leaves_its_target(tree: Tree) -> None:
    tree.remove("/link")
    assert tree.get("/link", follow=False) is None
    assert tree.get("/a/b/file") is not None


def test_rename_moves_and_replaces_files(tree: Tree) -> None:
    tree.add_file("/old", b"1")
    tree.add_file("/new", b"2")
    tree.rename("/old", "/new")
    assert tree.get("/old") is None
    assert tree.file("/new").data == b"1"


def test_rename_onto_another_name_of_the_same_file_changes_nothing(tree: Tree) -> None:
    tree.add_link("/again", "/a/b/file")
    tree.rename("/again", "/a/b/file")
    assert tree.get("/again") is tree.get("/a/b/file")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda tree: tree.remove("/missing"), MissingPathError),
        (lambda tree: tree.remove("/a"), PathKindError),
        (lambda tree: tree.remove("/"), PathKindError),
        (lambda tree: tree.remove("/a/.."), PathKindError),
        (lambda tree: tree.rename("/missing", "/x"), MissingPathError),
        (lambda tree: tree.rename("/a", "/a/b/c"), PathKindError),
        (lambda tree: tree.rename("/a/b/file", "/a"), PathKindError),
        (lambda tree: tree.rename("/a/b", "/link"), PathKindError),
        (lambda tree: tree.add_file("/a", b""), PathKindError),
        (lambda tree: tree.add_file("/a/b/file/x", b""), PathKindError),
        (lambda tree: tree.add_link("/l", "/missing"), MissingPathError),
        (lambda tree: tree.add_link("/l", "/a"), PathKindError),
        (lambda tree: tree.make_directories("/a/b/file"), PathKindError),
        (lambda tree: tree.directory("/missing"), MissingPathError),
        (lambda tree: tree.file("/a"), PathKindError),
    ],
)
def test_what_linux_refuses_is_refused_and_changes_nothing(
    tree: Tree, change: Callable[[Tree], object], error: type[TreeError]
) -> None:
    before = tree.digest()
    with pytest.raises(error):
        change(tree)
    assert tree.digest() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: setattr(tree.file("/a/b/file"), "data", b"other"),
        lambda tree: setattr(tree.file("/a/b/file"), "mode", 0o600),
        lambda tree: setattr(tree.file("/a/b/file"), "uid", 9),
        lambda tree: setattr(tree.file("/a/b/file"), "gid", 9),
        lambda tree: setattr(tree.file("/a/b/file"), "mtime", 9),
        lambda tree: tree.rename("/a/b/file", "/a/b/other"),
        lambda tree: tree.add_symlink("/link", "a/./b"),
        lambda tree: tree.add_link("/again", "/a/b/file"),
        lambda tree: tree.root.entries.update(dev=Device(kind="char", major=1, minor=3)),
        lambda tree: setattr(tree.root, "mode", 0o700),
    ],
)
def test_the_digest_sees_every_difference(tree: Tree, change: Callable[[Tree], object]) -> None:
    changed = tree.copy()
    assert changed.digest() == tree.digest()
    change(changed)
    assert changed.digest() != tree.digest()


def test_the_digest_tells_a_copy_from_a_hard_link() -> None:
    linked, copied = Tree(), Tree()
    for tree in (linked, copied):
        tree.add_file("/a", b"x")
    linked.add_link("/b", "/a")
    copied.add_file("/b", b"x")
    assert linked.digest() != copied.digest()
