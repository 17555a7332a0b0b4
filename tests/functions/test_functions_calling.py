"""Calls of typed functions: values both ways, what is refused, what a call is given and ends by."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import threading
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer.boxfile import read_box, write_box
from boxer.functions import Call, Reply
from tests.functions.conftest import Built

EVERYTHING = {
    "data": b"\0\xff",
    "at": datetime.datetime(2024, 5, 6, 7, 8, tzinfo=datetime.UTC),
    "length": datetime.timedelta(seconds=90),
    "id": uuid.UUID(int=5),
    "price": Decimal("1.10"),
    "colour": "red",
    "mode": 1,
    "tags": {"b", "a"},
    "pairs": [(1, "a")],
}


def test_each_kind_of_field_comes_back(built: Built) -> None:
    with boxer.function(built("everything")) as everything:
        told = everything({**EVERYTHING, "inner": EVERYTHING})
    plain = {
        **EVERYTHING,
        "at": "2024-05-06T07:08:00+00:00",
        "length": "PT90S",
        "id": str(uuid.UUID(int=5)),
        "price": "1.10",
        "tags": ["a", "b"],
        "pairs": [[1, "a"]],
        "inner": None,
    }
    assert told == {**plain, "inner": plain}


def test_a_result_becomes_the_type_that_is_asked_for(built: Built) -> None:
    @dataclasses.dataclass
    class Thumbnail:
        width: int
        data: bytes

    with boxer.function(built("resize"), returns=Thumbnail) as resize:
        assert resize(b"abcdef", width=2) == Thumbnail(2, b"ab")


def test_what_does_not_fit_is_refused_with_its_path(built: Built) -> None:
    with boxer.function(built("everything")) as everything:
        wrong = {**EVERYTHING, "colour": "green", "pairs": [[1, "a"], ["x", "b"]], "more": 1}
        with pytest.raises(boxer.FunctionInputError) as raised:
            everything({**EVERYTHING, "inner": wrong})
        assert {path for path, _ in raised.value.errors} == {
            "/given/inner/colour", "/given/inner/pairs/1/0", "/given/inner/more"
        }  # fmt: skip
        with pytest.raises(boxer.FunctionInputError, match="is missing"):
            everything()
        with pytest.raises(boxer.FunctionInputError, match="without a name"):
            everything({}, {})
        with pytest.raises(boxer.FunctionInputError, match="given twice"):
            everything({}, given={})
        with pytest.raises(boxer.CallDataError):
            everything(object())


def test_what_is_nested_too_deeply_is_refused(built: Built) -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"inner": deep}
    with boxer.function(built("everything")) as everything:
        for depth in (300, 100_000):
            value = deep
            if depth == 300:
                value = {}
                for _ in range(depth):
                    value = {**EVERYTHING, "inner": value}
            with pytest.raises(boxer.BoxerError) as raised:
                everything(value)
            assert raised.type in (boxer.FunctionInputError, boxer.CallDataError)


def test_output_is_captured_and_each_call_meets_a_fresh_machine(built: Built) -> None:
    with boxer.function(built("resize")) as resize:
        reply = resize.call({"image": b"abc"})
    assert (reply.stdout, reply.stderr) == (b"resizing\n", b"carefully\n")
    assert reply.time > 0
    with boxer.function(built("count")) as count:
        assert [count(), count()] == [1, 1]
    with boxer.function(built("count"), stateful=True) as count:
        assert [count(), count()] == [1, 2]


def test_what_a_function_raises_has_its_traceback(built: Built) -> None:
    with boxer.function(built("fail")) as fail, pytest.raises(boxer.GuestError) as raised:
        fail("why")
    assert raised.value.type == "ValueError"
    assert "guests.py" in raised.value.traceback
    with boxer.function(built("lie")) as lie, pytest.raises(boxer.GuestError, match="ResultError"):
        lie()


def test_a_call_ends_by_its_time_and_by_its_caller(built: Built) -> None:
    with boxer.function(built("forever")) as forever:
        with pytest.raises(boxer.LimitReached) as raised:
            forever.call({}, timeout=0.05)
        assert raised.value.limit == "time"
        cancel = boxer.Cancel()
        threading.Timer(0.05, cancel.cancel).start()
        with pytest.raises(boxer.LimitReached, match="cancelled"):
            forever.call({}, cancel=cancel)
        with pytest.raises(boxer.LimitReached, match="cancelled"):
            forever.call({}, cancel=cancel)


def test_a_task_that_is_cancelled_ends_its_call(built: Built) -> None:
    async def run(forever: boxer.Function) -> None:
        task = asyncio.create_task(forever.call_async())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with boxer.function(built("forever"), size=1) as forever:
        asyncio.run(run(forever))  # closing waits for what still runs


def test_a_coroutine_function_is_awaited_in_the_box(built: Built) -> None:
    with boxer.function(built("later")) as later:
        assert later(0.01) == "done"
        assert asyncio.run(later.call_async(seconds=0)) == "done"


def test_a_call_knows_its_context(built: Built) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with boxer.function(built("told")) as told:
        reply = told.call({}, timeout=300, traceparent=parent).value
        assert reply["traceparent"].split("-")[1] == parent.split("-")[1]
        assert reply["has_deadline"]
        assert reply["same"]
        alone = told()
        assert (alone["traceparent"], alone["name"]) == (None, "told")
        assert alone["instance"] != told()["instance"], "a machine of its own for each call"
        assert told.call({}, traceparent="damaged").value["traceparent"] is None
        with pytest.raises(boxer.FunctionInputError):
            told(context={})


def test_a_machine_that_is_kept_forgets_what_its_call_was_told(built: Built) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with boxer.function(built("told"), stateful=True) as told:
        before = told.call({}, timeout=300, traceparent=parent).value
        after = told()
    assert (after["traceparent"], after["has_deadline"]) == (None, False)
    assert after["instance"] == before["instance"]


def test_middleware_stands_around_each_call(built: Built) -> None:
    seen = []

    def outer(call: Call, proceed: Any) -> Any:
        seen.append(dict(call.arguments))
        call.arguments["width"] = 1
        return proceed(call)

    def inner(call: Call, proceed: Any) -> Any:
        reply: Reply = proceed(call)
        return {**reply.value, "seen": call.arguments["width"]}

    with boxer.function(built("resize"), middleware=[outer, inner]) as resize:
        assert resize(b"abc") == {"width": 1, "data": b"a", "seen": 1}
    assert seen == [{"image": b"abc"}]


def test_without_validation_plain_data_goes_through(built: Built) -> None:
    with boxer.function(built("add_one"), validate=False) as add_one:
        assert add_one(1) == 2
        assert add_one(1.5) == 2.5


def test_many_threads_call_at_once(built: Built) -> None:
    with boxer.function(built("resize")) as resize:
        results: dict[int, Any] = {}

        def call(number: int) -> None:
            results[number] = resize(b"x" * 30, width=number)

        threads = [threading.Thread(target=call, args=(number,)) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(len(told["data"]) == number for number, told in results.items())
    assert len(results) == 24


def test_a_box_that_is_no_function_is_refused(built: Built, tmp_path: Path) -> None:
    box = read_box(built("count").read_bytes())
    other = tmp_path / "other.wasm"
    other.write_bytes(write_box(box.code, box.image, dataclasses.replace(box.info, function=None)))
    with pytest.raises(boxer.FunctionError, match="no function"):
        boxer.function(other)
