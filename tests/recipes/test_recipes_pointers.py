"""No function of a base's interpreter is called through a pointer by another type than its own.

The machine traps where one is. C does not look: a table of slots takes any pointer (`{Py_tp_clear,
f}`), a cast takes the rest. What can be seen in the objects is looked at here, every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from boxer.errors import BaseMissingError
from boxer.images import default_base, load, resolve
from boxer.packages.native.adapters import Type, functions_of, mismatches
from boxer.packages.native.relocatable import Relocatable
from boxer.packages.native.sdk import find_sdk
from boxer.packages.native.tables import Data, promised
from boxer.wasmformat import SectionId

pytestmark = pytest.mark.base

KINDS = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64"}
# How many pointers of the interpreter are known to be called by CPython: a change of the compiler
# or of a layout that hides its tables from us must not pass for a clean interpreter.
AT_LEAST = 5000


@pytest.fixture(scope="module")
def objects() -> list[Path]:
    """All that the interpreter of every box is linked from, and that has tables of CPython's."""
    try:
        base = load(resolve(default_base()))
    except BaseMissingError:
        pytest.skip("needs the Python base: make bases")
    sdk = find_sdk(base.info)
    if sdk is None:
        pytest.skip("the base has no SDK: make bases")
    library = sdk.folder / "lib"
    return [library / "interpreter.o", *sorted((library / "programs").glob("*.o"))]


def test_every_pointer_in_a_table_has_the_type_it_is_called_by(objects: list[Path]) -> None:
    assert [wrong for file in objects for wrong in wrong_pointers(file)] == []


def test_the_tables_of_the_interpreter_are_seen(objects: list[Path]) -> None:
    parsed = Relocatable.parse(objects[0].read_bytes())
    section = parsed.section(SectionId.DATA)
    assert section is not None
    assert len({entry.offset for entry, *_ in promised(parsed, section)}) >= AT_LEAST


def wrong_pointers(file: Path) -> Iterator[str]:
    """`FILE: TABLE+BYTES: FUNCTION (TYPE) is called as (TYPE)` for each."""
    parsed = Relocatable.parse(file.read_bytes())
    for entry, real, wanted in mismatches(parsed, functions_of(parsed)):
        function = parsed.symbols[entry.symbol].name
        place = table(parsed, entry.offset)
        yield f"{file.name}: {place}: {function} {spelt(real)} is called as {spelt(wanted)}"


def table(parsed: Relocatable, place: int) -> str:
    """The variable that a place of the data section lies in, and how far behind its start."""
    section = parsed.section(SectionId.DATA)
    assert section is not None
    data = Data.read(parsed, section)
    for symbol in parsed.symbols:
        start = data.place(symbol)
        if start is not None and start <= place < start + symbol.size:
            return f"{symbol.name}+{place - start}"
    return "?"


def spelt(kind: Type) -> str:
    parameters, results = (" ".join(KINDS[number] for number in numbers) for numbers in kind)
    return f"({parameters}) -> ({results})"
