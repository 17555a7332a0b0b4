"""A finished base is what its folder's name says, or it is made again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from boxer.blobstore import cache_folder
from boxer.errors import BaseMissingError
from boxer.filetree import File
from boxer.images import default_base, load, resolve
from boxer.packages.native.sdk import find_sdk
from recipes import base
from recipes.failures import RecipeError
from recipes.progress import Progress
from recipes.recipe import Recipe
from tests.pythons import RECIPE


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the bases go; packaging writes base.json alone and notes that it ran."""
    monkeypatch.setenv("BOXER_BASES", str(tmp_path))
    monkeypatch.setattr(base, "recipe_digest", lambda: "a" * 64)

    def package(folder: Path, _: Recipe, digest: str, __: Progress) -> None:
        (folder / "base.json").write_text(json.dumps({"recipe_digest": digest}))
        (folder / "made").touch()

    monkeypatch.setattr(base, "_package", package)
    return tmp_path / RECIPE.name


def test_finished_base_is_kept(home: Path) -> None:
    made = base.build_python(RECIPE, Progress())
    (made / "made").unlink()
    assert base.build_python(RECIPE, Progress()) == made
    assert not (made / "made").exists()
    assert (home / "current").read_text().strip() == made.name


@pytest.mark.parametrize("text", ['{"recipe_digest": "b"}', "{", "[]", "{}"])
def test_base_of_another_digest_is_made_again(home: Path, text: str) -> None:
    made = base.build_python(RECIPE, Progress())
    (made / "base.json").write_text(text)
    base.build_python(RECIPE, Progress())
    assert json.loads((made / "base.json").read_text())["recipe_digest"] == made.name


def test_base_whose_sources_change_meanwhile_is_not_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = iter(["a" * 64, "b" * 64])
    monkeypatch.setattr(base, "recipe_digest", lambda: next(digests))
    with pytest.raises(RecipeError, match="changed while"):
        base.build_python(RECIPE, Progress())
    assert list(home.iterdir()) == []


@pytest.mark.base
def test_no_file_of_a_base_names_the_machine_that_made_it() -> None:
    """A base is shipped; and where it was made would make other bytes of the same sources."""
    try:
        found = load(resolve(default_base()))
    except BaseMissingError:
        pytest.skip("needs the Python base: make bases")
    own = str(cache_folder()).encode()
    draft = re.compile(rb"/usr/src/[\w-]+\.\d+/")
    for path, node in found.tree.walk():
        if isinstance(node, File):
            assert own not in node.data, path
            assert not draft.search(node.data), path
    assert own not in found.module
    sdk = find_sdk(found.info)
    assert sdk is not None
    linked = [sdk.folder / "lib" / "interpreter.o", *(sdk.folder / "lib" / "libraries").iterdir()]
    for file in (*linked, *(sdk.folder / "sysconfig").iterdir()):
        if file.is_file():
            assert own not in file.read_bytes(), file
