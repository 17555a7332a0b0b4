"""Lists, dictionaries, sets, queues: graphs, grids, counting, caches, sorting."""

from __future__ import annotations

import bisect
import collections
import functools
import heapq
import itertools
import operator
import random

Graph = dict[int, dict[int, int]]


def graph(nodes: int) -> Graph:
    source = random.Random(3)
    return {
        n: {source.randrange(nodes): source.randrange(1, 50) for _ in range(5)}
        for n in range(nodes)
    }


def shortest(edges: Graph, start: int) -> dict[int, int]:
    """Dijkstra's way."""
    known = {start: 0}
    waiting = [(0, start)]
    done = set[int]()
    while waiting:
        distance, node = heapq.heappop(waiting)
        if node in done:
            continue
        done.add(node)
        for other, length in edges[node].items():
            total = distance + length
            if other not in known or total < known[other]:
                known[other] = total
                heapq.heappush(waiting, (total, other))
    return known


def reach(edges: Graph, start: int) -> int:
    seen = {start}
    waiting = collections.deque([(start, 0)])
    furthest = 0
    while waiting:
        node, steps = waiting.popleft()
        furthest = max(furthest, steps)
        for other in edges[node]:
            if other not in seen:
                seen.add(other)
                waiting.append((other, steps + 1))
    return furthest


def components(pairs: list[tuple[int, int]], size: int) -> int:
    parent = list(range(size))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for a, b in pairs:
        parent[root(a)] = root(b)
    return len({root(n) for n in range(size)})


@functools.cache
def distance(a: str, b: str) -> int:
    """Levenshtein's."""
    if not a or not b:
        return len(a) + len(b)
    if a[0] == b[0]:
        return distance(a[1:], b[1:])
    return 1 + min(distance(a[1:], b), distance(a, b[1:]), distance(a[1:], b[1:]))


class Cache:
    """The least recently used goes first."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.entries: collections.OrderedDict[int, str] = collections.OrderedDict()

    def get(self, key: int) -> str:
        if key in self.entries:
            self.entries.move_to_end(key)
            return self.entries[key]
        value = self.entries[key] = str(key)
        if len(self.entries) > self.room:
            self.entries.popitem(last=False)
        return value


def sort_all(size: int) -> int:
    source = random.Random(5)
    numbers = [source.randrange(size * 10) for _ in range(size)]
    names = [f"name {n % 1000:04}" for n in numbers]
    rows = [(name, n, n / 3) for name, n in zip(names, numbers, strict=True)]
    rows.sort(key=operator.itemgetter(2))
    rows.sort(key=lambda row: (row[0], -row[1]))
    groups = {k: len(list(g)) for k, g in itertools.groupby(rows, key=lambda row: row[0][:6])}
    ordered = sorted(numbers)
    found = sum(ordered[bisect.bisect_left(ordered, n)] == n for n in range(0, size, 3))
    return found + len(groups) + sorted(set(names), reverse=True).index(names[0])


def count_words(rounds: int) -> int:
    text = "the box and the kernel and a file of the tree in the memory of a box"
    words = text.split()
    total = 0
    for n in range(rounds):
        counts: dict[str, int] = {}
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        places = collections.defaultdict(list)
        for place, word in enumerate(words):
            places[word].append(place + n)
        most = collections.Counter(words)
        most.update(word[0] for word in words)
        common = {w for w in words if counts[w] > 1} & {"the", "a", "file"} | set(places)
        total += sum(most.values()) + len(common) + max(map(len, places.values()))
    return total


def slide(size: int) -> int:
    row = list(range(size))
    for n in range(size):
        row[n % 50 : n % 50 + 3] = row[n % 40 : n % 40 + 3]
        row.insert(n % 20, row.pop())
        row[-1], row[0] = row[0], row[-1]
    row.reverse()
    pairs = [(a, b) for a, b in itertools.pairwise(row) if a < b and a not in (3, 5)]
    flat = [x for pair in pairs for x in pair if x % 3]
    table = {x: i for i, x in enumerate(flat)}
    del table[flat[0]]
    squares = {x: x * x for x in table if x & 1}
    return sum(squares.values()) + len([*table, *squares]) + flat.count(7)


def run() -> None:
    edges = graph(600)
    for start in range(3):
        shortest(edges, start)
        reach(edges, start)
    components([(n, n * 31 % 2000) for n in range(0, 2000, 3)], 2000)
    distance("reproducible builds", "replaceable shields")
    cache = Cache(64)
    for n in range(4000):
        cache.get(n * n % 97)
    sort_all(2500)
    count_words(150)
    for _ in range(3):
        slide(1000)
    sum(1 for p in itertools.permutations(range(6)) if p[0] < p[-1])
    functools.reduce(operator.xor, itertools.accumulate(range(3000)))
