"""Type hints as JSON Schema 2020-12, and values of them as plain data.

Belongs here: what each type hint means. Does not: functions and their parameters (`signatures`).

Also a part of every base (recipes/layout.py): it imports nothing that is not in a box.

Invariants
1. What a schema admits is what `load` takes, and what `dump` gives fits the schema.
2. A type without a JSON form is refused when the schema is made, never when a value comes.
"""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import enum
import re
import sys
import types
import typing
from collections.abc import Callable
from typing import Any

from boxer.schemas import models
from boxer.schemas.anything import plain
from boxer.schemas.containers import Fields, a_set, array, fixed, mapping, object_schema, union
from boxer.schemas.invalid import BadTypeError, InvalidError, kind_of, shown
from boxer.schemas.scalars import SCALARS, Codec, Schema

_ABC = collections.abc
_ARRAYS: dict[Any, tuple[Callable[[list[Any]], Any], tuple[type, ...]]] = {
    list: (lambda items: items, (list, tuple)),
    _ABC.Sequence: (lambda items: items, (_ABC.Sequence,)),
    _ABC.MutableSequence: (lambda items: items, (_ABC.Sequence,)),
    _ABC.Collection: (lambda items: items, (_ABC.Collection,)),
    _ABC.Iterable: (lambda items: items, (_ABC.Iterable,)),
    collections.deque: (collections.deque, (collections.deque, list)),
}
_SETS: dict[Any, Callable[[list[Any]], Any]] = {
    set: set,
    _ABC.Set: set,
    _ABC.MutableSet: set,
    frozenset: frozenset,
}
_MAPPINGS: dict[Any, Callable[[dict[Any, Any]], Any]] = {
    dict: lambda given: given,
    _ABC.Mapping: lambda given: given,
    _ABC.MutableMapping: lambda given: given,
    collections.OrderedDict: collections.OrderedDict,
    collections.defaultdict: lambda given: given,
}
_MISSING: Any = object()


