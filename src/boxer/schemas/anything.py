"""Any value as plain data, by what it is: where no type says what it should be.

Also a part of every base (recipes/layout.py): it imports nothing that is not in a box.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import types
from collections.abc import Mapping, Set
from typing import Any

from boxer.schemas.invalid import InvalidError, kind_of
from boxer.schemas.scalars import SCALARS

_AS_IT_IS = (str, int, bool, type(None), bytes)
_BY_TYPE = {
    kind: codec.dump
    for kind, codec in SCALARS.items()
    if isinstance(kind, type) and codec.dump is not None and kind not in _AS_IT_IS
}


def plain(value: Any) -> Any:
    """JSON's types and bytes. Raises `InvalidError` with the place of what has no such form."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    dump = _BY_TYPE.get(kind)
    if dump is not None:
        return dump(value)
    if kind is list or kind is tuple:
        return _items(value)
    if kind is dict:
        return _named(value)
    return _other(value)


def _items(values: Any) -> list[Any]:
    made = []
    for place, value in enumerate(values):
        try:
            made.append(plain(value))
        except InvalidError as error:
            raise error.below(place) from None
    return made


def _named(values: Any) -> dict[str, Any]:
    made = {}
    for name, value in values.items():
        told = name if type(name) is str else plain(name)
        if isinstance(told, (bytes, list, dict)):
            raise InvalidError(f"a name must be a string, is {kind_of(told)}")
        try:
            made[told if type(told) is str else _as_name(told)] = plain(value)
        except InvalidError as error:
            raise error.below(str(name)) from None
    return made


def _as_name(told: Any) -> str:
    """As JSON has it."""
    return json.dumps(told) if told is None or isinstance(told, bool) else str(told)


def _other(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value if isinstance(value.value, _AS_IT_IS) else value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _named({one.name: getattr(value, one.name) for one in dataclasses.fields(value)})
    serializer = getattr(type(value), "__pydantic_serializer__", None)
    if serializer is not None:
        return plain(serializer.to_python(value, mode="python", by_alias=True))
    if isinstance(value, (list, tuple)):
        return _items(value)
    if isinstance(value, Set):
        try:
            return _items(sorted(value))
        except TypeError:
            return _items(sorted(value, key=repr))
    if isinstance(value, (Mapping, types.MappingProxyType)):
        return _named(value)
    for base in type(value).__mro__:
        dump = _BY_TYPE.get(base) or (SCALARS[base].dump if base in _AS_IT_IS else None)
        if dump is not None:
            return dump(value)
    raise InvalidError(f"has no JSON form: {kind_of(value)}")
