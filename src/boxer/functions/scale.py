"""Signatures of Scale, in HCL: read and checked.

Belongs here: what a file of Scale's (v1alpha) says, as values. Does not: the Python that is made
of it (`scalemodule`); HCL itself, which python-hcl2 reads (`pip install 'boxer[scale]'`).

Invariants
1. Nothing of a file is evaluated: a value that is an expression is refused.
2. Whatever a file says is a name or a value of a kind that is known here, or is refused.

Source: Scale's own reader, github.com/loopholelabs/scale, signature/schema.go.
"""

from __future__ import annotations

import json
import keyword
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxer.blobstore import read_limited
from boxer.errors import FunctionError, Where

LARGEST = 1 << 20
MOST_FIELDS = 10_000
HTTP = "http"
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_KINDS = {"array": "_array", "map": "_map"}
INTEGERS = {
    "int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1),
}  # fmt: skip
FLOATS = ("float32", "float64")
PRIMITIVES = ("string", "bool", "bytes", *INTEGERS, *FLOATS)
_MAPPED = ("string", "enum", *INTEGERS)
_VALIDATED = {
    "regex_validator": ("expression",), "length_validator": ("min", "max"),
    "limit_validator": ("min", "max"), "case_modifier": ("kind",), "caseModifier": ("kind",),
}  # fmt: skip
# As Scale's HTTP signature has them (scale-signature-http, signature.proto).
_HTTP = """
version = "v1alpha"
name = "http"
tag = "v1"
context = "Context"

model Context {
  description = "A request, and what is answered."
  model Request { reference = "Request" }
  model Response { reference = "Response" }
}

model Request {
  string_map Headers { value = "StringList" }
  string URI { default = "" }
  string Method { default = "GET" }
  int64 ContentLength { default = 0 }
  string Protocol { default = "HTTP/1.1" }
  string IP { default = "" }
  bytes Body { initial_size = 0 }
}

model Response {
  string_map Headers { value = "StringList" }
  int32 StatusCode { default = 200 }
  bytes Body { initial_size = 0 }
}

model StringList {
  string_array Value { initial_size = 0 }
}
"""


@dataclass(frozen=True, slots=True)
class Field:
    """kind: a primitive, "enum" or "model"; of a map, its keys'. shape: "", "array" or "map".
    type: a model's or an enum's name. value: of a map, a primitive or a model's name. default:
    None: there is none. minimum, maximum: of a number, or of a string's length. case: "upper",
    "lower" or ""."""

    name: str
    kind: str
    shape: str = ""
    type: str = ""
    value: str = ""
    default: Any = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    case: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ScaleSignature:
    """context: the model that a function takes and gives. enums: values by name."""

    name: str
    tag: str
    context: str
    models: tuple[Model, ...]
    enums: dict[str, tuple[str, ...]]


def read_scale(source: str) -> ScaleSignature:
    """Of a file, or Scale's own for HTTP: `http`. Raises `FunctionError` with the file."""
    if source == HTTP and not Path(source).is_file():
        return parse_scale(_HTTP, Where(source))
    try:
        text = read_limited(Path(source), LARGEST, f"`{source}`").decode("utf-8")
    except OSError as error:
        raise FunctionError(
            f"`{source}` cannot be read: {error.strerror}.",
            hint="Name a file of Scale's, in HCL, or `http`.",
        ) from None
    except UnicodeDecodeError:
        raise FunctionError(f"`{source}` is no text in UTF-8.") from None
    return parse_scale(text, Where(source))


def parse_scale(text: str, where: Where) -> ScaleSignature:
    """Raises `FunctionError`."""
    try:
        return _signature(_hcl(text, where))
    except _BadError as error:
        raise FunctionError(f"{error}.", where=where) from None


class _BadError(Exception):
    pass


def _hcl(text: str, where: Where) -> dict[str, Any]:
    try:
        import hcl2  # type: ignore[import-not-found,unused-ignore]
        from lark.exceptions import LarkError  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise FunctionError(
            f"Scale's signatures need the package {error.name}, which is not installed.",
            hint="pip install 'boxer[scale]'",
        ) from None
    try:
        told: dict[str, Any] = hcl2.loads(text)
    except LarkError as error:
        line = getattr(error, "line", None)
        at = Where(where.file, line) if isinstance(line, int) and line > 0 else where
        raise FunctionError("This is no HCL.", where=at, details=str(error)[:300]) from None
    except RecursionError:
        raise _BadError("It is nested too deeply") from None
    return told


