"""The examples of the how-to are run as they stand."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

pytestmark = pytest.mark.base
ROOT = Path(__file__).parents[2]


def test_examples_of_the_python_api_do_what_they_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = ROOT / "docs" / "how-to" / "python-api.md"
    failed, run = doctest.testfile(str(page), module_relative=False)
    assert run > 15
    assert not failed
