"""Runs all programs, each by its `run()`, several times: their modules, and those of the library
that they import, are read and compiled once, which is not to be most of what is met."""

from __future__ import annotations

from . import (
    arithmetic,
    classes,
    compiling,
    containers,
    flows,
    formats,
    messages,
    methods,
    numeric,
    records,
    texts,
    trees,
)

PROGRAMS = (
    arithmetic,
    classes,
    compiling,
    containers,
    flows,
    formats,
    messages,
    methods,
    numeric,
    records,
    texts,
    trees,
)


TIMES = 4


def main() -> None:
    for program in PROGRAMS:
        for _ in range(TIMES):
            program.run()
        print(program.__name__, flush=True)


if __name__ == "__main__":
    main()
