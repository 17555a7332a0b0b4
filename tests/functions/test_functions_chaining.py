"""Chains: what goes from link to link, `next`, failures, neighbours that do not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import boxer
from tests.functions.conftest import Built

Open = Callable[[str], boxer.Function]


@pytest.fixture
def opened(built: Built) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(boxer.function(built(name), size=1))


def host_add(number: int) -> int:
    return number + 100


def test_results_go_from_link_to_link(opened: Open) -> None:
    chain = boxer.chain(opened("add_one"), opened("double"), host_add)
    assert chain(3) == 108
    assert chain(number=3) == 108
    assert asyncio.run(chain.call_async(3)) == 108
    assert chain.signature["input"]["required"] == ["number"]


def test_next_is_called_as_often_as_a_link_likes(opened: Open) -> None:
    around, silent = opened("around"), opened("silent")
    assert boxer.chain(around, opened("double"))(3) == 14
    assert boxer.chain(around, opened("double"), host_add)(3) == 6 + 8 + 200
    assert boxer.chain(around, opened("around"), opened("double"))(1) == 2 + 4 + 4 + 6
    assert boxer.chain(silent, opened("fail_if_called"))(3) == 3


def test_behind_the_last_link_next_gives_back_what_it_is_given(opened: Open) -> None:
    assert opened("around")(3) == 7
    assert boxer.chain(opened("add_one"), opened("around"))(3) == 9


def test_a_function_of_the_host_may_call_next_too(opened: Open) -> None:
    def twice(number: int, next: Callable[[int], int]) -> int:
        return next(number) * next(number + 1)

    assert boxer.chain(twice, opened("double"))(2) == 24


def test_a_failure_tells_the_tracebacks_of_all_links(opened: Open) -> None:
    with pytest.raises(boxer.ChainError) as raised:
        boxer.chain(opened("around"), opened("picky"))(-5)
    names = [name for name, _, _ in raised.value.failures]
    assert len(names) == 2
    assert "around" in names[0]
    assert "picky" in names[1]
    assert "HostError" in raised.value.failures[0][1] or "ValueError" in raised.value.failures[0][1]
    assert "picky" in raised.value.failures[1][2]
    with pytest.raises(boxer.ChainError, match="negative"):
        boxer.chain(opened("add_one"), opened("picky"))(-5)


def test_a_link_may_deal_with_a_failure_behind_it(opened: Open) -> None:
    assert boxer.chain(opened("patient"), opened("picky"))(4) == 4


def test_what_the_first_is_given_is_its_own_matter(opened: Open) -> None:
    with pytest.raises(boxer.FunctionInputError):
        boxer.chain(opened("add_one"), opened("double"))("x")


def test_neighbours_that_do_not_fit_are_no_chain(opened: Open) -> None:
    with pytest.raises(boxer.ChainError, match="does not fit"):
        boxer.chain(opened("add_one"), opened("shout"))
    with pytest.raises(boxer.ChainError, match="does not fit"):
        boxer.chain(opened("around"), opened("shout"))

    def untyped(value: Any) -> Any:
        return value

    boxer.chain(opened("add_one"), untyped, opened("shout"))
    with pytest.raises(boxer.ChainError):
        boxer.chain()
    with pytest.raises(boxer.ChainError):
        boxer.chain(3)  # type: ignore[arg-type]


def test_all_links_share_the_time_that_is_given(opened: Open) -> None:
    def slow(number: int) -> None:
        import time

        time.sleep(0.2)

    with pytest.raises(boxer.BoxerError):
        boxer.chain(slow, opened("forever")).call({"number": 1}, timeout=0.25)


def test_many_links_within_links(opened: Open) -> None:
    links = [opened("around_once") for _ in range(12)]
    assert boxer.chain(*links, opened("double"))(1) == 2
