"""The kernel's folders: what needs what is asked of the objects' symbols, not of the includes.

A folder is `vfs`, or `fs/tmpfs`. Headers may look up as well as down: a process holds its table of
descriptors by value, which is the file system's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.native.compiling import (
    COMPILER,
    GUEST,
    INCLUDES,
    KERNEL,
    kernel_sources,
    object_name,
    run,
)

OPTIONS = ["-std=gnu17", "-ffreestanding", "-O0", *INCLUDES]
DEFINED = frozenset("BCDRTVW")  # nm(1)

pytestmark = pytest.mark.skipif(COMPILER is None, reason="gcc is not installed")


class Symbols(NamedTuple):
    defined: dict[str, Path]  # symbol -> the file that has it
    wanted: dict[Path, set[str]]  # file -> what it takes from others; paths below the kernel


@pytest.fixture(scope="module")
def symbols(tmp_path_factory: pytest.TempPathFactory) -> Symbols:
    into = tmp_path_factory.mktemp("folders")
    # The door to the host is made of files that gcc does not compile.
    door = Path("host", "host.c")
    names = declared(KERNEL / door.with_suffix(".h"))
    found = Symbols(dict.fromkeys(names, door), defaultdict(set))
    for source in kernel_sources():
        compiled = into / object_name(source)
        run([str(COMPILER), *OPTIONS, "-c", str(source), "-o", str(compiled)], into)
        own = source.relative_to(KERNEL)
        for line in run(["nm", str(compiled)], into).splitlines():
            *_, kind, name = line.split()
            if kind in DEFINED:
                found.defined[name] = own
            elif kind == "U":
                found.wanted[own].add(name)
    return found


def arrows(symbols: Symbols) -> dict[tuple[str, str], list[str]]:
    """What one folder takes from another: the files and the symbols."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file, names in symbols.wanted.items():
        for name in sorted(names & symbols.defined.keys()):
            source, target = file.parent, symbols.defined[name].parent
            if source != target:
                found[str(source), str(target)].append(f"{file}: {name}")
    return found


def declared(header: Path) -> set[str]:
    """Names of functions and variables that a header declares; not those of inline functions."""
    text = re.sub(r"//.*", "", header.read_text())
    while (flat := re.sub(r"\{[^{}]*\}", "", text)) != text:
        text = flat
    functions = re.findall(r"(\w+)\((?!\*)", re.sub(r"\bstatic inline [^;]*?\)", "", text))
    return {*functions, *re.findall(r"\bextern [^;()]*?(\w+)(?:\[\])?;", text)}


def test_folders_have_no_circles(symbols: Symbols) -> None:
    found = arrows(symbols)
    graph: dict[str, set[str]] = defaultdict(set)
    for source, target in found:
        graph[source].add(target)
    assert len(graph) > 10
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        steps = pairwise(circle)
        pytest.fail("\n".join(f"{a} -> {b}: {found[a, b]}" for a, b in steps))


def test_nothing_knows_the_system_calls(symbols: Symbols) -> None:
    assert [where for (_, to), where in arrows(symbols).items() if to == "sys"] == []
    others = (path for path in KERNEL.rglob("*.[ch]") if path.parent.name != "sys")
    assert [str(path) for path in others if '#include "sys/' in path.read_text()] == []


def test_each_header_declares_what_its_own_file_defines(symbols: Symbols) -> None:
    elsewhere = [
        f"{header.relative_to(KERNEL)}: {name} is {symbols.defined[name]}'s"
        for header in sorted(KERNEL.rglob("*.h"))
        for name in sorted(declared(header) & symbols.defined.keys())
        if symbols.defined[name] != header.relative_to(KERNEL).with_suffix(".c")
    ]
    assert elsewhere == []


def test_what_a_file_gives_to_others_is_declared_in_its_header(symbols: Symbols) -> None:
    machine = declared(GUEST / "include" / "boxer" / "kernel.h")
    missing = [
        f"{file}: {name}"
        for name, file in symbols.defined.items()
        if name not in machine
        and not ((header := KERNEL / file.with_suffix(".h")).exists() and name in declared(header))
    ]
    assert missing == []
