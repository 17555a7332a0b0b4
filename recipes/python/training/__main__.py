"""Runs all programs, each by its `run()`."""

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


def main() -> None:
    for program in PROGRAMS:
        program.run()
        print(program.__name__, flush=True)


if __name__ == "__main__":
    main()
