"""Typed callers of a function, as source: a Python module, a TypeScript module.

Belongs here: types and one function made from a signature. Does not: calling (`calling`), HTTP
(`httpdoor`), which the stubs use.
"""

from __future__ import annotations

import json
import keyword
import re
from typing import Any

from boxer.schemas import renamed

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PYTHON = {
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None",
}  # fmt: skip
_TYPESCRIPT = {
    "string": "string", "integer": "number", "number": "number", "boolean": "boolean",
    "null": "null",
}  # fmt: skip


def python_stub(name: str, signature: dict[str, Any]) -> str:
    """A module with the function's types and the function itself, which calls the box."""
    signature = _separated(signature)
    types = _Types(signature, "python")
    called = types.name(signature["name"])
    lines = [
        f'"""`{_quoted(name)}`: made by `boxer fn stub`. Change the function, and make it anew."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict",
        "",
        "import boxer",
    ]
    lines += types.python_classes()
    given, passed = _parameters(signature, types)
    rest = signature["input"].get("additionalProperties", False)
    if rest is not False:
        given.append(f"**rest: {types.of(rest)}")
    result = types.of(_bare(signature["output"]))
    doc = signature.get("description", f"Calls `{name}`.")
    lines += [
        "",
        "_function: boxer.Function | None = None",
        "_LEFT_OUT: Any = object()",
        "",
        "",
        f"def {called}({', '.join(given)}) -> {result}:",
        f'    """{_quoted(doc)}"""',
        "    global _function",
        "    if _function is None:",
        f"        _function = boxer.function({json.dumps(name)})",
        "    given: dict[str, Any] = {"
        + ", ".join(f"{json.dumps(one)}: {one}" for one in passed)
        + "}",
        "    told = {name: value for name, value in given.items() if value is not _LEFT_OUT}",
        f"    answer: {result} = _function(**told{', **rest' if rest is not False else ''})",
        "    return answer",
        "",
    ]
    return "\n".join(lines)


def _parameters(signature: dict[str, Any], types: _Types) -> tuple[list[str], list[str]]:
    """As a `def` has them, and their names."""
    schema, positional = signature["input"], signature["positional"]
    required, properties = set(schema.get("required", ())), schema.get("properties", {})
    given, passed = [], []
    others = sorted((one for one in properties if one not in positional), key=str)
    for parameter in (*positional, *others):
        if not _NAME.fullmatch(parameter) or keyword.iskeyword(parameter):
            continue
        if parameter not in positional and "*" not in given:
            given.append("*")
        kind = types.of(properties[parameter])
        given.append(f"{parameter}: {kind}" + ("" if parameter in required else " = _LEFT_OUT"))
        passed.append(parameter)
    return given, passed


def typescript_stub(name: str, signature: dict[str, Any]) -> str:
    """A module with the function's types and a caller by HTTP (`boxer fn run --serve`)."""
    signature = _separated(signature)
    types = _Types(signature, "ts")
    called = types.name(signature["name"])
    lines = [f"// `{name}`: made by `boxer fn stub`. Change the function, and make it anew.", ""]
    lines += ["// Bytes are base64 in strings.", "export type Bytes = string;", ""]
    lines += types.typescript_interfaces()
    schema = signature["input"]
    lines += [f"export interface {_title(called)}Input {{"]
    lines += types.members(schema)
    lines += ["}", ""]
    result = types.of(_bare(signature["output"]))
    lines += [
        f"export type {_title(called)}Output = {result};",
        "",
        f"/** {_commented(signature.get('description', f'Calls {name}.'))} */",
        f"export async function {called}(",
        f"  input: {_title(called)}Input,",
        "  options: { url?: string; signal?: AbortSignal; headers?: Record<string, string> } = {},",
        f"): Promise<{_title(called)}Output> {{",
        f"  const url = options.url ?? {json.dumps('http://127.0.0.1:8080/' + signature['name'])};",
        "  const response = await fetch(url, {",
        '    method: "POST",',
        '    headers: { "content-type": "application/json", ...options.headers },',
        "    body: JSON.stringify(input),",
        "    signal: options.signal,",
        "  });",
        "  const told = await response.json();",
        "  if (!response.ok) {",
        "    throw Object.assign(new Error(told.message), { status: response.status, ...told });",
        "  }",
        "  return told;",
        "}",
        "",
    ]
    return "\n".join(lines)