class Types:
    """The types of one function or class: their definitions come together in `definitions`.

    output: of what is written, not of what is read; pydantic tells the two apart.
    """

    def __init__(self, output: bool = False) -> None:
        self.definitions: dict[str, Schema] = {}
        self._output = output
        self._known: dict[Any, Codec] = {}
        self._names: dict[str, Any] = {}

    def codec(self, hint: Any) -> Codec:
        """Raises `BadTypeError` for a type without a JSON form."""
        try:
            known = self._known.get(hint)
        except TypeError:  # unhashable: Annotated with a list, say
            return self._made(hint)
        if known is None:
            known = self._known[hint] = self._made(hint)
        return known

    def _made(self, hint: Any) -> Codec:
        if hint in (Any, object):
            return Codec({}, lambda value: value, plain)
        try:
            found = SCALARS.get(hint)
        except TypeError:
            found = None
        if found is not None:
            return found
        if isinstance(hint, str):
            raise BadTypeError(f"the type `{hint}` is a name that is not known where it stands")
        if isinstance(hint, typing.TypeVar):
            if hint.__constraints__:
                return union([self.codec(one) for one in hint.__constraints__])
            return self.codec(hint.__bound__ if hint.__bound__ is not None else Any)
        if hasattr(hint, "__supertype__"):  # NewType
            return self.codec(hint.__supertype__)
        if type(hint).__name__ == "TypeAliasType":
            return self._named(hint, hint.__name__, lambda: self.codec(hint.__value__))
        origin = typing.get_origin(hint)
        if origin is not None:
            return self._generic(hint, origin, typing.get_args(hint))
        if isinstance(hint, type):
            return self._of_class(hint)
        raise BadTypeError(f"the type `{_name_of(hint)}` has no JSON form")

    def _generic(self, hint: Any, origin: Any, arguments: tuple[Any, ...]) -> Codec:
        if origin is typing.Annotated:
            return _constrained(self.codec(arguments[0]), hint.__metadata__, arguments[0])
        if origin in (typing.Union, types.UnionType):
            return union([self.codec(argument) for argument in arguments])
        if origin is typing.Literal:
            return _literal(arguments)
        if origin in (typing.Final, typing.ClassVar) or _is_qualifier(origin):
            return self.codec(arguments[0])
        if origin is tuple:
            if len(arguments) == 2 and arguments[1] is ...:
                return array(self.codec(arguments[0]), tuple, (tuple, list))
            items = [self.codec(argument) for argument in arguments]
            return fixed(items, len(items), tuple)
        if origin in _ARRAYS:
            make, accepts = _ARRAYS[origin]
            return array(self.codec(arguments[0]), make, accepts)
        if origin in _SETS:
            return a_set(self.codec(arguments[0]), _SETS[origin], (_ABC.Set,))
        if origin in _MAPPINGS:
            key, value = arguments
            return mapping(self._key(key), self.codec(value), _MAPPINGS[origin])
        if origin is collections.Counter:
            return mapping(self._key(arguments[0]), self.codec(int), collections.Counter)
        if models.is_model(hint):
            return self._model(hint)
        if dataclasses.is_dataclass(origin) or typing.is_typeddict(origin):
            return self._named(hint, _name_of(hint), lambda: self._fields_of(origin, arguments))
        raise BadTypeError(f"the type `{_name_of(hint)}` has no JSON form")

    def _key(self, hint: Any) -> Codec:
        codec = self.codec(hint)
        kind = codec.schema.get("type")
        texts = all(isinstance(one, str) for one in codec.schema.get("enum", [None]))
        if hint is Any:
            return SCALARS[str]
        is_text = kind in ("string", "integer") and "contentEncoding" not in codec.schema
        if not (is_text or texts or "$ref" in codec.schema):
            raise BadTypeError(f"names of an object cannot be of type `{_name_of(hint)}`")
        return codec

    def _of_class(self, hint: type) -> Codec:
        bare: dict[Any, Any] = {
            list: list[Any], tuple: tuple[Any, ...], set: set[Any], frozenset: frozenset[Any],
            dict: dict[str, Any], collections.deque: collections.deque[Any],
            collections.OrderedDict: dict[str, Any], collections.defaultdict: dict[str, Any],
        }  # fmt: skip
        if hint in bare:
            return self.codec(bare[hint])
        if models.is_model(hint):
            return self._model(hint)
        if issubclass(hint, enum.Enum):
            return self._named(hint, hint.__name__, lambda: _enumeration(hint))
        if dataclasses.is_dataclass(hint) or typing.is_typeddict(hint):
            return self._named(hint, hint.__name__, lambda: self._fields_of(hint, ()))
        if issubclass(hint, tuple) and hasattr(hint, "_fields"):
            return self._named(hint, hint.__name__, lambda: self._named_tuple(hint))
        for known in (str, bytes, int, float):
            if hint.__mro__[1:2] == (known,) and hint.__init__ is known.__init__:
                return _subclass(hint, SCALARS[known])
        raise BadTypeError(f"the type `{_name_of(hint)}` has no JSON form")

    def _named(self, hint: Any, name: str, make: Callable[[], Codec]) -> Codec:
        """Of a type that may hold itself: its schema stands in `definitions`."""
        name = self._free_name(re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_"), hint)
        made: list[Codec] = []
        later = Codec(
            {"$ref": f"#/$defs/{name}"},
            lambda value: made[0].load(value),
            lambda value: made[0].dump(value) if made[0].dump else value,
        )
        self._known[hint] = later
        self.definitions[name] = {}
        made.append(make())
        self.definitions[name] = made[0].schema
        return Codec(later.schema, made[0].load, made[0].dump)

    def _free_name(self, name: str, hint: Any) -> str:
        number, wanted = 1, name
        while self._names.get(wanted, hint) is not hint or (
            wanted in self.definitions and wanted not in self._names
        ):
            number += 1
            wanted = f"{name}_{number}"
        self._names[wanted] = hint
        return wanted

    def _model(self, hint: Any) -> Codec:
        codec, definitions = models.codec_of(hint, self._output)
        for name, schema in definitions.items():
            if self.definitions.setdefault(name, schema) != schema:
                raise BadTypeError(f"two types are called `{name}`")
        return codec

    def _fields_of(self, hint: Any, arguments: tuple[Any, ...]) -> Codec:
        hints = hints_of(hint)
        parameters = getattr(hint, "__parameters__", ())
        filled = dict(zip(parameters, arguments, strict=False))
        hints = {name: _filled(one, filled) for name, one in hints.items()}
        if typing.is_typeddict(hint):
            return self._typed_dict(hint, hints)
        return self._dataclass(hint, hints)

    def _dataclass(self, hint: Any, hints: dict[str, Any]) -> Codec:
        codecs: dict[str, Codec] = {}
        dumps: list[tuple[str, Any]] = []
        properties: dict[str, Schema] = {}
        required = []
        for field in dataclasses.fields(hint):
            codec = self._below(hint, field.name, hints[field.name])
            dumps.append((field.name, codec.dump))
            if self._output:
                properties[field.name] = codec.schema
                required.append(field.name)
            elif field.init:
                codecs[field.name] = codec
                properties[field.name] = with_default(codec, field.default)
                if (
                    field.default is dataclasses.MISSING
                    and field.default_factory is dataclasses.MISSING
                ):
                    required.append(field.name)
        fields = Fields(codecs, required)

        def load(value: Any) -> Any:
            given = fields.load(value)
            try:
                return hint(**given)
            except InvalidError:
                raise
            except (ValueError, TypeError, AssertionError) as error:  # its __post_init__
                raise InvalidError(str(error) or type(error).__name__) from error

        def dump(value: Any) -> dict[str, Any]:
            if not isinstance(value, hint):
                raise InvalidError(f"must be of {hint.__name__}, is {kind_of(value)}")
            return _dumped(((name, getattr(value, name), one) for name, one in dumps))

        return Codec(_titled(hint, object_schema(properties, required)), load, dump, exact=hint)

    def _typed_dict(self, hint: Any, hints: dict[str, Any]) -> Codec:
        codecs = {name: self._below(hint, name, one) for name, one in hints.items()}
        required = [name for name, one in hints.items() if _is_required(hint, name, one)]
        fields = Fields(codecs, required)

        def dump(value: Any) -> dict[str, Any]:
            if not isinstance(value, dict):
                raise InvalidError(f"must be an object, is {kind_of(value)}")
            found = None
            for name in sorted(value.keys() - codecs.keys(), key=str):
                found = InvalidError("is not a field of it", str(name)).joined(found)
            for name in required:
                if name not in value:
                    found = InvalidError("is missing", name).joined(found)
            if found is not None:
                raise found
            return _dumped((name, one, codecs[name].dump) for name, one in value.items())

        properties = {name: codec.schema for name, codec in codecs.items()}
        return Codec(_titled(hint, object_schema(properties, required)), fields.load, dump)

    def _named_tuple(self, hint: Any) -> Codec:
        hints = hints_of(hint)
        names = hint._fields
        items = [self._below(hint, name, hints.get(name, Any)) for name in names]
        codec = fixed(items, len(names) - len(hint._field_defaults), lambda got: hint(*got))
        prefix = [{**item.schema, "title": name} for item, name in zip(items, names, strict=True)]
        schema = {**codec.schema, "prefixItems": prefix} if prefix else codec.schema

        def dump(value: Any) -> Any:
            if not isinstance(value, hint):
                raise InvalidError(f"must be of {hint.__name__}, is {kind_of(value)}")
            return codec.dump(value) if codec.dump else value

        return Codec(_titled(hint, schema), codec.load, dump, exact=hint)

    def _below(self, hint: Any, name: str, field: Any) -> Codec:
        try:
            return self.codec(field)
        except BadTypeError as error:
            raise BadTypeError(f"`{hint.__name__}.{name}`: {error}") from None


def hints_of(thing: Any) -> dict[str, Any]:
    """Its type hints, names in them looked up. Raises `BadTypeError`."""
    try:
        return typing.get_type_hints(thing, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        name = getattr(thing, "__qualname__", repr(thing))
        raise BadTypeError(f"the type hints of `{name}` cannot be read: {error}") from None


def with_default(codec: Codec, default: Any) -> Schema:
    """The schema with the default, where it has a JSON form without bytes."""
    if default is dataclasses.MISSING or default is _MISSING:
        return codec.schema
    try:
        told = codec.dump(default) if codec.dump else default
    except Exception:  # of another type than its hint: `x: int = None`
        return codec.schema
    return codec.schema if _has_bytes(told) else {**codec.schema, "default": told}


def _has_bytes(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_has_bytes, value))
    if isinstance(value, dict):
        return any(map(_has_bytes, value.values()))
    return isinstance(value, (bytes, bytearray))


def _dumped(fields: Any) -> dict[str, Any]:
    made, found = {}, None
    for name, value, dump in fields:
        try:
            made[name] = dump(value) if dump else value
        except InvalidError as error:
            found = error.below(name).joined(found)
    if found is not None:
        raise found
    return made


def _titled(hint: Any, schema: Schema) -> Schema:
    doc = (hint.__doc__ or "").strip()
    made = {"title": hint.__name__, **schema}
    # dataclasses and namedtuple write one of their own
    if doc and not doc.startswith((f"{hint.__name__}(", "dict(")):
        made["description"] = doc.partition("\n\n")[0].replace("\n    ", " ")
    return made


def _literal(values: tuple[Any, ...]) -> Codec:
    for value in values:
        if not isinstance(value, (str, int, bool, type(None), enum.Enum)):
            raise BadTypeError(f"the literal {shown(value)} has no JSON form")
    return _one_of([(plain(value), value) for value in values])


def _enumeration(hint: type[enum.Enum]) -> Codec:
    members = list(hint)
    is_plain = all(
        isinstance(member.value, (str, int, float, bool, type(None))) for member in members
    )
    codec = _one_of([(one.value if is_plain else one.name, one) for one in members])
    codec.schema = _titled(hint, codec.schema)
    if codec.schema.get("description", "").startswith("Create a collection of name/value pairs"):
        del codec.schema["description"]  # Enum's own
    return codec


def _one_of(pairs: list[tuple[Any, Any]]) -> Codec:
    by_told = {(type(told), told): value for told, value in pairs}
    by_value = {(type(value), value): told for told, value in pairs}
    tolds = [told for told, _ in pairs]
    names = ", ".join(shown(told) for told in tolds[:10]) + (", ..." if len(tolds) > 10 else "")

    def load(value: Any) -> Any:
        try:
            return by_told[type(value), value]
        except (KeyError, TypeError):
            raise InvalidError(f"must be one of {names}, is {shown(value)}") from None

    def dump(value: Any) -> Any:
        try:
            return by_value[type(value), value]
        except (KeyError, TypeError):
            raise InvalidError(f"must be one of {names}, is {shown(value)}") from None

    schema: Schema = {"enum": tolds} if len(tolds) != 1 else {"const": tolds[0]}
    kinds = {type(told) for told in tolds}
    if kinds == {str}:
        schema["type"] = "string"
    elif kinds == {int}:
        schema["type"] = "integer"
    return Codec(schema, load, dump)


def _subclass(hint: type, codec: Codec) -> Codec:
    load = codec.load
    return Codec(codec.schema, lambda value: hint(load(value)), codec.dump)


# Attributes of constraints, as annotated_types and pydantic have them, and their keywords.
_NUMBERS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}
_SIZES = {"array": "Items", "object": "Properties", "string": "Length"}
_CHECKS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "gt": (lambda value, bound: value > bound, "must be more than {}"),
    "ge": (lambda value, bound: value >= bound, "must be at least {}"),
    "lt": (lambda value, bound: value < bound, "must be less than {}"),
    "le": (lambda value, bound: value <= bound, "must be at most {}"),
    "multiple_of": (lambda value, step: value % step == 0, "must be a multiple of {}"),
    "min_length": (lambda value, least: len(value) >= least, "must have a length of at least {}"),
    "max_length": (lambda value, most: len(value) <= most, "must have a length of at most {}"),
    "pattern": (lambda value, rule: re.search(rule, value) is not None, "must match {}"),
}