def _signature(told: dict[str, Any]) -> ScaleSignature:
    _only(told, ("version", "name", "tag", "context", "enum", "model"), "a signature")
    if _text(told, "version", "a signature") != "v1alpha":
        raise _BadError(f"The version `{_text(told, 'version', '')}` is not known: only `v1alpha`")
    enums = {
        _title(name): _values(body, name) for name, body in _blocks(told, "enum", "the signature")
    }
    models = tuple(
        _model(_title(name), body) for name, body in _blocks(told, "model", "the signature")
    )
    names = [*enums, *(model.name for model in models)]
    _no_doubles(names, "the signature")
    if sum(len(model.fields) for model in models) > MOST_FIELDS:
        raise _BadError(f"It has more than {MOST_FIELDS} fields")
    known = {model.name for model in models}
    for model in models:
        for field in model.fields:
            _check(model, field, known, enums)
    context = _title(_text(told, "context", "a signature"))
    if context not in known:
        raise _BadError(f"`context` names `{context}`, and there is no such model")
    return ScaleSignature(
        _text(told, "name", "", ""), _text(told, "tag", "", ""), context, models, enums
    )


def _values(body: dict[str, Any], name: str) -> tuple[str, ...]:
    _only(body, ("values",), name)
    values = body.get("values")
    if not isinstance(values, list) or not values:
        raise _BadError(f"`{name}.values` is not a list of strings")
    texts = tuple(_string(value, f"{name}.values") for value in values)
    _no_doubles(texts, name)
    return texts


def _model(name: str, body: dict[str, Any]) -> Model:
    fields = []
    for block, held in body.items():
        if block in ("description", "__is_block__"):
            continue
        shape = next((one for one, end in _KINDS.items() if block.endswith(end)), "")
        kind = block.removesuffix(_KINDS.get(shape, ""))
        mapped = shape != "map" or kind in _MAPPED
        if not isinstance(held, list) or kind not in (*PRIMITIVES, "enum", "model") or not mapped:
            raise _BadError(f"`{name}` holds `{block}`, which Scale has not")
        for label, inner in _blocks(body, block, name):
            fields.append(_field(name, _title(label), kind, shape, inner))
    _no_doubles([field.name for field in fields], name)
    return Model(name, _text(body, "description", name, ""), tuple(fields))


def _field(model: str, name: str, kind: str, shape: str, body: dict[str, Any]) -> Field:
    place = f"{model}.{name}"
    has_default = not shape and kind not in ("model", "bytes")
    wanted = ["accessor"]
    wanted += ["default"] if has_default else []
    wanted += ["value"] if shape == "map" else []
    wanted += ["initial_size"] if shape == "array" or (kind == "bytes" and not shape) else []
    wanted += ["reference"] if kind in ("enum", "model") else []
    wanted += _validators(kind)
    _only(body, wanted, place)
    rules = {one: _block(body, one, place) for one in _validators(kind) if one in body}
    low_high = rules.get("length_validator", rules.get("limit_validator", {}))
    case = rules.get("case_modifier", rules.get("caseModifier"))
    field = Field(
        name, kind, shape,
        type=_title(_text(body, "reference", place)) if "reference" in wanted else "",
        value=_of_map(_text(body, "value", place)) if shape == "map" else "",
        default=_default(kind, body, place) if has_default else None,
        pattern=_pattern(rules.get("regex_validator"), place),
        minimum=_number(low_high.get("min"), f"{place}.min"),
        maximum=_number(low_high.get("max"), f"{place}.max"),
        case="" if case is None else _text(case, "kind", place),
    )  # fmt: skip
    if field.case not in ("", "none", "upper", "lower"):
        raise _BadError(f"`{place}.case_modifier` is `{field.case}`: upper, lower or none")
    return field


def _validators(kind: str) -> list[str]:
    if kind == "string":
        return ["regex_validator", "length_validator", "case_modifier", "caseModifier"]
    return ["limit_validator"] if kind in (*INTEGERS, *FLOATS) else []


def _default(kind: str, body: dict[str, Any], place: str) -> Any:
    if "default" not in body:
        raise _BadError(f"`{place}` has no `default`")
    value, place = body["default"], f"{place}.default"
    if kind in ("string", "enum"):
        return _string(value, place)
    if kind == "bool":
        if not isinstance(value, bool):
            raise _BadError(f"`{place}` is not true or false")
        return value
    number = _number(value, place)
    assert number is not None, "it is given"
    if kind in FLOATS:
        return float(number)
    low, high = INTEGERS[kind]
    if number != int(number) or not low <= number <= high:
        raise _BadError(f"`{place}` is no {kind}")
    return int(number)


