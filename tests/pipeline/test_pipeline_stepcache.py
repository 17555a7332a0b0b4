"""The cache of RUN results: what is kept, when it counts, and what damage does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from boxer.boxfile import ImageConfig
from boxer.filetree import Device, Tree
from boxer.pipeline.stepcache import Kept, StepCache, cached_steps, prune_steps

KEY, LATER = "a" * 64, "b" * 64


def base() -> Tree:
    tree = Tree()
    tree.add_file("/bin/tool", b"tool", 0o755)
    return tree


def changed() -> Tree:
    tree = base()
    tree.add_file("/app/a", b"new", 0o640, 1, 2, 3)
    tree.root.entries["hard"] = tree.file("/app/a")
    tree.add_symlink("/soft", "app/a")
    tree.put("/fifo", Device(kind="fifo", mode=0o600))
    tree.make_directories("/empty", 0o700)
    return tree


def kept(tree: Tree) -> Kept:
    return Kept(tree, ImageConfig(env=("A=1",), cmd=("x",)), True, (("said", "hint"),))


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    tree = changed()
    StepCache(base(), tmp_path).put(KEY, "RUN x", kept(tree))
    found = StepCache(base(), tmp_path).get(KEY)
    assert found is not None
    assert found.tree.digest() == tree.digest()
    assert found.tree.file("/hard") is found.tree.file("/app/a")
    assert (found.config, found.command_set) == (kept(tree).config, True)
    assert found.notices == (("said", "hint"),)


def test_a_later_result_holds_only_what_is_new(tmp_path: Path) -> None:
    cache = StepCache(base(), tmp_path)
    first = base()
    first.add_file("/big", bytes(100_000))
    cache.put(KEY, "RUN one", kept(first))
    second = first.copy()
    second.add_file("/small", b"s")
    cache.put(LATER, "RUN two", kept(second))
    assert (tmp_path / LATER).stat().st_size < 2_000
    found = StepCache(base(), tmp_path).get(LATER)
    assert found is not None
    assert found.tree.digest() == second.digest()


@pytest.mark.parametrize("harm", ["gone", "cut", "changed"])
def test_a_result_whose_parent_is_harmed_is_none(tmp_path: Path, harm: str) -> None:
    cache = StepCache(base(), tmp_path)
    first = changed()
    cache.put(KEY, "RUN one", kept(first))
    cache.put(LATER, "RUN two", kept(first))
    path = tmp_path / KEY
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:-40] if harm == "cut" else data[:20] + b"X" + data[21:])
    assert StepCache(base(), tmp_path).get(KEY) is None
    assert StepCache(base(), tmp_path).get(LATER) is None


def test_pruning_throws_away_what_was_not_used_for_longest(tmp_path: Path) -> None:
    import os

    cache = StepCache(base(), tmp_path)
    cache.put(KEY, "RUN one", kept(changed()))
    cache.put(LATER, "RUN two", kept(changed()))
    os.utime(tmp_path / KEY, (1, 1))
    assert [entry.text for entry in cached_steps(tmp_path)] == ["RUN two", "RUN one"]
    freed = prune_steps((tmp_path / LATER).stat().st_size, tmp_path)
    assert freed > 0
    assert [entry.key for entry in cached_steps(tmp_path)] == [LATER]
    prune_steps(0, tmp_path)
    assert cached_steps(tmp_path) == []


def test_two_writers_of_one_result_leave_a_whole_one(tmp_path: Path) -> None:
    tree = changed()

    def write() -> None:
        for _ in range(20):
            StepCache(base(), tmp_path).put(KEY, "RUN x", kept(tree))

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = StepCache(base(), tmp_path).get(KEY)
    assert found is not None
    assert found.tree.digest() == tree.digest()
    assert [path.name for path in tmp_path.iterdir()] == [KEY]


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = StepCache(base(), tmp_path / "file")
    cache.put(KEY, "RUN x", kept(changed()))
    assert cache.get(KEY) is None
