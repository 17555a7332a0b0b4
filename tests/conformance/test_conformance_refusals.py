"""A program that wants what a box does not have is told so, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

import boxer
from tests.conformance.refusals import REFUSALS, Refusal, told

pytestmark = pytest.mark.base


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    context: Path = tmp_path_factory.mktemp("refusals")
    (context / "Dockerfile").write_text('FROM python:3.13\nCMD ["python"]\n')
    return boxer.build(context)


# -O: an interpreter that is started afresh, and not gone on with from the frozen one.
@pytest.mark.parametrize("options", [(), ("-O",)], ids=["frozen", "afresh"])
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.feature)
def test_program_is_told_what_a_box_does_not_have(
    box: boxer.Box, refusal: Refusal, options: tuple[str, ...]
) -> None:
    assert refusal.words in told(box, refusal, *options)
