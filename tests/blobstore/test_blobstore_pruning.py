"""What is thrown away of the cache, and what stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from boxer.blobstore import cache_sizes, prune_cache
from boxer.blobstore.pruning import DAY

FILES = [
    "steps/a", "deflated/a", "run/k.plan", "run/k.image", "run/k.image.123", "code/engine/a",
    "code/engine/sha256/b", "downloads/sha256/a", "extensions/a", "extensions/sha256/b",
    "sources/a.tar", "wheels/python/a.whl", "recipes/one/file", "kit/old/file", "sdk/x/old/file",
    "bases/p/old/base.json", "bases/p/old/module.wasm",
]  # fmt: skip
STAY = [
    "kit/current", "sdk/current", "bases/p/current", "bases/p/new/base.json", "kit/new/file",
    "sdk/new/sdk.json", "native/2-x/libboxer.so",
]  # fmt: skip


def _put(root: Path, name: str, days: float, text: str = "x" * 1000) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("new\n" if path.name == "current" else text)
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))
    return path


def _left(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_what_was_not_used_goes_from_every_folder(tmp_path: Path) -> None:
    for name in [*FILES, *STAY]:
        _put(tmp_path, name, 40)
    freed = prune_cache(30, cache=tmp_path)
    assert _left(tmp_path) == set(STAY)
    assert freed >= 1000


def test_what_was_used_stays(tmp_path: Path) -> None:
    for name in [*FILES, *STAY]:
        _put(tmp_path, name, 20)
    assert prune_cache(30, cache=tmp_path) == 0
    assert _left(tmp_path) == {*FILES, *STAY}


def test_a_folder_of_which_one_file_was_used_stays_whole(tmp_path: Path) -> None:
    _put(tmp_path, "bases/p/old/base.json", 1)
    _put(tmp_path, "bases/p/old/module.wasm", 90)
    prune_cache(30, cache=tmp_path)
    assert len(_left(tmp_path)) == 2


def test_the_oldest_go_until_so_much_is_left(tmp_path: Path) -> None:
    for number in range(5):
        _put(tmp_path, f"steps/{number}", number)
    freed = prune_cache(30, 2500, tmp_path)
    assert _left(tmp_path) == {"steps/0", "steps/1"}
    assert freed == 3000


def test_no_days_is_all_but_what_is_current(tmp_path: Path) -> None:
    for name in [*FILES, *STAY]:
        _put(tmp_path, name, 0)
    prune_cache(0, cache=tmp_path)
    assert _left(tmp_path) == set(STAY)


def test_no_link_is_followed_out_of_the_cache(tmp_path: Path) -> None:
    outside = _put(tmp_path, "outside/file", 90)
    cache = tmp_path / "cache"
    (cache / "steps").mkdir(parents=True)
    (cache / "recipes").mkdir()
    (cache / "steps" / "link").symlink_to(outside)
    (cache / "recipes" / "link").symlink_to(outside.parent)
    (cache / "linked").symlink_to(outside.parent)
    prune_cache(0, cache=cache)
    assert outside.exists()


def test_sizes_are_those_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path, "steps/a", 0)
    with _put(tmp_path, "run/k.image", 0).open("r+b") as image:
        image.truncate(1 << 30)
    sizes = cache_sizes(tmp_path)
    assert sizes["steps"] == 1000
    assert sizes["run"] < 1 << 20
    assert cache_sizes(tmp_path / "none") == {}
