"""Values that hold others: arrays, objects, unions.

Also a part of every base (recipes/layout.py): it imports nothing that is not in a box.

Invariant: what is wrong in one of them is told with the path from the outermost value.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from boxer.schemas.invalid import MOST_ERRORS, InvalidError, kind_of, shown
from boxer.schemas.scalars import Codec, Schema

Load = Callable[[Any], Any]


def array(item: Codec, make: Callable[[list[Any]], Any], accepts: tuple[type, ...]) -> Codec:
    """make: the container of a list. accepts: what a result may be."""
    load_item, dump_item = item.load, item.dump

    def load(value: Any) -> Any:
        if type(value) is not list:
            raise InvalidError(f"must be an array, is {kind_of(value)}")
        try:
            return make([load_item(one) for one in value])
        except InvalidError:
            raise _first_errors(value, load_item) from None

    def dump(value: Any) -> list[Any]:
        if not isinstance(value, accepts) or isinstance(value, (str, bytes, bytearray)):
            raise InvalidError(f"must be an array, is {kind_of(value)}")
        values: Iterable[Any] = value  # type: ignore[assignment]
        held = list(values)
        if dump_item is None:
            return held
        try:
            return [dump_item(one) for one in held]
        except InvalidError:
            raise _first_errors(held, dump_item) from None

    return Codec({"type": "array", "items": item.schema}, load, dump)


def _first_errors(values: Iterable[Any], convert: Load) -> InvalidError:
    found: InvalidError | None = None
    for place, value in enumerate(values):
        try:
            convert(value)
        except InvalidError as error:
            found = error.below(place).joined(found)
            if len(found.errors) >= MOST_ERRORS:
                break
    assert found is not None, "it was found before"
    return found


def a_set(item: Codec, make: Callable[[list[Any]], Any], accepts: tuple[type, ...]) -> Codec:
    def made_of(values: list[Any]) -> Any:
        try:
            return make(values)
        except TypeError:  # of `Any`: a list, say
            raise InvalidError("holds what cannot be in a set: an array or an object") from None

    as_array = array(item, list, accepts)

    def load(value: Any) -> Any:
        made = made_of(as_array.load(value))
        if len(made) != len(value):
            raise InvalidError("must hold nothing twice")
        return made

    def dump(value: Any) -> list[Any]:
        if not isinstance(value, accepts):
            raise InvalidError(f"must be a set, is {kind_of(value)}")
        return [item.dump(one) if item.dump else one for one in in_order(value)]

    return Codec({**as_array.schema, "uniqueItems": True}, load, dump)


def in_order(values: Any) -> list[Any]:
    """Of a set: the same set is the same bytes."""
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)


def fixed(
    items: list[Codec], least: int, make: Callable[[list[Any]], Any], rest: Codec | None = None
) -> Codec:
    """An array whose places have types of their own; those from `least` on may be missing. rest: of
    any number of items behind them."""

    def convert(value: Any, converters: list[Any], others: Any) -> list[Any]:
        if not least <= len(value) or (rest is None and len(value) > len(items)):
            count = f"{least}" if least == len(items) else f"{least} to {len(items)}"
            count = f"at least {least}" if rest is not None else count
            raise InvalidError(f"must have {count} items, has {len(value)}")
        made, found = [], None
        following = itertools.chain(converters, itertools.repeat(others))
        for place, (one, converter) in enumerate(zip(value, following, strict=False)):
            try:
                made.append(converter(one) if converter else one)
            except InvalidError as error:
                found = error.below(place).joined(found)
        if found is not None:
            raise found
        return made

    loads, dumps = [item.load for item in items], [item.dump for item in items]

    def load(value: Any) -> Any:
        if type(value) is not list:
            raise InvalidError(f"must be an array, is {kind_of(value)}")
        return make(convert(value, loads, rest and rest.load))

    def dump(value: Any) -> list[Any]:
        if not isinstance(value, (tuple, list)):
            raise InvalidError(f"must be a tuple, is {kind_of(value)}")
        return convert(value, dumps, rest and rest.dump)

    schema: Schema = {"type": "array", "minItems": least}
    if rest is None:
        schema["maxItems"] = len(items)
    if items:
        schema["prefixItems"] = [item.schema for item in items]
    if items or rest is not None:
        schema["items"] = False if rest is None else rest.schema
    return Codec(schema, load, dump)


def mapping(key: Codec, value: Codec, make: Callable[[dict[Any, Any]], Any]) -> Codec:
    """Keys are texts in JSON: those of another type are read from their text."""
    schema: Schema = {"type": "object", "additionalProperties": value.schema}
    if key.schema != {"type": "string"}:
        schema["propertyNames"] = key.schema
    load_value, dump_value = value.load, value.dump
    load_key, dump_key = key.load, key.dump

    def load(given: Any) -> Any:
        if type(given) is not dict:
            raise InvalidError(f"must be an object, is {kind_of(given)}")
        made, found = {}, None
        for name, one in given.items():
            try:
                made[load_key(name)] = load_value(one)
            except InvalidError as error:
                found = error.below(name).joined(found)
        if found is not None:
            raise found
        return make(made)

    def dump(given: Any) -> dict[str, Any]:
        if not hasattr(given, "items"):
            raise InvalidError(f"must be an object, is {kind_of(given)}")
        made, found = {}, None
        for name, one in given.items():
            try:
                told = dump_key(name) if dump_key else name
                made[told if type(told) is str else str(told)] = (
                    dump_value(one) if dump_value else one
                )
            except InvalidError as error:
                found = error.below(str(name)).joined(found)
        if found is not None:
            raise found
        return made

    return Codec(schema, load, dump)


def integer_name(codec: Codec, known: list[Any] | None) -> Codec:
    """Integers as names: their decimal digits. known: those that there are; None: any."""
    digits: Schema = {"pattern": "^(0|-?[1-9][0-9]*)$"}

    def load(name: Any) -> Any:
        try:
            number = int(name)
        except ValueError:
            number = None
        if number is None or str(number) != name:  # ` 1`, `+1`, `1_0`: two names of one number
            raise InvalidError(f"the name must be an integer, is {shown(name)}")
        return codec.load(number)

    schema = digits if known is None else {"enum": [str(one) for one in known]}
    return Codec(schema, load, codec.dump)


class Fields:
    """Named values: of a dataclass, a TypedDict, a function's parameters.

    codecs: by name. required: their names. rest: of names beyond them; None: there are none.
    """

    def __init__(
        self, codecs: dict[str, Codec], required: Iterable[str], rest: Codec | None = None
    ) -> None:
        self._loads = {name: codec.load for name, codec in codecs.items()}
        self.required = frozenset(required)
        self._rest = rest

    def load(self, given: Any) -> dict[str, Any]:
        """What was given, read. Raises `InvalidError`."""
        if type(given) is not dict:
            raise InvalidError(f"must be an object, is {kind_of(given)}")
        made, found = {}, None
        loads, rest = self._loads, self._rest
        for name, value in given.items():
            load = loads.get(name) or (rest.load if rest is not None else _no_field)
            try:
                made[name] = load(value)
            except InvalidError as error:
                found = error.below(name).joined(found)
            if found is not None and len(found.errors) >= MOST_ERRORS:
                raise found
        if not self.required <= given.keys():
            for name in sorted(self.required - given.keys()):
                found = InvalidError("is missing", name).joined(found)
        if found is not None:
            raise found
        return made


def _no_field(value: Any) -> Any:
    raise InvalidError("is not a field of it")


def object_schema(
    properties: dict[str, Schema], required: Iterable[str], rest: Schema | bool = False
) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": rest}
    needed = [name for name in properties if name in set(required)]
    if needed:
        schema["required"] = needed
    return schema


def union(choices: list[Codec]) -> Codec:
    """One of several: the one whose own type it is, else the first that fits."""
    exact = {choice.exact: choice for choice in choices if choice.exact is not None}
    others = [choice for choice in choices if choice.exact is not type(None)]

    def load(value: Any) -> Any:
        chosen = exact.get(type(value))
        if chosen is not None:
            return chosen.load(value)
        best: InvalidError | None = None
        for choice in others:
            try:
                return choice.load(value)
            except InvalidError as error:
                best = error if best is None else _nearer(best, error)
        raise _of_none(best, len(others))

    def dump(value: Any) -> Any:
        chosen = exact.get(type(value))
        if chosen is not None:
            return chosen.dump(value) if chosen.dump else value
        best: InvalidError | None = None
        for choice in others:
            try:
                return choice.dump(value) if choice.dump else value
            except InvalidError as error:
                best = error if best is None else _nearer(best, error)
        raise _of_none(best, len(others))

    return Codec({"anyOf": _once([choice.schema for choice in choices])}, load, dump)


def _once(schemas: list[Schema]) -> list[Schema]:
    kept: list[Schema] = []
    for schema in schemas:
        if schema not in kept:
            kept.append(schema)
    return kept


def _depth(error: InvalidError) -> int:
    return max(len(path) for path, _ in error.errors)


def _nearer(one: InvalidError, other: InvalidError) -> InvalidError:
    """That of the choice that was most likely meant: wrong further inside, or in fewer places."""
    if _depth(one) != _depth(other):
        return one if _depth(one) > _depth(other) else other
    return one if len(one.errors) <= len(other.errors) else other


def _of_none(best: InvalidError | None, count: int) -> InvalidError:
    if best is None:
        return InvalidError("must be null")
    if count > 1 and _depth(best) == 0:
        return InvalidError(f"fits none of the {count} types it may have")
    return best
