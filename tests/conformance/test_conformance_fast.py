"""A part of CPython's own tests, in each run of the tests; `make conformance` runs all of them."""

from __future__ import annotations

import tomllib

import pytest

from tests.conformance.outcomes import HERE, expected_failures, expected_skips, surprises
from tests.conformance.running import run

# The modules made for tests are an extension package: setuptools builds it.
pytestmark = [pytest.mark.base, pytest.mark.network]
FAST = tomllib.loads((HERE / "modules.toml").read_text())["fast"]


@pytest.mark.parametrize("module", FAST)
def test_cpythons_own_tests_pass_as_expected(module: str) -> None:
    outcome = run(module)
    assert outcome.passed
    assert not surprises(outcome, expected_failures().get(module, {}), expected_skips())
