"""Runs one of pyperformance's benchmarks in this process and prints its figures: what `programs`
starts in a box and natively. `python program.py SECONDS run_benchmark.py [OPTION..]`

Stands in for `pyperf`, which starts processes of its own and tunes the machine: each benchmark runs
once to warm up, then at least twice and for so many seconds; the least time of a run counts.
The last line is JSON: by name, seconds; null where a benchmark asks for what is not here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import runpy
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

LEAST_RUNS = 2


class Runner:
    """What a benchmark uses of `pyperf.Runner`."""

    seconds = 0.0
    found: dict[str, float | None] = {}  # noqa: RUF012

    def __init__(self, **_options: Any) -> None:
        self.metadata: dict[str, object] = {}
        self.argparser = argparse.ArgumentParser()
        self.args: argparse.Namespace | None = None

    def parse_args(self, args: list[str] | None = None) -> argparse.Namespace:
        self.args = self.args or self.argparser.parse_args(args)
        return self.args

    def bench_func(
        self, name: str, function: Callable[..., object], *args: Any, **options: Any
    ) -> None:
        def loops(count: int) -> float:
            began = time.perf_counter()
            for _ in range(count):
                function(*args)
            return time.perf_counter() - began

        self._measure(name, loops, options)

    def bench_time_func(
        self, name: str, function: Callable[..., float], *args: Any, **options: Any
    ) -> None:
        self._measure(name, lambda count: function(count, *args), options)

    def bench_async_func(
        self, name: str, function: Callable[..., Any], *args: Any, **options: Any
    ) -> None:
        async def loops(count: int) -> float:
            began = time.perf_counter()
            for _ in range(count):
                await function(*args)
            return time.perf_counter() - began

        factory = options.pop("loop_factory", None)

        def run(count: int) -> float:
            with asyncio.Runner(loop_factory=factory) as runner:
                return runner.run(loops(count))

        self._measure(name, run, options)

    def bench_command(self, name: str, _command: list[str]) -> None:
        self.found[name] = None

    def _measure(self, name: str, loops: Callable[[int], float], options: dict[str, Any]) -> None:
        self.parse_args()
        once = loops(1)
        count = max(1, int(0.02 / max(once, 1e-9)))
        end, least, runs = time.perf_counter() + self.seconds, once, 0
        while runs < LEAST_RUNS or time.perf_counter() < end:
            least = min(least, loops(count) / count)
            runs += 1
        self.found[name] = least / (options.get("inner_loops") or 1)


def main() -> None:
    seconds, script, *options = sys.argv[1:]
    Runner.seconds = float(seconds)
    stand_in: Any = types.ModuleType("pyperf")
    stand_in.Runner = Runner
    stand_in.perf_counter = time.perf_counter
    stand_in.python_implementation = lambda: sys.implementation.name
    sys.modules["pyperf"] = stand_in
    sys.argv = [script, *options]
    sys.path.insert(0, str(Path(script).parent))
    runpy.run_path(script, run_name="__main__")
    print("\n" + json.dumps(Runner.found))


if __name__ == "__main__":
    main()
