"""Each way to fail has one page, and each page one way to fail."""

from __future__ import annotations

from pathlib import Path

from boxer import errors

PAGES = Path(__file__).parents[2] / "docs" / "errors"


def _classes(base: type[errors.BoxerError]) -> list[type[errors.BoxerError]]:
    return [kind for sub in base.__subclasses__() for kind in (sub, *_classes(sub))]


def _references() -> list[str]:
    own = [k.reference for k in _classes(errors.BoxerError) if "reference" in vars(k)]
    return [errors.BoxerError.reference, *own]


def test_every_error_has_a_page_and_every_page_an_error() -> None:
    assert sorted(path.stem for path in PAGES.glob("*.md")) == sorted(_references())


def test_no_two_errors_share_a_reference() -> None:
    assert len(set(_references())) == len(_references())


def test_pages_begin_with_their_reference() -> None:
    for page in PAGES.glob("*.md"):
        assert page.read_text().startswith(f"# {page.stem}\n"), page
