"""Persistent maps, sets, lists, queues and stacks with the interface of rpds-py, in Python.

It stands in a box in the place of rpds-py, which is in Rust. A change copies the whole, which is
slower for large ones; what is read is as fast.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Set
from typing import Any, Generic, TypeVar

__all__ = ["HashTrieMap", "HashTrieSet", "List", "Queue", "Stack"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")


class HashTrieMap(Mapping[K, V]):
    """A mapping of which every change is another one."""

    __slots__ = ("_entries",)

    def __init__(self, value: Any = (), /, **more: V) -> None:
        self._entries: dict[K, V] = dict(value, **more)

    @classmethod
    def convert(cls, value: Any, /) -> HashTrieMap[K, V]:
        return value if isinstance(value, cls) else cls(value)

    @classmethod
    def fromkeys(cls, keys: Iterable[K], val: Any = None, /) -> HashTrieMap[K, V]:
        return cls(dict.fromkeys(keys, val))

    def __getitem__(self, key: K) -> V:
        return self._entries[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        return f"HashTrieMap({self._entries!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self._entries),)

    def insert(self, key: K, val: V, /) -> HashTrieMap[K, V]:
        return type(self)({**self._entries, key: val})

    def remove(self, key: K, /) -> HashTrieMap[K, V]:
        """Without a key. Raises KeyError where it is not there."""
        entries = dict(self._entries)
        del entries[key]
        return type(self)(entries)

    def discard(self, key: K, /) -> HashTrieMap[K, V]:
        return self.remove(key) if key in self._entries else self

    def update(self, *maps: Any, **more: V) -> HashTrieMap[K, V]:
        entries = dict(self._entries)
        for changes in maps:
            entries.update(changes)
        entries.update(more)  # type: ignore[arg-type]
        return type(self)(entries)


class HashTrieSet(Set[T]):
    """A set of which every change is another one."""

    __slots__ = ("_members",)

    def __init__(self, value: Iterable[T] = (), /) -> None:
        self._members: frozenset[T] = frozenset(value)

    def __contains__(self, member: object) -> bool:
        return member in self._members

    def __iter__(self) -> Iterator[T]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __hash__(self) -> int:
        return hash(self._members)

    def __repr__(self) -> str:
        return f"HashTrieSet({{{', '.join(map(repr, self._members))}}})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self._members),)

    def insert(self, value: T, /) -> HashTrieSet[T]:
        return type(self)(self._members | {value})

    def remove(self, value: T, /) -> HashTrieSet[T]:
        """Without a member. Raises KeyError where it is not there."""
        if value not in self._members:
            raise KeyError(value)
        return type(self)(self._members - {value})

    def discard(self, value: T, /) -> HashTrieSet[T]:
        return type(self)(self._members - {value})

    def update(self, *iterables: Iterable[T]) -> HashTrieSet[T]:
        return type(self)(self._members.union(*iterables))

    def union(self, other: Iterable[T], /) -> HashTrieSet[T]:
        return type(self)(self._members.union(other))

    def intersection(self, other: Iterable[T], /) -> HashTrieSet[T]:
        return type(self)(self._members.intersection(other))

    def difference(self, other: Iterable[T], /) -> HashTrieSet[T]:
        return type(self)(self._members.difference(other))

    def symmetric_difference(self, other: Iterable[T], /) -> HashTrieSet[T]:
        return type(self)(self._members.symmetric_difference(other))


class _Sequence(Generic[T]):
    """What lists, queues and stacks have in common: elements, given one by one or as one iterable;
    the first one is that which is taken next."""

    __slots__ = ("_elements",)

    def __init__(self, *elements: Any) -> None:
        self._elements: tuple[T, ...] = tuple(elements[0] if len(elements) == 1 else elements)

    def __iter__(self) -> Iterator[T]:
        return iter(self._elements)

    def __len__(self) -> int:
        return len(self._elements)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Sequence) or type(other) is not type(self):
            return NotImplemented
        return bool(self._elements == other._elements)

    def __hash__(self) -> int:
        return hash(self._elements)

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{', '.join(map(repr, self._elements))}])"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self._elements),)

    def _first(self, name: str) -> T:
        if not self._elements:
            raise IndexError(f"empty {name} has no first element")
        return self._elements[0]


class List(_Sequence[T]):
    """A list that grows and shrinks at its front."""

    __slots__ = ()

    def __reversed__(self) -> List[T]:
        return List(self._elements[::-1])

    @property
    def first(self) -> T:
        return self._first("list")

    @property
    def rest(self) -> List[T]:
        return List(self._elements[1:])

    def push_front(self, other: T, /) -> List[T]:
        return List((other, *self._elements))

    def drop_first(self) -> List[T]:
        self._first("list")
        return self.rest


class Queue(_Sequence[T]):
    """First in, first out."""

    __slots__ = ()

    @property
    def is_empty(self) -> bool:
        return not self._elements

    @property
    def peek(self) -> T:
        return self._first("queue")

    def enqueue(self, value: T, /) -> Queue[T]:
        return Queue((*self._elements, value))

    def dequeue(self) -> Queue[T]:
        self._first("queue")
        return Queue(self._elements[1:])


class Stack(_Sequence[T]):
    """Last in, first out; the last element given lies on top."""

    __slots__ = ()

    def peek(self) -> T:
        if not self._elements:
            raise IndexError("empty stack has no top")
        return self._elements[-1]

    def push(self, other: T, /) -> Stack[T]:
        return Stack((*self._elements, other))

    def pop(self) -> Stack[T]:
        self.peek()
        return Stack(self._elements[:-1])
