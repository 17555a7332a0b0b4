"""Modules of ours that stand in a box for packages in Rust: they do what those do."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from boxer.packages.substitutes import substitute_wheel
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


def test_the_wheel_has_the_name_and_version_that_was_asked_for() -> None:
    wheel = substitute_wheel("rpds-py", "0.30.0", "rpds.py")
    assert (wheel.name, wheel.version, wheel.native_files()) == ("rpds-py", "0.30.0", [])
    assert wheel.archive == substitute_wheel("rpds-py", "0.30.0", "rpds.py").archive
