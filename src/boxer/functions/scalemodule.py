"""A signature of Scale as a Python module: dataclasses and enums that a function is typed with.

Belongs here: the module's source. Does not: reading HCL (`scale`).

Each field has its default, as Scale's models have; a model in itself begins as None. What a
validator demands is refused by the box at its door and on the way out; a case modifier acts on
whatever a field is set to.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

from boxer.functions.scale import FLOATS, INTEGERS, Field, Model, ScaleSignature

_TAKEN = ("mro", "name", "value")  # by enum itself
_FLOAT32 = 3.4028234663852886e38
_PLAIN = {"string": "str", "bool": "bool", "bytes": "bytes", **dict.fromkeys(FLOATS, "float")}


def python_module(signature: ScaleSignature) -> str:
    """Its source; `context` is the model that a function takes and gives."""
    title = f"{signature.name or signature.context}:{signature.tag or 'latest'}"
    lines = [
        f'"""The signature `{title}` of Scale: made by `boxer fn import`."""',
        "",
        "from __future__ import annotations",
        "",
        "import dataclasses",
        "import enum",
        "import typing",
        "",
        "",
        "@dataclasses.dataclass(frozen=True)",
        "class _Rule:",
        '    """What a value must be: a bound, a length, a pattern."""',
        "",
        "    ge: float | None = None",
        "    le: float | None = None",
        "    min_length: int | None = None",
        "    max_length: int | None = None",
        "    pattern: str | None = None",
        "",
        "",
        *_integers(signature),
    ]
    for name, values in signature.enums.items():
        lines += ["", "", f"class {name}(enum.Enum):"]
        lines += [f"    {one} = {value!r}" for one, value in _members(values).items()]
    cyclic = _cyclic(signature.models)
    for model in signature.models:
        lines += ["", "", *_model(model, cyclic)]
    return "\n".join(lines) + "\n"


def _integers(signature: ScaleSignature) -> list[str]:
    used = {one for model in signature.models for field in model.fields for one in _numbers(field)}
    lines = [
        f"{name} = typing.Annotated[int, _Rule(ge={low}, le={high})]"
        for name, (low, high) in INTEGERS.items()
        if name in used
    ]
    if "float32" in used:
        lines.append(f"float32 = typing.Annotated[float, _Rule(ge={-_FLOAT32!r}, le={_FLOAT32!r})]")
    return lines


def _numbers(field: Field) -> tuple[str, str]:
    return field.kind, field.value


def _model(model: Model, cyclic: set[tuple[str, str]]) -> Iterator[str]:
    yield "@dataclasses.dataclass"
    yield f"class {model.name}:"
    body = []
    if model.description:
        body += [f"    {_quoted(model.description)}", ""]
    for field in model.fields:
        body.append(f"    {_name(field)}: {_typed(field, (model.name, field.type) in cyclic)}")
    body += _modifiers(model)
    yield from body or ["    pass"]


def _typed(field: Field, is_cyclic: bool) -> str:
    one = _rules(field, _plain(field.kind, field.type))
    if field.shape == "array":
        return f"list[{one}] = dataclasses.field(default_factory=list)"
    if field.shape == "map":
        held = _plain(field.value, field.value)
        return f"dict[{one}, {held}] = dataclasses.field(default_factory=dict)"
    if field.kind == "model":
        if is_cyclic:
            return f"{one} | None = None"
        return f"{one} = dataclasses.field(default_factory=lambda: {one}())"
    if field.kind == "enum":
        return f"{one} = dataclasses.field(default_factory=lambda: {one}({field.default!r}))"
    if field.kind == "bytes":
        return f'{one} = b""'
    return f"{one} = {field.default!r}"


def _plain(kind: str, name: str) -> str:
    if kind in INTEGERS or kind == "float32":
        return kind
    return _PLAIN.get(kind, name)


def _rules(field: Field, kind: str) -> str:
    low, high = ("min_length", "max_length") if field.kind == "string" else ("ge", "le")
    told = {low: field.minimum, high: field.maximum, "pattern": field.pattern}
    listed = ", ".join(f"{name}={value!r}" for name, value in told.items() if value is not None)
    return f"typing.Annotated[{kind}, _Rule({listed})]" if listed else kind


def _modifiers(model: Model) -> list[str]:
    changed = [field for field in model.fields if field.case in ("upper", "lower")]
    if not changed:
        return []
    lines = ["", "    def __setattr__(self, name: str, value: object) -> None:"]
    for field in changed:
        held = {
            "": f"value.{field.case}()",
            "array": f"[one.{field.case}() for one in value]",
            "map": f"{{name.{field.case}(): one for name, one in value.items()}}",
        }[field.shape]
        kind = {"": "str", "array": "list", "map": "dict"}[field.shape]
        lines.append(f"        if name == {_name(field)!r} and isinstance(value, {kind}):")
        lines.append(f"            value = {held}")
    return [*lines, "        object.__setattr__(self, name, value)"]


def _cyclic(models: tuple[Model, ...]) -> set[tuple[str, str]]:
    """Models and what they hold that holds them in turn: what would be made without end."""
    held = {
        model.name: {one.type for one in model.fields if one.kind == "model" and not one.shape}
        for model in models
    }
    reached = {name: set(types) for name, types in held.items()}
    for _ in held:
        for types in reached.values():
            types |= {far for near in list(types) for far in held[near]}
    return {(name, one) for name, types in held.items() for one in types if name in reached[one]}


def _name(field: Field) -> str:
    return f"{field.name}_" if keyword.iskeyword(field.name) else field.name


def _members(values: tuple[str, ...]) -> dict[str, str]:
    """Values by the names of an enum's members."""
    made: dict[str, str] = {}
    for value in values:
        text = re.sub(r"[^A-Za-z0-9]+", "_", value).strip("_")
        if not text or text[0].isdigit() or keyword.iskeyword(text) or text in _TAKEN:
            text = f"v_{text}"
        while text in made:
            text += "_again"
        made[text] = value
    return made


def _quoted(text: str) -> str:
    return '"""' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"""'
