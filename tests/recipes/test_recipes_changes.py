"""Changes to upstream sources (recipes/patches): each fits where it is meant to, quoting little."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from recipes.failures import RecipeError
from recipes.sources import PATCHES, apply_changes

SOURCE = "int one(void)\n{\n    a();\n    b();\n    return 1;\n}\n\nint two(void)\n{\n    a();\n}\n"
MOST_LINES = 5


def changed(folder: Path, change: str) -> str:
    (folder / "x.c").write_text(SOURCE)
    (folder / "changes.toml").write_text(f"[[change]]\n{change}")
    apply_changes(folder / "changes.toml", folder)
    return (folder / "x.c").read_text()


def test_a_change_takes_the_place_of_its_lines(tmp_path: Path) -> None:
    change = 'file = "x.c"\nold = "    b();"\nnew = """\n    c();\n    d();\n"""\n'
    assert changed(tmp_path, change) == SOURCE.replace("    b();", "    c();\n    d();")


def test_a_change_until_a_line_takes_what_is_between(tmp_path: Path) -> None:
    change = 'file = "x.c"\nold = "int one(void)"\nuntil = "}"\nnew = """\nint one(void);\n"""\n'
    assert changed(tmp_path, change) == "int one(void);\n" + SOURCE[SOURCE.index("\nint two") :]


def test_a_pattern_changes_each_place(tmp_path: Path) -> None:
    change = 'files = "*.c"\nold = "    a();"\nnew = """\n    z(\\\\1);\n"""\n'
    assert changed(tmp_path, change) == SOURCE.replace("a();", "z(\\1);")


@pytest.mark.parametrize(
    "change",
    [
        'file = "x.c"\nold = "    a();"\nnew = ""\n',  # twice
        'file = "x.c"\nold = "    c();"\nnew = ""\n',
        'file = "x.c"\nold = "    b();"\nuntil = "    c();"\nnew = ""\n',
        'file = "x.c"\nold = "{"\nuntil = "}"\nnew = ""\n',  # twice
        'files = "*.c"\nold = "    c();"\nnew = ""\n',
    ],
)
def test_a_change_that_does_not_fit_stops_the_build(tmp_path: Path, change: str) -> None:
    with pytest.raises(RecipeError, match="is not once in"):
        changed(tmp_path, change)


def test_changes_quote_little_of_upstream() -> None:
    for path in sorted(PATCHES.glob("*.toml")):
        for change in tomllib.loads(path.read_text())["change"]:
            quoted = change.get("old", "").strip("\n").count("\n") + 1
            assert quoted <= MOST_LINES, (path.name, change["file"], quoted)