class _Types:
    def __init__(self, signature: dict[str, Any], language: str) -> None:
        self._language = language
        self._definitions: dict[str, Any] = {
            **signature["input"].get("$defs", {}),
            **signature["output"].get("$defs", {}),
        }

    def name(self, name: str) -> str:
        """The function's: its types have theirs."""
        taken = {_identifier(one) for one in self._definitions} | {"boxer", "Bytes"}
        called = _identifier(name)
        return f"call_{called}" if called in taken else called

    def of(self, schema: Any) -> str:
        is_python = self._language == "python"
        if not isinstance(schema, dict):
            return "Any" if is_python else "unknown"
        if "$ref" in schema:
            return _identifier(str(schema["$ref"]).rpartition("/")[2])
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if values is not None:
            if is_python and any(isinstance(value, float) for value in values):
                return "float"
            told = [_literal(value, is_python) for value in values]
            return f"Literal[{', '.join(told)}]" if is_python else " | ".join(told)
        choices = schema.get("anyOf", schema.get("oneOf"))
        if choices is not None:
            return " | ".join(dict.fromkeys(self.of(choice) for choice in choices))
        kind = schema.get("type")
        if kind == "string" and schema.get("contentEncoding"):
            return "bytes" if is_python else "Bytes"
        if kind == "array":
            return self._array(schema)
        if kind == "object":
            rest = schema.get("additionalProperties", True)
            value = self.of(rest) if rest is not False else ("Any" if is_python else "unknown")
            return f"dict[str, {value}]" if is_python else f"Record<string, {value}>"
        table = _PYTHON if is_python else _TYPESCRIPT
        return table.get(str(kind), "Any" if is_python else "unknown")

    def _array(self, schema: dict[str, Any]) -> str:
        is_python = self._language == "python"
        prefix = schema.get("prefixItems")
        if prefix and is_python:
            inner = " | ".join(dict.fromkeys(self.of(one) for one in prefix))
            return f"list[{inner}]"
        if prefix:
            least = schema.get("minItems", 0)
            told = [
                self.of(one) + ("" if place < least else "?") for place, one in enumerate(prefix)
            ]
            return f"[{', '.join(told)}]"
        item = self.of(schema.get("items", True))
        return f"list[{item}]" if is_python else f"Array<{item}>"

    def python_classes(self) -> list[str]:
        lines = []
        for name, schema in self._definitions.items():
            called = _identifier(name)
            if not isinstance(schema, dict) or "properties" not in schema:
                lines += ["", f"{called}: TypeAlias = {json.dumps(self.of(schema))}"]
                continue
            required = set(schema.get("required", ()))
            fields = {key: self.of(one) for key, one in schema["properties"].items()}
            told = ", ".join(
                f"{json.dumps(key)}: {json.dumps(kind)}"
                if key in required
                else f"{json.dumps(key)}: {json.dumps(f'NotRequired[{kind}]')}"
                for key, kind in fields.items()
            )
            lines += ["", f'{called} = TypedDict("{called}", {{{told}}})']
        return lines

    def typescript_interfaces(self) -> list[str]:
        lines = []
        for name, schema in self._definitions.items():
            called = _identifier(name)
            if isinstance(schema, dict) and "properties" in schema:
                lines += [f"export interface {called} {{", *self.members(schema), "}", ""]
            else:
                lines += [f"export type {called} = {self.of(schema)};", ""]
        return lines

    def members(self, schema: dict[str, Any]) -> list[str]:
        required = set(schema.get("required", ()))
        lines = []
        for name, one in schema.get("properties", {}).items():
            if isinstance(one, dict) and one.get("description"):
                lines.append(f"  /** {_commented(one['description'])} */")
            key = name if _NAME.fullmatch(name) else json.dumps(name)
            lines.append(f"  {key}{'' if name in required else '?'}: {self.of(one)};")
        return lines


def _separated(signature: dict[str, Any]) -> dict[str, Any]:
    """A type may be read in another form than it is written: what has a default need not be given.
    Such a one has two names."""
    given, got = signature["input"], signature["output"]
    sides = [one.get("$defs", {}) for one in (given, got)]
    apart = {name for name in sides[0].keys() & sides[1].keys() if sides[0][name] != sides[1][name]}
    for _ in sides[0]:  # and what has one of them in it
        apart |= {
            name
            for name in sides[0].keys() & sides[1].keys()
            if any(f"'#/$defs/{one}'" in str(sides[0][name]) for one in apart)
        }
    names = {name: f"{name}Input" for name in apart}
    schema, definitions = renamed(
        {key: one for key, one in given.items() if key != "$defs"}, sides[0], names
    )
    return {**signature, "input": {**schema, "$defs": definitions}}


def _literal(value: Any, is_python: bool) -> str:
    return repr(value) if is_python else json.dumps(value)


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in schema.items() if key not in ("$defs", "$schema")}


def _identifier(name: str) -> str:
    made = re.sub(r"\W", "_", name)
    return f"{made}_" if keyword.iskeyword(made) or not made or made[0].isdigit() else made


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', "'")


def _commented(text: str) -> str:
    return text.replace("*/", "* /").replace("\n", " ")
