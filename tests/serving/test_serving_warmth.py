"""What rehearsals leave that is no state: answers are the same, and found sooner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer.serving.served import RESPOND, Served, rehearsal_of

HERE = Path(__file__).resolve().parent
CHANGES = (
    "other_globals", "other_method", "other_attributes", "other_init", "other_defaults",
    "other_code", "other_builtins", "other_globals_for_builtins", "other_length", "other_slots",
    "other_call", "other_module", "own_getattribute", "without_a_method", "other_lines",
)  # fmt: skip
ALL = ",".join(CHANGES)
APP = "warmth:app"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    folder = tmp_path_factory.mktemp("warmth")
    (folder / "Dockerfile").write_text("FROM python\nWORKDIR /srv\nCOPY *.py ./\n")
    (folder / "warmth.py").write_text((HERE / "warmth.py").read_text())
    return boxer.build(folder)


def answer(pool: boxer.Pool, query: str = "") -> Any:
    """What it worked out, what it had seen, and what it found ready."""
    told = pool.call(RESPOND, rehearsal_of(f"GET /?{query}"))
    body = told["body"]
    return json.loads(body if isinstance(body, bytes) else body.encode("latin-1"))


@pytest.fixture(scope="module")
def cold(box: boxer.Box) -> Iterator[boxer.Pool]:
    with box.pool(1) as pool:
        Served(pool, APP, ())
        yield pool


@pytest.fixture(scope="module")
def warm(box: boxer.Box) -> Iterator[boxer.Pool]:
    with box.pool(1) as pool:
        Served(pool, APP, ["GET /"])
        yield pool


@pytest.fixture(scope="module")
def misled(box: boxer.Box) -> Iterator[boxer.Pool]:
    """Its rehearsal changed the code that it ran."""
    with box.pool(1) as pool:
        Served(pool, APP, [f"GET /?{ALL}"])
        yield pool


@pytest.mark.parametrize("change", ["", *CHANGES, ALL])
def test_a_change_has_its_effect(
    cold: boxer.Pool, warm: boxer.Pool, misled: boxer.Pool, change: str
) -> None:
    expected = answer(cold, change)[0]
    assert answer(warm, change)[0] == expected
    assert answer(misled, change)[0] == expected
    assert change not in CHANGES or expected != answer(cold)[0]


def test_nothing_of_a_rehearsal_is_seen(warm: boxer.Pool, misled: boxer.Pool) -> None:
    for pool in (warm, misled):
        for _ in range(3):
            assert answer(pool)[1] == [0]


def test_what_was_asked_is_known(cold: boxer.Pool, warm: boxer.Pool) -> None:
    before, after = answer(cold)[2], answer(warm)[2]
    for kind in ("pattern", "codec", "subscript", "block"):
        assert (before[kind], after[kind]) == (False, True), kind
    assert after["specialised"] > before["specialised"] + 30


def test_what_chance_has_made_is_not_kept(warm: boxer.Pool) -> None:
    assert answer(warm)[2]["numbers"] == 0


@pytest.mark.parametrize("seed", range(8))
def test_hints_may_be_wrong(box: boxer.Box, seed: int) -> None:
    with box.pool(1) as pool:
        told = pool.tried("warmth:hints", seed)
        assert len(told) > 1000
        assert pool.tried("warmth:with_hints", told) == pool.tried("warmth:with_hints", b"")
