"""Calls and runs of a pool: data in and out, errors, limits, and that nothing stays."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import boxer
from boxer.runtime.pool import MANY

pytestmark = pytest.mark.base

PLAIN = [
    None, True, False, 0, -1, 2**70, 1.5, float("inf"), "", "ü\n\0\ud800", [], [1, [2, {}]],
    {"a": {"b": None}}, b"", b"\0\xff", [b"x", {"k": b"y"}], bytearray(b"z"), {"boxer.bytes": 1},
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_data_comes_back_as_it_went(any_box: boxer.Box, value: Any) -> None:
    with any_box.pool(size=1) as pool:
        for _ in range(2):  # the second on a machine that is there
            assert pool.call("app:echo", value) == value
            assert pool.call("app:echo", key=value) == {"key": value}


LONG = "long " * 1000
LONG_TEXTS = [
    LONG, "ä€😀\ud800" * 2000, [LONG, b"x", {"k": LONG}], {"boxer.text": LONG}, {"boxer.text": 1},
    [LONG, {"boxer.text": [2]}], [{"boxer.bytes": 1}, LONG], {LONG: LONG}, ["short"] * 9000,
]  # fmt: skip


@pytest.mark.parametrize("value", LONG_TEXTS, ids=lambda value: repr(value)[:20])
def test_long_texts_come_back_as_they_went(any_box: boxer.Box, value: Any) -> None:
    with any_box.pool(size=1) as pool:
        for _ in range(2):  # the second on a machine that is there
            assert pool.call("app:echo", value) == value
            assert pool.call("app:echo", key=value) == {"key": value}


def test_tuples_come_back_as_lists(box: boxer.Box) -> None:
    with box.pool(size=1) as pool:
        assert pool.call("app:echo", (1, (2,))) == [1, [2]]


def test_requests_and_replies_larger_than_the_first_room(any_box: boxer.Box) -> None:
    text = "x" * 3_000_000
    with any_box.pool(size=1) as pool:
        assert pool.call("app:echo", text) == text
        assert pool.call("app:echo", "small") == "small"


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j], ids=["object", "set", "complex"])
def test_other_data_is_refused_before_the_call(box: boxer.Box, value: Any) -> None:
    with box.pool(size=1) as pool, pytest.raises(boxer.CallDataError, match="app:echo"):
        pool.call("app:echo", value)


def test_a_result_that_is_no_plain_data_is_the_guests_error(box: boxer.Box) -> None:
    with box.pool(size=1) as pool, pytest.raises(boxer.GuestError, match="plain data"):
        pool.call("builtins:object")


def test_each_call_finds_the_module_as_it_was_imported(any_box: boxer.Box) -> None:
    with any_box.pool(size=1) as pool:
        assert [pool.call("app:count") for _ in range(5)] == [1] * 5


def test_an_exception_arrives_with_its_traceback(any_box: boxer.Box) -> None:
    with any_box.pool(size=1) as pool:
        for _ in range(2):
            with pytest.raises(boxer.GuestError) as caught:
                pool.call("app:fail", "no such thing")
            assert (caught.value.type, caught.value.text) == ("LookupError", "no such thing")
            assert "/app/app.py" in caught.value.traceback
            assert "raise LookupError(text)" in caught.value.traceback
            assert pool.call("app:echo", 1) == 1


@pytest.mark.parametrize(
    ("function", "problem"),
    [("app:nothing", "nothing"), ("missing:f", "missing"), ("app", "module:function")],
)
def test_a_function_that_is_not_there_is_the_guests_error(
    box: boxer.Box, function: str, problem: str
) -> None:
    with box.pool(size=1) as pool, pytest.raises(boxer.GuestError, match=problem):
        pool.call(function)


@pytest.mark.parametrize("status", [0, 3])
def test_a_function_that_ends_the_program(any_box: boxer.Box, status: int) -> None:
    with any_box.pool(size=1) as pool:
        for _ in range(2):
            with pytest.raises(boxer.GuestExitedError) as caught:
                pool.call("app:leave", status)
            assert caught.value.code == status
            assert pool.call("app:echo", 1) == 1
        with pytest.raises(boxer.GuestExitedError):
            pool.call("os:_exit", status)


@pytest.mark.parametrize(
    ("function", "limits", "limit"),
    [
        ("app:spin", boxer.Limits(time=0.2), "time"),
        ("app:spin", boxer.Limits(cpu=0.2), "cpu"),
        ("time:sleep", boxer.Limits(time=0.2), "time"),
        ("app:flood", boxer.Limits(output="100KB"), "output"),
    ],
)
def test_a_limit_ends_the_call_and_nothing_else(
    any_box: boxer.Box, function: str, limits: boxer.Limits, limit: str
) -> None:
    arguments = (60,) if function == "time:sleep" else ()
    with any_box.pool(size=1, limits=limits) as pool:
        for _ in range(2):
            with pytest.raises(boxer.LimitReached) as caught:
                pool.call(function, *arguments)
            assert caught.value.limit == limit
            assert pool.call("app:echo", 1) == 1


def test_a_reply_counts_as_output(any_box: boxer.Box) -> None:
    with any_box.pool(size=1, limits=boxer.Limits(output="1KB")) as pool:
        for _ in range(2):
            with pytest.raises(boxer.LimitReached) as caught:
                pool.call("app:echo", "x" * 2000)
            assert caught.value.limit == "output"
            assert pool.call("app:echo", 1) == 1


def test_what_a_call_prints_comes_with_its_error_only(box: boxer.Box) -> None:
    with box.pool(size=1) as pool:
        for _ in range(2):
            assert pool.call("builtins:print", "quiet") is None
            with pytest.raises(boxer.GuestExitedError) as caught:
                pool.call("builtins:exec", "import os; print('said', flush=True); os._exit(1)")
            assert caught.value.stdout == b"said\n"


def test_runs_have_command_line_input_and_status(any_box: boxer.Box) -> None:
    with any_box.pool(size=1) as pool:
        for _ in range(3):
            script = "import sys; print(sys.argv[1], sys.stdin.read()); sys.exit(4)"
            result = pool.run(["python", "-c", script, "word"], stdin=b"typed")
            assert (result.exit_code, result.stdout) == (4, b"word typed\n")


def test_many_threads_get_their_own_answers(box: boxer.Box) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        for turn in range(30):
            if pool.call("app:echo", [number, turn]) != [number, turn]:
                wrong.append((number, turn))

    with box.pool(size=2) as pool:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_calls_from_an_event_loop(box: boxer.Box) -> None:
    async def main() -> list[Any]:
        return await asyncio.gather(*(pool.call_async("app:echo", n) for n in range(10)))

    with box.pool(size=2) as pool:
        assert asyncio.run(main()) == list(range(10))


def test_a_closed_pool_says_so(box: boxer.Box) -> None:
    pool = box.pool(size=1)
    pool.call("app:echo")
    pool.close()
    pool.close()
    for use in (lambda: pool.call("app:echo"), lambda: pool.run()):
        with pytest.raises(boxer.PoolClosedError):
            use()


Draw = Callable[[], list[Any]]


def test_no_two_machines_share_randomness_or_identity(any_box: boxer.Box) -> None:
    with any_box.pool(size=1) as pool:
        drawn = [pool.call("app:identity") for _ in range(8)]
    for place in range(6):
        assert len({str(one[place]) for one in drawn}) == len(drawn)
    assert abs(drawn[-1][7] / 1e9 - time.time()) < 3600


@pytest.mark.parametrize("size", [1, 490, 495, 496, 497, 498, 499, 500, 501, 505, 4095, 4096])
def test_results_as_long_as_short_ones_may_be(any_box: boxer.Box, size: int) -> None:
    with any_box.pool(size=1) as pool:
        for value in ("x" * size, ["\u00e9" * (size // 6)], {"k": "y" * size}):
            assert pool.call("app:echo", value) == value
        assert pool.resets >= 3 or not pool.can_talk


def test_a_function_that_is_not_there_is_told_at_each_call(any_box: boxer.Box) -> None:
    with any_box.pool(size=1) as pool:
        for _ in range(2):
            with pytest.raises(boxer.GuestError, match="nothing_such"):
                pool.call("json:nothing_such", 1)
        assert pool.call("json:dumps", [1]) == "[1]"


def test_a_name_means_what_it_stands_for_at_its_call(box: boxer.Box) -> None:
    with box.start() as machine:
        assert machine.call("app:echo", 1) == 1
        machine.exec("import app; app.echo = lambda value: ['another', value]")
        assert machine.call("app:echo", 1) == ["another", 1]


def test_where_both_times_are_as_long_one_of_them_ends_a_call(box: boxer.Box) -> None:
    with box.pool(size=1, limits=boxer.Limits(time=0.3, cpu=0.3)) as pool:
        with pytest.raises(boxer.LimitReached) as caught:
            pool.call("app:spin")
        assert caught.value.limit in ("time", "cpu")
        assert pool.call("app:echo", 1) == 1


def test_a_module_prepared_anew_is_what_the_next_call_finds(any_box: boxer.Box) -> None:
    with any_box.pool(size=1) as pool:
        assert [pool.call("app:count") for _ in range(3)] == [1] * 3
        for prepared in range(1, 4):
            assert pool.prepare("app:count") == prepared
            assert [pool.call("app:count") for _ in range(3)] == [prepared + 1] * 3


def test_many_functions_of_many_names(box: boxer.Box) -> None:
    with box.pool(size=1) as pool:
        for number in range(MANY + 3):
            with pytest.raises(boxer.GuestError, match="no_such"):
                pool.call(f"app:no_such_{number}")
        assert len(pool._called) <= MANY
        for _ in range(2):
            assert pool.call("app:echo", 1) == 1


def test_a_pool_nobody_has_any_more_is_gone(box: boxer.Box) -> None:
    pool = box.pool(size=1)
    for _ in range(3):
        assert pool.call("app:echo", 1) == 1
    gone = weakref.ref(pool)
    del pool
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("function", ["app:spin", "time:sleep"])
def test_ctrl_c_ends_a_call(box: boxer.Box, function: str) -> None:
    arguments = (60,) if function == "time:sleep" else ()

    def interrupted(timer: threading.Timer) -> None:
        timer.start()
        pool.call(function, *arguments)

    with box.pool(size=1, limits=boxer.Limits(time=60)) as pool:
        for _ in range(2):
            pool.call("app:echo")
            pool.call("time:time")
            timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
            with pytest.raises(KeyboardInterrupt):
                interrupted(timer)
            timer.join()
            assert pool.call("app:echo", 1) == 1
        assert pool.free == 1
