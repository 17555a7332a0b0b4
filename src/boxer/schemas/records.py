"""Classes with named fields: dataclasses, TypedDicts, named tuples.

Belongs here: from the codecs of the fields to that of the class. Does not: what a hint means
(`types`).

Also a part of every base (recipes/layout.py): it imports nothing that is not in a box.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable
from typing import Any

from boxer.schemas.containers import Fields, fixed, object_schema
from boxer.schemas.invalid import InvalidError, kind_of
from boxer.schemas.scalars import Codec, Schema, titled

MISSING: Any = object()
# The codec of a field, by its name and its hint.
Below = Callable[[str, Any], Codec]


def record(hint: Any, hints: dict[str, Any], below: Below, output: bool) -> Codec:
    """hints: of its fields. output: what is written, not what is read."""
    if is_typed_dict(hint):
        return _typed_dict(hint, hints, below)
    if hasattr(hint, "_fields"):
        return _named_tuple(hint, hints, below)
    return _written(hint, hints, below) if output else _read(hint, hints, below)


def is_typed_dict(hint: Any) -> bool:
    """Also one of typing_extensions, which has a class of its own for it."""
    return isinstance(hint, type) and issubclass(hint, dict) and hasattr(hint, "__required_keys__")


def _written(hint: Any, hints: dict[str, Any], below: Below) -> Codec:
    """A dataclass that is given to the caller: all its fields."""
    codecs = {one.name: below(one.name, hints[one.name]) for one in dataclasses.fields(hint)}
    dump = _dump_of(hint, codecs)
    schema = object_schema({name: one.schema for name, one in codecs.items()}, codecs)
    return Codec(titled(hint, schema), _unread, dump, exact=hint)


def _read(hint: Any, hints: dict[str, Any], below: Below) -> Codec:
    """A dataclass as its `__init__` takes it: what is no field of its (InitVar), too."""
    codecs: dict[str, Codec] = {}
    properties: dict[str, Schema] = {}
    required = []
    for name, field in hint.__dataclass_fields__.items():
        kind = hints[name]
        if isinstance(kind, dataclasses.InitVar):
            kind = kind.type
        elif typing.get_origin(kind) is typing.ClassVar or kind is typing.ClassVar:
            continue
        if not field.init:
            continue
        codecs[name] = codec = below(name, kind)
        properties[name] = with_default(codec, field.default)
        none = (dataclasses.MISSING, dataclasses.MISSING)
        if (field.default, field.default_factory) == none:
            required.append(name)
    fields = Fields(codecs, required)

    def load(value: Any) -> Any:
        given = fields.load(value)
        try:
            return hint(**given)
        except InvalidError:
            raise
        except (ValueError, TypeError, AssertionError) as error:  # its __post_init__
            raise InvalidError(str(error) or type(error).__name__) from error

    own = {one.name: codecs.get(one.name) for one in dataclasses.fields(hint)}
    dump = _dump_of(hint, {name: codec for name, codec in own.items() if codec is not None})
    return Codec(titled(hint, object_schema(properties, required)), load, dump, exact=hint)


def _unread(value: Any) -> Any:
    raise InvalidError("is only written")


def _dump_of(hint: Any, codecs: dict[str, Codec]) -> Callable[[Any], dict[str, Any]]:
    dumps = [(name, codec.dump) for name, codec in codecs.items()]

    def dump(value: Any) -> dict[str, Any]:
        if not isinstance(value, hint):
            raise InvalidError(f"must be of {hint.__name__}, is {kind_of(value)}")
        return _dumped((name, getattr(value, name), one) for name, one in dumps)

    return dump


def _typed_dict(hint: Any, hints: dict[str, Any], below: Below) -> Codec:
    codecs = {name: below(name, one) for name, one in hints.items()}
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
    return Codec(titled(hint, object_schema(properties, required)), fields.load, dump)


def _is_required(hint: Any, name: str, field: Any) -> bool:
    """Of a TypedDict, which does not see qualifiers in hints that are texts."""
    while (origin := typing.get_origin(field)) is not None and (
        origin is typing.Annotated or is_qualifier(origin)
    ):
        if getattr(origin, "_name", None) in ("Required", "NotRequired"):
            return bool(origin._name == "Required")
        field = typing.get_args(field)[0]
    return name in hint.__required_keys__


def is_qualifier(origin: Any) -> bool:
    """Of a TypedDict's field."""
    return getattr(origin, "_name", None) in ("Required", "NotRequired", "ReadOnly")


def _named_tuple(hint: Any, hints: dict[str, Any], below: Below) -> Codec:
    names = hint._fields
    items = [below(name, hints.get(name, Any)) for name in names]
    codec = fixed(items, len(names) - len(hint._field_defaults), lambda got: hint(*got))
    prefix = [{**item.schema, "title": name} for item, name in zip(items, names, strict=True)]
    schema = {**codec.schema, "prefixItems": prefix} if prefix else codec.schema

    def dump(value: Any) -> Any:
        if not isinstance(value, hint):
            raise InvalidError(f"must be of {hint.__name__}, is {kind_of(value)}")
        return codec.dump(value) if codec.dump else value

    return Codec(titled(hint, schema), codec.load, dump, exact=hint)


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


def with_default(codec: Codec, default: Any) -> Schema:
    """The schema with the default, where it has a JSON form without bytes."""
    if default is dataclasses.MISSING or default is MISSING:
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
