"""Modules of ours that stand in a box for packages in Rust: they do what those do."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import pickle
import uuid
from typing import Any, NamedTuple

import pytest

from boxer.packages.substitutes import orjson, substitute_wheel
from boxer.packages.substitutes.rpds import HashTrieMap, HashTrieSet, List, Queue, Stack


def test_a_change_of_a_map_is_another_map() -> None:
    first: HashTrieMap[str, int] = HashTrieMap({"a": 1})
    second = first.insert("b", 2).update({"c": 3}, d=4)
    assert dict(first) == {"a": 1}
    assert dict(second.remove("a").discard("z")) == {"b": 2, "c": 3, "d": 4}
    assert first == HashTrieMap([("a", 1)]) == {"a": 1}
    assert hash(first) == hash(HashTrieMap(a=1))
    assert HashTrieMap.convert(first) is first
    assert list(HashTrieMap.fromkeys("xy", 0).items()) == [("x", 0), ("y", 0)]
    assert pickle.loads(pickle.dumps(second)) == second
    with pytest.raises(KeyError):
        first.remove("z")


def test_a_change_of_a_set_is_another_set() -> None:
    first: HashTrieSet[Any] = HashTrieSet([1, 2])
    assert set(first.insert(3).update([4], [5])) == {1, 2, 3, 4, 5}
    assert set(first) == {1, 2}
    assert (first, hash(first)) == (HashTrieSet((2, 1)), hash(HashTrieSet((2, 1))))
    assert set(first | {3}) == set(first.union([3]))
    assert set(first.intersection([2])) == {2} == set(first.difference([1]))
    assert set(first.symmetric_difference([2, 3])) == {1, 3}
    assert first.discard(9) == first
    with pytest.raises(KeyError):
        first.remove(9)


def test_sequences_take_and_give_at_their_ends() -> None:
    listed: List[Any] = List(1, 2)
    listed = listed.push_front(0)
    assert list(listed) == [0, 1, 2] == list(reversed(list(reversed(listed))))
    assert listed.first == 0
    assert listed.rest == List([1, 2]) == listed.drop_first()
    queue: Queue[Any] = Queue([1, 2])
    queue = queue.enqueue(3)
    assert (queue.peek, list(queue.dequeue()), Queue().is_empty) == (1, [2, 3], True)
    stack: Stack[Any] = Stack([1, 2])
    stack = stack.push(3)
    assert (stack.peek(), list(stack.pop())) == (3, [1, 2])
    assert repr(listed) == "List([0, 1, 2])"
    assert list(listed) != list(queue)
    with pytest.raises(IndexError):
        List().drop_first()


@dataclasses.dataclass
class Point:
    x: int
    when: datetime.datetime
    _hidden: int = 0


class Colour(enum.Enum):
    RED = "red"


class Pair(NamedTuple):
    a: int
    b: int


UTC = datetime.UTC
MORNING = datetime.datetime(2000, 1, 2, 3, 4, 5, 6)
# What orjson 3.13.0 writes.
WRITTEN: list[tuple[Any, int, bytes]] = [
    (
        {"a": [1, 2.5, True, None, "é\n\x00\x7f/"]},
        0,
        '{"a":[1,2.5,true,null,"é\\n\\u0000\x7f/"]}'.encode(),
    ),
    (
        [1e16, 1e15, 1e-5, 1.5e-5, -1e-5, 1e-6, -0.0],
        0,
        b"[1e+16,1000000000000000.0,0.00001,0.000015,-0.00001,1e-6,-0.0]",
    ),
    ([float("nan"), float("inf")], 0, b"[null,null]"),
    ([2**64 - 1, -(2**63)], 0, b"[18446744073709551615,-9223372036854775808]"),
    (Point(1, MORNING), 0, b'{"x":1,"when":"2000-01-02T03:04:05.000006"}'),
    (MORNING, orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_NAIVE_UTC, b'"2000-01-02T03:04:05+00:00"'),
    (MORNING.replace(tzinfo=UTC), orjson.OPT_UTC_Z, b'"2000-01-02T03:04:05.000006Z"'),
    ([datetime.date(1, 1, 1), datetime.time(1, 2, 3)], 0, b'["0001-01-01","01:02:03"]'),
    ([uuid.UUID(int=7), Colour.RED], 0, b'["00000000-0000-0000-0000-000000000007","red"]'),
    ({"b": 1, "a": {}}, orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2, b'{\n  "a": {},\n  "b": 1\n}'),
    ({1: 2, None: 3, Colour.RED: 4}, orjson.OPT_NON_STR_KEYS, b'{"1":2,"null":3,"red":4}'),
    ([orjson.Fragment(b'{"x": 1}'), []], orjson.OPT_APPEND_NEWLINE, b'[{"x": 1},[]]\n'),
]
REFUSED: list[tuple[Any, int, str]] = [
    ({1: 2}, 0, "Dict key must be str"),
    (2**64, 0, "Integer exceeds 64-bit range"),
    (2**53, orjson.OPT_STRICT_INTEGER, "Integer exceeds 53-bit range"),
    ("\ud800", 0, "str is not valid UTF-8: surrogates not allowed"),
    (Pair(1, 2), 0, "Type is not JSON serializable: Pair"),
    (MORNING, orjson.OPT_PASSTHROUGH_DATETIME, "Type is not JSON serializable: datetime.datetime"),
    (datetime.time(1, tzinfo=UTC), 0, "datetime.time must not have tzinfo set"),
    (1, 1 << 12, "Invalid opts"),
]


@pytest.mark.parametrize(("value", "option", "written"), WRITTEN, ids=range(len(WRITTEN)))
def test_orjsons_stand_in_writes_the_same_bytes(value: Any, option: int, written: bytes) -> None:
    assert orjson.dumps(value, option=option) == written


@pytest.mark.parametrize(("value", "option", "message"), REFUSED, ids=range(len(REFUSED)))
def test_orjsons_stand_in_refuses_the_same(value: Any, option: int, message: str) -> None:
    with pytest.raises(orjson.JSONEncodeError, match=message):
        orjson.dumps(value, option=option)


def test_orjsons_stand_in_asks_for_what_it_does_not_know() -> None:
    assert orjson.dumps([Pair(1, 2), {3}], default=list) == b"[[1,2],[3]]"
    with pytest.raises(orjson.JSONEncodeError, match="serializable: set") as caught:
        orjson.dumps({1}, default=lambda value: 1 / 0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(orjson.JSONEncodeError, match="exceeds recursion limit"):
        orjson.dumps({1}, default=lambda value: value)


def test_orjsons_stand_in_reads_json_and_nothing_else() -> None:
    read: list[Any] = [str(2**64), '{"a":1,"a":[2]}', b'"\\ud83d\\ude00"', bytearray(b" 1.5 ")]
    assert [orjson.loads(one) for one in read] == [
        1.8446744073709552e19,
        {"a": [2]},
        "\U0001f600",
        1.5,
    ]
    for wrong in ("", "[1,]", "NaN", "1e999", '"\\ud800"', b"\xff", "01", 3):
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(wrong)  # type: ignore[arg-type]


def test_the_wheel_has_the_name_and_version_that_was_asked_for() -> None:
    wheel = substitute_wheel("rpds-py", "0.30.0", "rpds.py")
    assert (wheel.name, wheel.version, wheel.native_files()) == ("rpds-py", "0.30.0", [])
    assert wheel.archive == substitute_wheel("rpds-py", "0.30.0", "rpds.py").archive