def _constrained(codec: Codec, metadata: tuple[Any, ...], hint: Any) -> Codec:
    schema, checks = dict(codec.schema), []
    for mark in _flat(metadata):
        if isinstance(mark, str):
            schema["description"] = mark
            continue
        for text in ("title", "description", "documentation"):
            told = getattr(mark, text, None)
            if isinstance(told, str) and not isinstance(mark, type):
                schema["title" if text == "title" else "description"] = told
        for name, (holds, message) in _CHECKS.items():
            bound = getattr(mark, name, None)
            if bound is None or isinstance(mark, type):
                continue
            checks.append((holds, bound, message.format(bound)))
            _state(schema, name, bound, hint)
    if not checks:
        return Codec(schema, codec.load, codec.dump, codec.exact)

    def check(value: Any) -> Any:
        for holds, bound, message in checks:
            if not holds(value, bound):
                raise InvalidError(f"{message}, is {shown(value)}")
        return value

    load, dump = codec.load, codec.dump

    def write(value: Any) -> Any:
        check(value)
        return dump(value) if dump else value

    return Codec(schema, lambda value: check(load(value)), write)


def _state(schema: Schema, name: str, bound: Any, hint: Any) -> None:
    if name in _NUMBERS:
        schema[_NUMBERS[name]] = plain(bound)
    elif name == "pattern":
        schema["pattern"] = getattr(bound, "pattern", bound)
    elif schema.get("contentEncoding") is None and schema.get("type") in _SIZES:
        schema[name[:3] + _SIZES[schema["type"]]] = bound


