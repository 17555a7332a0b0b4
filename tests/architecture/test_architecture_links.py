"""Pages link to pages that are there, and each page is linked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def _links(page: Path) -> list[Path]:
    return [(page.parent / link).resolve() for link in _LINK.findall(page.read_text("utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    missing = [link for link in _links(page) if not link.exists()]
    assert not missing


def test_the_index_names_every_page_but_the_errors_and_decisions() -> None:
    listed = set(_links(ROOT / "docs" / "README.md"))
    pages = [*(ROOT / "docs" / "how-to").iterdir(), *(ROOT / "docs" / "reference").iterdir()]
    assert [page.name for page in pages if page not in listed] == []
