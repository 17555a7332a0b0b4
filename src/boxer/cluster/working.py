"""What a worker does: batches of calls, on machines of its own.

Invariant: a call that fails is a result of its batch, at its place; a batch itself fails only where
the function cannot be opened.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from boxer.cluster.parcels import Parcel, Sent
from boxer.errors import BoxerError
from boxer.functions import Function

MOST_OPEN = 8  # functions that a worker keeps ready
# Arguments in their order, and by name.
Call = tuple[tuple[Any, ...], dict[str, Any]]
# The values, and what was raised, by the place in the batch.
Outcome = tuple[list[Any], dict[int, BoxerError]]


class Worker:
    """Calls functions that it keeps ready. size: machines of each that run at once."""

    def __init__(self, size: int = 1) -> None:
        self._size = size
        self._open: OrderedDict[str, Function] = OrderedDict()
        self._opening = threading.Lock()
        self._threads = ThreadPoolExecutor(size) if size > 1 else None

    def run(self, parcel: Parcel, sent: Sent, calls: Sequence[Call]) -> Outcome:
        """Raises `ClusterError`, and what opening a box raises."""
        function = self._function(parcel, sent)
        if self._threads is None:
            return _made(function, calls)
        share = -(-len(calls) // self._size) or 1
        parts = [calls[at : at + share] for at in range(0, len(calls), share)]
        values: list[Any] = []
        failures: dict[int, BoxerError] = {}
        for made, failed in self._threads.map(lambda part: _made(function, part), parts):
            failures |= {len(values) + place: error for place, error in failed.items()}
            values += made
        return values, failures

    def _function(self, parcel: Parcel, sent: Sent) -> Function:
        key = f"{parcel.digest} {parcel.name} {sorted(parcel.options.items())!r}"
        with self._opening:
            function = self._open.get(key)
            if function is None:
                function = self._open[key] = parcel.open(sent, self._size)
            self._open.move_to_end(key)
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)[1].close()
        return function


def _made(function: Function, calls: Sequence[Call]) -> Outcome:
    values: list[Any] = []
    failures: dict[int, BoxerError] = {}
    for args, kwargs in calls:
        try:
            values.append(function(*args, **kwargs))
        except BoxerError as error:
            failures[len(values)] = error
            values.append(None)
    return values, failures