def _flat(metadata: tuple[Any, ...]) -> list[Any]:
    """pydantic's Field holds its constraints in `metadata`."""
    found: list[Any] = []
    for mark in metadata:
        found.append(mark)
        inner = getattr(mark, "metadata", None)
        if isinstance(inner, (list, tuple)):
            found.extend(inner)
    return found


def _is_required(hint: Any, name: str, field: Any) -> bool:
    """Of a TypedDict, which does not see qualifiers in hints that are texts."""
    while (origin := typing.get_origin(field)) is not None and (
        origin is typing.Annotated or _is_qualifier(origin)
    ):
        if getattr(origin, "_name", None) in ("Required", "NotRequired"):
            return bool(origin._name == "Required")
        field = typing.get_args(field)[0]
    return name in hint.__required_keys__


def _is_qualifier(origin: Any) -> bool:
    names = ("Required", "NotRequired", "ReadOnly")
    return getattr(origin, "_name", None) in names


def _filled(hint: Any, arguments: dict[Any, Any]) -> Any:
    """A hint of a generic class with its variables replaced."""
    if not arguments:
        return hint
    if hint in arguments:
        return arguments[hint]
    parameters = getattr(hint, "__parameters__", ())
    if parameters and typing.get_origin(hint) is not None:
        return hint[tuple(arguments.get(parameter, Any) for parameter in parameters)]
    return hint


def _name_of(hint: Any) -> str:
    if isinstance(hint, type) and typing.get_origin(hint) is None:
        return hint.__name__
    return str(hint).replace("typing.", "").replace(f"{sys.modules['builtins'].__name__}.", "")
