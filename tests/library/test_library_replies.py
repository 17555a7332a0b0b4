"""Replies that a hostile guest makes: bounded in size, number and depth; our errors, no others."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import boxer
from boxer.runtime.calls import call_request, read_reply
from boxer.runtime.replies import DEEPEST

ROOM = 64 << 20
RESULTS = (boxer.GuestError, boxer.GuestExitedError, boxer.LimitReached)
# Replaces what writes a reply by what gives these bytes.
FORGE = """
import _boxer_calls
_boxer_calls._answer = lambda request: {data}
"""


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"?", b"=", b"=[", b"=1 2", b"e{}", b'e{"code":1e400}', b'e{"code":NaN}', b"e[]",
        b"enull",
        b'e{"code":true}', b'e{"code":"1"}', b'!{"type":1,"message":2,"traceback":3}', b"!{}",
        b"!7",
        b"=" + b"9" * 5000, b'e{"code":' + b"9" * 5000 + b"}", b"=\xff\xfe",
        b"~", b"~\1\0", b"~\xff\xff\xff\xff", b"~\xff\xff\xff\xff[]", b"~\1\0\0\0",
        *(
            b"~" + len(text).to_bytes(4, "little") + text + parts
            for text, parts in (
                (b'{"boxer.text":2}', b"\xc3"), (b'{"boxer.text":1}', b"\xff"),
                (b'{"boxer.text":1}', b""), (b'{"boxer.text":"a"}', b""),
                (b'{"boxer.bytes":7}', b"123456"), (b'{"boxer.bytes":7}', b"12345678"),
                (b'{"boxer.bytes":-1}', b""), (b'{"boxer.bytes":true}', b"1"), (b"1", b"1"),
                (b'{"boxer.bytes":1.0}', b"1"), (b'{"boxer.bytes":"?"}', b""),
                (b'{"boxer.bytes":[1,2]}', b""), (b'{"boxer.bytes":null}', b""),
                (b'{"boxer.bytes":{"a":1}}', b""), (b"[" * 600 + b"]" * 600, b""), (b"[", b""),
                (b'[{"boxer.bytes":2},{"boxer.bytes":2}]', b"123"),
            )
        ),
        b"=" + b"[" * 100_000, b"=" + b"[" * 600 + b"]" * 600,
        b"=" + b'{"a":' * 600 + b"1" + b"}" * 600,
        b'="' + b'\\"' * 1_000_000,
    ],
    ids=lambda reply: repr(reply[:40]),
)  # fmt: skip
def test_a_reply_that_is_none_is_the_guests_error(reply: bytes) -> None:
    with pytest.raises(boxer.GuestError) as caught:
        read_reply(reply, ROOM)
    assert caught.value.type == "ProtocolError"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1e400", float("inf")), (b"-Infinity", float("-inf")), (b'"\\ud800"', "\ud800"),
        (b'"\xed\xa0\x80"', "\ud800"),
        (b'{"a":1,"a":2}', {"a": 2}), (b"9" * 4000, int("9" * 4000)),
        (b"[" * DEEPEST + b"]" * DEEPEST, None),
    ],
    ids=lambda part: repr(part)[:20],
)  # fmt: skip
def test_what_is_unusual_but_data_is_read(text: bytes, value: Any) -> None:
    read = read_reply(b"=" + text, ROOM)
    assert value is None or read == value


@pytest.mark.parametrize(
    "unit",
    [b"[]", b"{}", b"1", b'""', b'{"a":1}', b'[[{"a":""}]]', b"null", b"[1,2]", b'"\\"\\\\"'],
    ids=repr,
)
def test_more_values_than_the_limit_has_room_for_are_refused(unit: bytes) -> None:
    count = 60_000_000 // (len(unit) + 1)
    reply = b"=[" + (unit + b",") * count + unit + b"]"
    with pytest.raises(boxer.LimitReached) as caught:
        read_reply(reply, ROOM)
    assert caught.value.limit == "output"


def test_marks_inside_of_texts_are_no_values() -> None:
    text = '[{":,\\"' * 9_000_000
    assert read_reply(b"=" + json.dumps(text[:50_000_000]).encode(), 256 << 20) == text[:50_000_000]
    flat = ["[[[[{{{{" * 200] * 3
    assert read_reply(b"=" + json.dumps(flat).encode(), ROOM) == flat


def test_ordinary_results_fit_small_limits_and_large_ones_need_large_limits() -> None:
    values = json.dumps(list(range(1_000_000))).encode()
    assert len(read_reply(b"=" + values, ROOM)) == 1_000_000
    assert read_reply(b"=" + values[:6000].rpartition(b",")[0] + b"]", 10_000)[:2] == [0, 1]
    assert len(read_reply(b"=" + values, None)) == 1_000_000
    with pytest.raises(boxer.LimitReached):
        read_reply(b"=" + values, 8 << 20)


@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet='[]{}",:\\0129e.-=~!ecodetyp', max_size=80))
)
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_a_value_or_our_error(data: bytes | str) -> None:
    for kind in (b"", b"=", b"~", b"!", b"e"):
        with contextlib.suppress(*RESULTS):
            told = data if isinstance(data, bytes) else data.encode()
            read_reply(kind + told, ROOM)
            read_reply(kind + len(told).to_bytes(4, "little") + told + told, ROOM)


@pytest.mark.parametrize(
    "argument",
    [object(), [b"x", object()], {b"key": b"x"}, {1, 2}],
    ids=["object", "object beside bytes", "bytes as a key", "set"],
)
def test_arguments_that_are_no_data_are_refused_as_ours(argument: Any) -> None:
    with pytest.raises(boxer.CallDataError, match="app:f"):
        call_request("app:f", (argument,), {})


@pytest.mark.parametrize("held", [[], [b"x"]], ids=["plain", "with bytes"])
@pytest.mark.parametrize("deep", [True, False], ids=["deep", "circular"])
def test_arguments_without_an_end_are_refused_as_ours(held: list[Any], deep: bool) -> None:
    value: list[Any] = held
    if deep:
        for _ in range(100_000):
            value = [value]
    else:
        value.append(value)
    with pytest.raises(boxer.CallDataError):
        call_request("app:f", (value,), {})
    while deep and value and isinstance(value[0], list):  # taken apart without recursion
        value = value[0]


USERS = [
    {"boxer.bytes": "aGk="}, {"boxer.bytes": ["x"]}, {"boxer.bytes": {"boxer.bytes": [1]}},
    {"boxer.bytes": b"x"}, [{"boxer.bytes": None}, {"boxer.bytes": 1, "b": 2}], {"boxer.bytes": []},
]  # fmt: skip


@pytest.mark.base
@pytest.mark.parametrize("value", USERS, ids=repr)
def test_a_users_own_key_never_becomes_bytes(box: boxer.Box, value: Any) -> None:
    with box.pool(size=1) as pool:
        for sent in (value, [b"beside", value]):
            assert pool.call("app:echo", sent) == sent
            assert pool.call("app:echo", key=sent) == {"key": sent}


@pytest.mark.base
@pytest.mark.parametrize(
    ("data", "error"),
    [
        ('b"=[" + b"[]," * 20_000_000 + b"[]]"', boxer.LimitReached),
        ("b'e{\"code\":1e400}'", boxer.GuestError),
        ('b"=" + b"[" * 100_000', boxer.GuestError),
        ('b"\\xff"', boxer.GuestError),
        ('b""', boxer.GuestError),
        ("None", boxer.GuestError),
        ("7", boxer.GuestError),
    ],
)
def test_a_guest_that_writes_its_own_replies(
    any_box: boxer.Box, data: str, error: type[boxer.BoxerError]
) -> None:
    with any_box.start() as machine:
        machine.exec(FORGE.format(data=data))
        with pytest.raises(error):
            machine.call("app:echo", 1)


# A bytes object that says it is larger than all of memory: `ob_size` is its third word of 4 bytes.
OUTSIDE = """
import ctypes, _boxer_calls
reply = b"=1" * 1000
ctypes.c_int32.from_address(id(reply) + 8).value = 0x7fffffff
_boxer_calls._answer = lambda request: reply
"""


@pytest.mark.base
def test_a_reply_outside_of_the_guests_memory_is_a_crash(any_box: boxer.Box) -> None:
    with any_box.start(limits=boxer.Limits(output=None)) as machine:
        machine.exec(OUTSIDE)
        with pytest.raises(boxer.GuestError, match="outside of its memory"):
            machine.call("app:echo", 1)


@pytest.mark.base
def test_many_values_as_a_result_are_a_limit_and_the_pool_goes_on(box: boxer.Box) -> None:
    with box.pool(size=1) as pool:
        with pytest.raises(boxer.LimitReached) as caught:
            pool.call("builtins:eval", "[[]] * 20_000_000")
        assert caught.value.limit == "output"
        assert pool.call("app:echo", 1) == 1
