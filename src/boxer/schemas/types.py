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
import functools
import re
import sys
import types
import typing
from collections.abc import Callable
from typing import Any

from boxer.schemas import models
from boxer.schemas.anything import plain
from boxer.schemas.choices import enumeration, literal
from boxer.schemas.constraints import constrained, is_pydantics
from boxer.schemas.containers import a_set, array, fixed, integer_name, mapping, union
from boxer.schemas.invalid import BadTypeError
from boxer.schemas.records import is_qualifier, is_typed_dict, record
from boxer.schemas.scalars import SCALARS, Codec, Schema, rare_text

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
            return Codec({}, plain, plain)
        try:
            found = SCALARS.get(hint)
        except TypeError:
            found = None
        if found is not None:
            return found
        if hint is typing.LiteralString:
            return SCALARS[str]
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
            if is_pydantics(hint.__metadata__):
                return self._model(hint)
            return constrained(self.codec(arguments[0]), hint.__metadata__, arguments[0])
        if origin in (typing.Union, types.UnionType):
            return union([self.codec(argument) for argument in arguments])
        if origin is typing.Literal:
            return literal(arguments)
        if origin in (typing.Final, typing.ClassVar) or is_qualifier(origin):
            return self.codec(arguments[0])
        if type(origin).__name__ == "TypeAliasType":
            filled = dict(zip(origin.__type_params__, arguments, strict=False))
            name = f"{origin.__name__}_{'_'.join(map(_name_of, arguments))}"
            return self._named(hint, name, lambda: self.codec(_filled(origin.__value__, filled)))
        if origin is tuple:
            if len(arguments) == 2 and arguments[1] is ...:
                return array(self.codec(arguments[0]), tuple, (tuple, list))
            *places, rest = _unpacked(hint, arguments)
            items = [self.codec(place) for place in places]
            return fixed(items, len(items), tuple, None if rest is None else self.codec(rest))
        if origin in _ARRAYS:
            make, accepts = _ARRAYS[origin]
            return array(self.codec(arguments[0]), make, accepts)
        if origin in _SETS:
            if not _is_hashable(arguments[0]):
                raise BadTypeError(f"a set cannot hold values of type `{_name_of(arguments[0])}`")
            return a_set(self.codec(arguments[0]), _SETS[origin], (_ABC.Set,))
        if origin in _MAPPINGS:
            key, value = arguments
            return mapping(self._key(key), self.codec(value), _MAPPINGS[origin])
        if origin is collections.Counter:
            return mapping(self._key(arguments[0]), self.codec(int), collections.Counter)
        if models.is_model(hint):
            return self._model(hint)
        if _is_record(origin):
            return self._named(hint, _name_of(hint), lambda: self._fields_of(origin, arguments))
        raise BadTypeError(f"the type `{_name_of(hint)}` has no JSON form")

    def _key(self, hint: Any) -> Codec:
        """Names are texts in JSON: numbers are read from theirs."""
        if hint is Any:
            return SCALARS[str]
        codec = self.codec(hint)
        schema = codec.schema
        if "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if schema.get("type") == "integer":
            return integer_name(codec, choices)
        choices = [None] if choices is None else choices
        is_text = schema.get("type") == "string" and "contentEncoding" not in schema
        if not is_text and not all(isinstance(one, str) for one in choices):
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
            return self._named(hint, hint.__name__, lambda: enumeration(hint))
        if _is_record(hint):
            return self._named(hint, hint.__name__, lambda: self._fields_of(hint, ()))
        if hasattr(hint, "__get_pydantic_core_schema__"):
            return self._model(hint)
        rare = rare_text(hint)
        if rare is not None:
            return rare
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
        return Codec(later.schema, made[0].load, made[0].dump, made[0].exact)

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
        names = {}
        for name, schema in definitions.items():
            if self.definitions.get(name, schema) != schema:  # another class that is called so
                names[name] = self._free_name(name, object())
        schema, definitions = models.renamed(codec.schema, definitions, names)
        self.definitions |= definitions
        codec.schema = schema
        return codec

    def _fields_of(self, hint: Any, arguments: tuple[Any, ...]) -> Codec:
        filled = dict(zip(getattr(hint, "__parameters__", ()), arguments, strict=False))
        hints = {name: _filled(one, filled) for name, one in hints_of(hint).items()}
        below = functools.partial(self._below, hint)
        return record(hint, hints, below, self._output)

    def _below(self, hint: Any, name: str, field: Any) -> Codec:
        try:
            return self.codec(field)
        except BadTypeError as error:
            raise BadTypeError(f"`{hint.__name__}.{name}`: {error}") from None


def _unpacked(hint: Any, arguments: tuple[Any, ...]) -> list[Any]:
    """Of a tuple's items: those before `*tuple[X, ...]`, and X; None: there are no more."""
    found: list[Any] = []
    for place, one in enumerate(arguments):
        inner = typing.get_args(one)
        if typing.get_origin(one) is typing.Unpack:
            one, inner = inner[0], typing.get_args(inner[0])
        elif not getattr(one, "__unpacked__", False):
            found.append(one)
            continue
        if len(inner) != 2 or inner[1] is not ...:
            found.extend(inner)
        elif place == len(arguments) - 1:
            return [*found, inner[0]]
        else:
            raise BadTypeError(f"the type `{_name_of(hint)}` has no JSON form: more in its midst")
    return [*found, None]


def _is_record(hint: Any) -> bool:
    return (
        dataclasses.is_dataclass(hint)
        or is_typed_dict(hint)
        or (isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"))
    )


def _is_hashable(hint: Any) -> bool:
    """Whether values of it can be in a set, as far as the hint tells."""
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return _is_hashable(typing.get_args(hint)[0])
    if origin in (typing.Union, types.UnionType, tuple, frozenset):
        return all(_is_hashable(one) for one in typing.get_args(hint) if one is not ...)
    if origin in _ARRAYS or origin in _MAPPINGS or origin is collections.Counter:
        return False
    if is_typed_dict(origin or hint):
        return False
    return getattr(origin or hint, "__hash__", True) is not None


def hints_of(thing: Any) -> dict[str, Any]:
    """Its type hints, names in them looked up. Raises `BadTypeError`."""
    try:
        return typing.get_type_hints(thing, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        name = getattr(thing, "__qualname__", repr(thing))
        raise BadTypeError(f"the type hints of `{name}` cannot be read: {error}") from None


def _subclass(hint: type, codec: Codec) -> Codec:
    load = codec.load
    return Codec(codec.schema, lambda value: hint(load(value)), codec.dump)


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
