"""What Boxer and the kernel in a box agree on, written once (`boot.toml`), and what is made of it.

Belongs here: reading the description, and the texts of the C header and the Python module that are
made from it. Does not: what the fields are for at run time.

`src/boxer` never imports this: it has the module that was made.
"""

from __future__ import annotations

import tomllib
from itertools import groupby
from pathlib import Path
from textwrap import indent
from typing import Any

ROOT = Path(__file__).parents[1]
SOURCE = Path(__file__).with_name("boot.toml")
HEADER = ROOT / "guest" / "include" / "boxer" / "boot.h"
MODULE = ROOT / "src" / "boxer" / "abi.py"

_C_TYPES = {"u8": "uint8_t", "u32": "uint32_t", "i64": "int64_t"}
_FORMATS = {"u8": "B", "u32": "I", "i64": "q"}
_SIZES = {"u8": 1, "u32": 4, "i64": 8}
_MAGIC_BYTES = 8
_WIDTH = 100  # of a line of C
# Structures whose fields Python code reads one by one.
_PLACES = {"boot": "the boot block", "signals": "the signals' block", "tasks": "the tasks' block"}
_NOTE = "Made from abi/boot.toml by `python -m abi`: change that file."


def description() -> dict[str, Any]:
    """boot.toml. Raises `ValueError` where a structure is not as large as it says."""
    read = tomllib.loads(SOURCE.read_text("utf-8"))
    for struct in read["struct"]:
        size = _MAGIC_BYTES if "magic" in struct else 0
        size += sum(_SIZES[field["type"]] * field.get("count", 1) for field in struct["fields"])
        if size != struct["size"]:
            raise ValueError(f"{struct['name']} has {size} bytes, not {struct['size']}")
    return read


def kernel_abi() -> int:
    """The number that a base and Boxer compare."""
    return int(description()["kernel_abi"])


def header() -> str:
    """The text of the C header."""
    read = description()
    lines = [
        "// The boot block and the tree image: where Boxer and the kernel in a box meet.",
        "//",
        f"// {_NOTE}",
        "#ifndef BOXER_BOOT_H",
        "#define BOXER_BOOT_H",
        "",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "",
        f"#define BOXER_KERNEL_ABI {read['kernel_abi']}",
        f"#define BOXER_ASKING {read['asking']}",
    ]
    lines += [
        f'#define BOXER_{struct["name"].upper()}_MAGIC "{struct["magic"]}"'
        for struct in read["struct"]
        if "magic" in struct
    ]
    for enum in read["enum"]:
        names = [f"BOXER_{enum['name'].upper()}_{value}" for value in enum["values"]]
        lines += ["", *_comment(enum["doc"]), *_enumeration(names)]
    for struct in read["struct"]:
        lines += ["", *_comment(struct["doc"]), f"struct boxer_{struct['name']} {{"]
        if "magic" in struct:
            lines.append(f"    char magic[{_MAGIC_BYTES}] __attribute__((nonstring));")
        lines += _aligned(struct["fields"])
        lines.append("};")
        name, size = struct["name"], struct["size"]
        lines.append(f'_Static_assert(sizeof(struct boxer_{name}) == {size}, "{name}");')
    return "\n".join([*lines, "", "#endif", ""])


def module() -> str:
    """The text of the Python module."""
    read = description()
    lines = [
        '"""The layout of the boot block and of tree images, and the number of the kernel\'s ABI.',
        "",
        _NOTE,
        '"""',
        "",
        "import struct",
        "from enum import IntEnum",
        "from typing import Final",
        "",
        f"KERNEL_ABI: Final = {read['kernel_abi']}",
        f"ASKING: Final = {read['asking']}",
    ]
    for enum in read["enum"]:
        lines += ["", "", f"class {_class(enum['name'])}(IntEnum):"]
        lines += [indent(f'"""{enum["doc"].strip()}"""', "    "), ""]
        lines += [f"    {value} = {place}" for place, value in enumerate(enum["values"])]
    lines += ["", ""]
    for struct in read["struct"]:
        name = struct["name"].upper()
        if "magic" in struct:
            lines.append(f'{name}_MAGIC: Final = b"{struct["magic"]}"')
        lines.append(f'{name}: Final = struct.Struct("{_format(struct)}")')
    for struct in read["struct"]:
        if struct["name"] in _PLACES:
            lines += _places(struct)
    return "\n".join([*lines, ""])


def _places(struct: dict[str, Any]) -> list[str]:
    lines = ["", "", f"class {struct['name'].capitalize()}Field(IntEnum):"]
    lines += [
        f'    """Where a field of {_PLACES[struct["name"]]} stands: bytes from its start."""',
        "",
    ]
    place = _MAGIC_BYTES if "magic" in struct else 0
    for field in struct["fields"]:
        lines.append(f"    {field['name'].upper()} = {place}")
        place += _SIZES[field["type"]] * field.get("count", 1)
    return lines


def _enumeration(names: list[str]) -> list[str]:
    line = "enum { " + ", ".join(names) + " };"
    if len(line) <= _WIDTH:
        return [line]
    return ["enum {", *(f"    {name}," for name in names), "};"]


def _class(name: str) -> str:
    return {"tree": "TreeFlag"}.get(name, "".join(map(str.capitalize, name.split("_"))))


def _comment(text: str) -> list[str]:
    return [f"// {line}" for line in text.strip().splitlines()]


def _aligned(fields: list[dict[str, Any]]) -> list[str]:
    """A structure's fields; the comments of lines that follow each other begin in one column."""
    lines = []
    for commented, run in groupby(fields, lambda field: "doc" in field):
        declared = [(_c_field(field), field.get("doc", "")) for field in run]
        wide = max(len(text) for text, _ in declared)
        lines += [f"{text:<{wide}} // {doc}" if commented else text for text, doc in declared]
    return lines


def _c_field(field: dict[str, Any]) -> str:
    count = f"[{field['count']}]" if "count" in field else ""
    return f"    {_C_TYPES[field['type']]} {field['name']}{count};"


def _format(struct: dict[str, Any]) -> str:
    text = "<" + (f"{_MAGIC_BYTES}s" if "magic" in struct else "")
    for field in struct["fields"]:
        if field["name"] == "reserved":
            text += f"{_SIZES[field['type']] * field['count']}x"
        elif "count" in field:
            text += f"{field['count']}s"
        else:
            text += _FORMATS[field["type"]]
    return text
