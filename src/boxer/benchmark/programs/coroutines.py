"""Generators and coroutines: a pipeline of generators, then tasks of asyncio over a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

SIZE = 12_000


def numbers(size: int) -> Iterator[int]:
    yield from range(size)


def squares(source: Iterator[int]) -> Iterator[int]:
    for number in source:
        yield number * number


def pairs(source: Iterator[int]) -> Iterator[tuple[int, int]]:
    for number in source:
        yield number, next(source, 0)


async def double(number: int) -> int:
    return number * 2


async def produce(queue: asyncio.Queue[int | None], size: int) -> None:
    for number in range(size):
        await queue.put(await double(number))
    await queue.put(None)


async def consume(queue: asyncio.Queue[int | None]) -> int:
    total = 0
    while (number := await queue.get()) is not None:
        total += await double(number)
        if number % 64 == 0:
            await asyncio.sleep(0)
    return total


async def flow(size: int) -> int:
    queue: asyncio.Queue[int | None] = asyncio.Queue(8)
    _, total = await asyncio.gather(produce(queue, size), consume(queue))
    return total


def run(size: int) -> object:
    total = sum(a - b for a, b in pairs(squares(numbers(size * 6))))
    return total, asyncio.run(flow(size))
