"""A program that wants what a box does not have is told so, and what to do."""

from __future__ import annotations

import pytest

from tests.conformance.refusals import REFUSALS, Refusal, told

pytestmark = pytest.mark.base


# -O: an interpreter that is started afresh, and not gone on with from the frozen one.
@pytest.mark.parametrize("options", [(), ("-O",)], ids=["frozen", "afresh"])
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.feature)
def test_program_is_told_what_a_box_does_not_have(
    refusal: Refusal, options: tuple[str, ...]
) -> None:
    assert refusal.words in told(refusal, *options)
