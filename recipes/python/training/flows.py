"""Generators, coroutines, closures, decorators, context managers, exceptions that travel."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def numbers(limit: int) -> Iterator[int]:
    n = 0
    while n < limit:
        yield n
        n += 1


def chunks(values: Iterable[int], size: int) -> Iterator[list[int]]:
    chunk: list[int] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def averages() -> Generator[float, int, None]:
    total = count = 0
    mean = 0.0
    while True:
        total += yield mean
        count += 1
        mean = total / count


def nested(depth: int) -> Iterator[int]:
    if depth:
        yield from nested(depth - 1)
        yield depth
        yield from nested(depth - 1)


def traced(function: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(function)
    def around(*arguments: P.args, **named: P.kwargs) -> T:
        return function(*arguments, **named)

    return around


@traced
def weigh(a: int, b: int = 2, *rest: int, scale: int = 1, **more: int) -> int:
    return (a + b + sum(rest)) * scale + len(more)


def counter() -> Callable[[], int]:
    n = 0

    def step() -> int:
        nonlocal n
        n += 1
        return n

    return step


@contextlib.contextmanager
def noted(log: list[str], name: str) -> Iterator[None]:
    log.append(name)
    try:
        yield
    except LookupError as error:
        log.append(f"{name}: {error}")
    finally:
        log.append(name)


def fail(depth: int) -> int:
    if depth == 0:
        raise LookupError("nothing there")
    try:
        return fail(depth - 1)
    finally:
        depth -= 1


class _Selector:
    """Of a loop that waits for nothing from outside."""

    def select(self, timeout: float | None) -> list[Any]:
        return []


class _Loop(asyncio.BaseEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self._selector = _Selector()

    def _process_events(self, events: list[Any]) -> None:
        pass


async def produce(queue: asyncio.Queue[int], count: int) -> None:
    for n in range(count):
        await queue.put(n)
        if n % 10 == 0:
            await asyncio.sleep(0)
    await queue.put(-1)


async def consume(queue: asyncio.Queue[int]) -> int:
    total = 0
    while (n := await queue.get()) >= 0:
        total += n
    return total


async def stream(count: int) -> AsyncIterator[int]:
    for n in range(count):
        await asyncio.sleep(0)
        yield n


async def both(count: int) -> int:
    queue: asyncio.Queue[int] = asyncio.Queue(8)
    lock = asyncio.Lock()
    _, total = await asyncio.gather(produce(queue, count), consume(queue))
    async for n in stream(count // 4):
        async with lock:
            total += n
    return total + sum([n async for n in stream(50)])


def run() -> None:
    for size in (3, 7):
        sum(sum(chunk) for chunk in chunks(numbers(4000), size))
    average = averages()
    next(average)
    for n in range(3000):
        average.send(n)
    sum(nested(10))
    step = counter()
    for n in range(3000):
        weigh(n, step(), scale=2)
        weigh(*(n, 1, 2, 3), **{"scale": 3, "other": n})
    log: list[str] = []
    for _ in range(300):
        with noted(log, "outer"), noted(log, "inner"):
            fail(6)
    loop = _Loop()
    for _ in range(3):
        loop.run_until_complete(both(1500))
    loop.close()
