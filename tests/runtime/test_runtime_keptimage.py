"""Images that are kept: used only as they were written, by whom they were written for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from boxer.boxfile import Box
from boxer.runtime import Frozen, keep_image, kept_image, kept_note, keptimage
from boxer.runtime.mapped import MappedImage

KEY = f"{'a' * 64}-{'b' * 64}"
TOLD = {"app": "shop:app"}


@pytest.fixture
def frozen(box: Callable[..., Box]) -> Frozen:
    made = Frozen.of(box("nop", image=b"seven" * 5000, pages=8))
    if not made.is_mapped:
        pytest.skip("takes Boxer's native library")
    return made


@pytest.fixture
def kept(frozen: Frozen, tmp_path: Path) -> tuple[Path, Path]:
    """The note and the image."""
    assert keep_image(KEY, frozen, TOLD, tmp_path)
    folder = keptimage.images_folder(tmp_path)
    [image] = (folder / "sha256").iterdir()
    return folder / KEY, image


def is_found(cache: Path) -> bool:
    return kept_image(KEY, cache) is not None


def test_what_was_kept_is_found(frozen: Frozen, kept: tuple[Path, Path], tmp_path: Path) -> None:
    found = kept_image(KEY, tmp_path)
    assert found is not None
    assert found.digest == frozen.digest
    assert isinstance(found.image, MappedImage)
    assert isinstance(frozen.image, MappedImage)
    assert (found.image.size, found.resettable) == (frozen.image.size, frozen.resettable)
    assert found.code.digest == frozen.code.digest
    assert kept_note(KEY, tmp_path) == TOLD
    assert kept[1].stat().st_mode & 0o777 == 0o600
    assert kept_note(KEY.replace("a", "c"), tmp_path) is None
    assert kept_note("../" + KEY, tmp_path) is None
    assert not keep_image("no key", frozen, TOLD, tmp_path)


@pytest.mark.parametrize("at", [0, 10_000, -1], ids=["first byte", "amid", "in the zeros"])
def test_an_image_of_which_a_byte_was_changed_is_not_used(
    kept: tuple[Path, Path], tmp_path: Path, at: int
) -> None:
    with kept[1].open("r+b") as file:
        file.seek(at, os.SEEK_SET if at >= 0 else os.SEEK_END)
        file.write(b"!")
    assert not is_found(tmp_path)
    assert not kept[0].exists()


def _shorten(note: Path, image: Path) -> None:
    os.truncate(image, image.stat().st_size - 4096)


def _lengthen(note: Path, image: Path) -> None:
    os.truncate(image, image.stat().st_size + 65536)


def _open_to_all(note: Path, image: Path) -> None:
    image.chmod(0o644)


def _open_folder(note: Path, image: Path) -> None:
    image.parent.chmod(0o777)


def _open_upper_folder(note: Path, image: Path) -> None:
    note.parent.chmod(0o777)


def _link(note: Path, image: Path) -> None:
    image.rename(note.parent / "elsewhere")
    image.symlink_to(note.parent / "elsewhere")


def _remove(note: Path, image: Path) -> None:
    image.unlink()


def _say_nothing(note: Path, image: Path) -> None:
    note.write_bytes(b"{}")


def _say_too_much(note: Path, image: Path) -> None:
    note.write_bytes(b" " * (1 << 20) + note.read_bytes())


def _say_more_than_there_is(note: Path, image: Path) -> None:
    size = image.stat().st_size
    note.write_text(note.read_text().replace(f'"size": {size}', f'"size": {1 << 60}'))


def _say_another_path(note: Path, image: Path) -> None:
    note.write_text(note.read_text().replace(image.name, "../" * 8 + "etc/passwd"))


@pytest.mark.parametrize(
    "harm",
    [
        _shorten, _lengthen, _open_to_all, _open_folder, _open_upper_folder, _link, _remove,
        _say_nothing, _say_too_much, _say_more_than_there_is, _say_another_path,
    ],
)  # fmt: skip
def test_what_is_not_as_it_was_is_not_used_and_made_anew(
    frozen: Frozen, kept: tuple[Path, Path], tmp_path: Path, harm: Callable[[Path, Path], None]
) -> None:
    harm(*kept)
    assert not is_found(tmp_path)
    for folder in (kept[0].parent, kept[1].parent):
        folder.chmod(0o700)
    assert keep_image(KEY, frozen, TOLD, tmp_path)
    assert is_found(tmp_path)


def test_those_used_last_are_kept(frozen: Frozen, tmp_path: Path) -> None:
    folder = keptimage.images_folder(tmp_path)
    for number in range(keptimage.MOST + 3):
        key = f"{number:064x}-{number:064x}"
        assert keep_image(key, frozen, {"number": number}, tmp_path)
        os.utime(folder / key, (number + 1, number + 1))
    keys = sorted(path.name for path in folder.iterdir() if path.name != "sha256")
    assert len(keys) == keptimage.MOST
    assert keys[0] == f"{3:064x}-{3:064x}"
    assert len(list((folder / "sha256").iterdir())) == 1  # the same image


def test_a_full_or_foreign_cache_costs_nothing_but_time(frozen: Frozen, tmp_path: Path) -> None:
    (tmp_path / "images").write_text("no folder")
    assert not keep_image(KEY, frozen, TOLD, tmp_path)
    assert not is_found(tmp_path)
