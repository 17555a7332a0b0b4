"""TypeScript without its types; signatures from types and from JSDoc."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from boxer.errors import FunctionError
from boxer.functions.scripts import read_function
from boxer.functions.scriptstrip import stripped
from boxer.functions.scriptsyntax import Sources

pytest.importorskip("tree_sitter_typescript")


def strip(folder: Path, text: str) -> str:
    (folder / "a.ts").write_text(text)
    return stripped(Sources(folder).read(folder / "a.ts"))


def signature(folder: Path, text: str, name: str = "a.ts", exported: str = "f") -> dict[str, Any]:
    (folder / name).write_text(text)
    entry = f"{name}:{exported}"
    return read_function(Sources(folder), folder, entry, "f").document


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("let a: string = b;", "let a         = b;"),
        ("let a = <T,>(x: T): T => x;", "let a =     (x   )    => x;"),
        ("f<A<B>>(x!, y as C<D>);", "f      (x , y        );"),
        ("let a = x satisfies T\n(b)", "let a = x ;          \n(b)"),
        ("import type { A } from './a';\nb()", ";                            \nb()"),
        ("import { A, b } from './a';\nb as A", "import {    b } from './a';\nb     "),
        ("interface A { b: c }\nd", ";                   \nd"),
        ("class A<T> extends B<T> implements C {}", "class A    extends B                 {}"),
        ("class A { private readonly b?: c = 1; }", "class A {                  b     = 1; }"),
        ("abstract class A { abstract b(): c; }", "         class A { ;              ; }"),
        ("function f(this: A, b?: c) {}", "function f(         b    ) {}"),
        ("function f(a: b): c;\nfunction f(a) {}", ";                   \nfunction f(a) {}"),
        ("const f = (a): \n  b => a;", "const f = (a)=>\n a;"),
        ("enum A { B, C = 'c' }", 'var A = { B: 0, [0]: "B", C: "c" };'),
        ("let é: string = '😀' as any", "let é         = '😀'       "),
        ("declare const a: b;\nexport type { C };", ";                  \n;                 "),
    ],
)
def test_all_else_stays_where_it_was(tmp_path: Path, text: str, left: str) -> None:
    assert strip(tmp_path, text).rstrip() == left.rstrip()


TYPES = {
    "string": {"type": "string"},
    "int | null": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    "boolean[]": {"type": "array", "items": {"type": "boolean"}},
    "'a' | 'b'": {"enum": ["a", "b"], "type": "string"},
    "Map<string, bigint>": {"type": "object", "additionalProperties": {"type": "integer"}},
    "Set<Date>": {
        "type": "array",
        "items": {"type": "string", "format": "date-time"},
        "uniqueItems": True,
    },
    "[string, ...int[]]": {
        "type": "array",
        "minItems": 1,
        "prefixItems": [{"type": "string"}],
        "items": {"type": "integer"},
    },
    "{ a?: Uint8Array }": {
        "type": "object",
        "properties": {"a": {"type": "string", "contentEncoding": "base64"}},
        "additionalProperties": False,
    },
    "Record<'a', any>": {
        "type": "object",
        "properties": {"a": {}},
        "additionalProperties": False,
        "required": ["a"],
    },
}


@pytest.mark.parametrize("text", TYPES)
def test_types_are_schemas(tmp_path: Path, text: str) -> None:
    made = signature(tmp_path, f"export function f(a: {text}): void {{}}\n")
    assert made["input"]["properties"]["a"] == TYPES[text]
    made = signature(tmp_path, f"/** @param {{{text}}} a */\nexport const f = (a) => a;\n", "a.js")
    assert made["input"]["properties"]["a"] == TYPES[text]


def test_parameters_have_names_places_defaults(tmp_path: Path) -> None:
    text = """
    type Options = { c: string; d?: string };
    /** Does it. */
    export async function f(a: int, b = 2, { c, d = "x" }: Options, ...e: string[]) {}
    """
    made = signature(tmp_path, text)
    assert made["positional"] == ["a", "b"]
    assert made["async"]
    assert made["description"] == "Does it."
    fields = made["input"]["properties"]
    assert list(fields) == ["a", "b", "c", "d", "e"]
    assert (fields["b"], fields["d"]["default"]) == ({"default": 2}, "x")
    assert made["input"]["required"] == ["a", "c"]


def test_types_come_from_other_files(tmp_path: Path) -> None:
    (tmp_path / "types.ts").write_text(
        "export interface Base<T> { /** @minimum 1 */ n: T }\nexport { Base as Renamed };\n"
    )
    text = (
        "import type { Renamed } from './types.js';\nexport const f = (a: Renamed<int>) => a.n;\n"
    )
    made = signature(tmp_path, text)["input"]
    assert made["properties"]["a"] == {"$ref": "#/$defs/Base_integer"}
    assert made["$defs"]["Base_integer"]["properties"]["n"] == {"type": "integer", "minimum": 1}


def test_a_type_that_holds_itself(tmp_path: Path) -> None:
    text = "type J = string | J[];\nexport default (a: J): J => a;\n"
    made = signature(tmp_path, text, exported="default")["output"]
    assert made["$ref"] == "#/$defs/J"
    assert made["$defs"]["J"]["anyOf"][1] == {"type": "array", "items": {"$ref": "#/$defs/J"}}


def test_a_file_outside_of_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.ts").write_text("export interface S { a: string }\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    text = "import type { S } from '../secret';\nexport const f = (a: S) => a;\n"
    with pytest.raises(FunctionError, match="`S` has no JSON form"):
        signature(inner, text)
