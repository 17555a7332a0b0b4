"""Front doors that load what is behind them when it is used."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "boxer"
LAZY = sorted(
    file.parent.name
    for file in SOURCE.glob("*/__init__.py")
    if "load_lazily(__name__" in file.read_text()
)


@pytest.mark.parametrize("room", LAZY)
def test_every_name_of_a_front_door_is_there(room: str) -> None:
    door = import_module(f"boxer.{room}")
    assert [name for name in door.__all__ if getattr(door, name, None) is None] == []
    assert set(door.__all__) <= set(dir(door))
    with pytest.raises(AttributeError, match=f"module 'boxer.{room}' has no attribute 'nothing'"):
        _ = door.nothing


def test_a_table_is_drawn_without_all_that_builds() -> None:
    program = (
        "from boxer.console import draw_table; import sys;"
        "print(*[name for name in sys.modules if name.startswith('boxer.pipeline')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == []
