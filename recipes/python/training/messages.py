"""Messages and who handles them: patterns, attributes in dictionaries, codings, copies, tasks."""

from __future__ import annotations

import asyncio
import base64
import copy
import pickle
import textwrap
from io import BytesIO
from typing import Any

from .flows import _Loop


class Place:
    """A field of a map; what is known of it comes from outside."""

    x: int
    y: int
    height: int
    size: int
    above: Place

    def __init__(self, **known: Any) -> None:
        self.__dict__ = known

    def root(self) -> Place:
        place = self
        while place.above is not place:
            place.above = place.above.above
            place = place.above
        return place

    def join(self, other: Place) -> bool:
        mine, its = self.root(), other.root()
        if mine is its:
            return False
        if mine.size < its.size:
            mine, its = its, mine
        its.above = mine
        mine.size += its.size
        mine.height = max(mine.height, its.height)
        return True


def lands(side: int) -> int:
    """How many there are when all that lies at one height belongs together."""
    rows = []
    for y in range(side):
        rows.append([Place(x=x, y=y, height=(x * x + y * 3) % 5, size=1) for x in range(side)])
    for row in rows:
        for place in row:
            place.above = place
    count = side * side
    for row in rows:
        for place in row:
            for x, y in ((place.x + 1, place.y), (place.x, place.y + 1)):
                if x < side and y < side and rows[y][x].height == place.height:
                    count -= place.join(rows[y][x])
    return count


class Careful:
    """Looks at each name that is asked for."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __getattribute__(self, name: str) -> Any:
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


def handled(message: object) -> int:
    match message:
        case {"kind": "sum", "of": [first, *rest]}:
            return handled(first) + sum(handled(value) for value in rest)
        case {"kind": "text", "text": str(text), **more}:
            return len(text) + len(more)
        case [int(left), ("+" | "-") as sign, int(right)]:
            return left + right if sign == "+" else left - right
        case [] | None | False:
            return 0
        case int(number) if number > 100:
            return 100
        case int() | float():
            return 1
        case _:
            return -1


def messages(count: int) -> list[object]:
    return [
        (
            {"kind": "text", "text": f"number {n}", "to": "all", "urgent": n % 3 == 0},
            [n, "+" if n % 2 else "-", 7],
            {"kind": "sum", "of": [n, [n, "-", 1], None]},
            n,
            (n / 2, "x"),
        )[n % 5]
        for n in range(count)
    ]


def codings(rounds: int) -> int:
    total = 0
    long = bytes(n * n % 251 for n in range(3000))
    for data in (*(long[n : n + 24] for n in range(0, rounds * 3, 3)), long):
        for encode, decode in (
            (base64.b64encode, base64.b64decode),
            (base64.urlsafe_b64encode, base64.urlsafe_b64decode),
            (base64.b32encode, base64.b32decode),
            (base64.b16encode, base64.b16decode),
            (base64.b85encode, base64.b85decode),
            (base64.a85encode, base64.a85decode),
        ):
            text = encode(data)
            total += len(text) + (decode(text) == data)
        total += len(bytes.fromhex(data.hex()))
    return total


def copies(rounds: int) -> int:
    plain = {
        "numbers": [*range(40), 2**40, -5, 1.5],
        "names": {f"name {n}": (n, str(n), None, True) for n in range(20)},
        "bytes": b"\0\1\2" * 9,
        "nested": [[{"a": n, "b": [n] * 3}] for n in range(9)],
    }
    total = 0
    for _ in range(rounds):
        data = pickle.dumps(plain, 4)
        total += len(pickle.loads(data)) + len(copy.deepcopy(plain))
    for _ in range(rounds // 10):
        file = BytesIO()
        pickle._Pickler(file, 4).dump(plain)
        total += len(pickle._loads(file.getvalue()))  # type: ignore[attr-defined]
    return total


async def fetched(depth: int) -> int:
    if depth == 0:
        await asyncio.sleep(0)
        return 1
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(fetched(depth - 1)) for _ in range(4)]
    return sum(task.result() for task in tasks) + await counted(depth)


async def counted(depth: int) -> int:
    return depth if depth < 2 else await counted(depth - 1) + await counted(depth - 2)


async def eagerly(depth: int) -> int:
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
    parts = await asyncio.gather(*(fetched(depth) for _ in range(3)))
    return sum(parts) + await counted(14)


def run() -> None:
    lands(45)
    careful = Careful(1)
    for n in range(2000):
        careful.value += n
    known = messages(2500)
    sum(handled(message) for message in known)
    codings(150)
    copies(60)
    loop = _Loop()
    for _ in range(2):
        loop.run_until_complete(fetched(4))
        loop.run_until_complete(counted(14))
    loop.run_until_complete(eagerly(3))
    loop.close()
    textwrap.dedent("\n".join(f"    {n}" for n in range(200)))