def _check(model: Model, field: Field, models: set[str], enums: dict[str, Any]) -> None:
    place = f"{model.name}.{field.name}"
    if field.kind == "model" and field.type not in models:
        raise _BadError(f"`{place}` refers to `{field.type}`, and there is no such model")
    if field.kind == "enum" and field.type not in enums:
        raise _BadError(f"`{place}` refers to `{field.type}`, and there is no such enum")
    if field.kind == "enum" and not field.shape and field.default not in enums[field.type]:
        raise _BadError(f"`{place}.default` is no value of `{field.type}`")
    if field.shape == "map" and field.value not in models and field.value not in PRIMITIVES:
        raise _BadError(f"`{place}` holds `{field.value}`, and there is no such model")
    low, high = field.minimum, field.maximum
    if low is not None and high is not None and low > high:
        raise _BadError(f"`{place}`: `min` is more than `max`")
    has_both = field.pattern is not None and field.default is not None
    if has_both and not re.search(field.pattern or "", field.default):
        raise _BadError(f"`{place}.default` does not match its `regex_validator`")


# --- what HCL says ---


def _blocks(told: dict[str, Any], kind: str, place: str) -> list[tuple[str, dict[str, Any]]]:
    """Labels and bodies."""
    found = []
    given = told.get(kind, [])
    for held in given if isinstance(given, list) else [None]:
        labels = [one for one in held if one != "__is_block__"] if isinstance(held, dict) else []
        body = held[labels[0]] if isinstance(held, dict) and len(labels) == 1 else None
        if not isinstance(body, dict):
            raise _BadError(f"A `{kind}` of {place} is no block with a name")
        label = labels[0].strip('"')
        if not _LABEL.fullmatch(label):
            raise _BadError(f"`{label[:60]}` is no name: letters and digits")
        found.append((label, body))
    return found


def _block(body: dict[str, Any], kind: str, place: str) -> dict[str, Any]:
    held = body[kind]
    if not isinstance(held, list) or len(held) != 1 or not isinstance(held[0], dict):
        raise _BadError(f"`{place}.{kind}` is not one block")
    _only(held[0], _VALIDATED[kind], f"{place}.{kind}")
    return held[0]


def _only(body: dict[str, Any], known: Any, place: str) -> None:
    unknown = sorted(body.keys() - {*known, "__is_block__"})
    if unknown:
        raise _BadError(f"`{unknown[0][:60]}` is nothing that {place} has")


def _text(body: dict[str, Any], name: str, place: str, default: str | None = None) -> str:
    if name not in body and default is not None:
        return default
    if name not in body:
        raise _BadError(f"`{name}` of {place} is missing")
    return _string(body[name], f"{place}.{name}" if place else name)


def _string(value: Any, place: str) -> str:
    if not isinstance(value, str) or not _QUOTED.fullmatch(value) or "${" in value or "%{" in value:
        raise _BadError(f"`{place}` is no string without expressions")
    try:
        text: str = json.loads(value.replace("\n", "\\n").replace("\t", "\\t"))
    except ValueError:
        raise _BadError(f"`{place}` is no string: {value[:60]}") from None
    return text


def _number(value: Any, place: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):  # python-hcl2 keeps what is not an integer as its text
        value = value.removeprefix("${").removesuffix("}")
        try:
            value = int(value) if re.fullmatch(r"-?\d{1,30}", value) else float(value)
        except ValueError:
            raise _BadError(f"`{place}` is no number") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _BadError(f"`{place}` is no number")
    if not math.isfinite(value):
        raise _BadError(f"`{place}` is no finite number")
    return value


def _pattern(rule: dict[str, Any] | None, place: str) -> str | None:
    if rule is None:
        return None
    pattern = _text(rule, "expression", place)
    try:
        re.compile(pattern)
    except (re.error, RecursionError) as error:
        raise _BadError(f"`{place}.regex_validator` cannot be used: {error}") from None
    return pattern


def _of_map(value: str) -> str:
    return value.lower() if value.lower() in PRIMITIVES else _title(value)


def _title(name: str) -> str:
    """As Scale does it: `myModel` is `MyModel`."""
    if not _LABEL.fullmatch(name) or keyword.iskeyword(name[:1].upper() + name[1:]):
        raise _BadError(f"`{name[:60]}` is no name: letters and digits")
    return name[:1].upper() + name[1:]


def _no_doubles(names: Any, place: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise _BadError(f"`{name}` is twice in {place}")
        seen.add(name)
