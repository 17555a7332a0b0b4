"""What is said where a package is missing that is not installed with Boxer."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxer.errors import ServeError
from boxer.sandboxes.serving import needed


@pytest.mark.parametrize(
    ("module", "why", "hint"),
    [
        ("nowhere.parts", "is not installed", "pip install 'boxer[mcp]'"),
        (
            "older.parts",
            "cannot be imported: No module named 'older.parts'",
            "pip install -U 'boxer[mcp]'",
        ),
        (
            "wanting",
            "cannot be imported: No module named 'nowhere'",
            "pip install -U 'boxer[mcp]'",
        ),
    ],
)
def test_why_a_module_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, why: str, hint: str
) -> None:
    (tmp_path / "older").mkdir()
    (tmp_path / "older" / "__init__.py").touch()
    (tmp_path / "wanting.py").write_text("import nowhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ServeError) as caught:
        needed(module, "boxer[mcp]", "boxer mcp")
    assert caught.value.message == f"`boxer mcp` needs the module {module}, which {why}."
    assert caught.value.hint == hint
