"""One of several values that are known beforehand: literals, enums, flags.

Also a part of every base (recipes/layout.py): it imports nothing that is not in a box.
"""

from __future__ import annotations

import enum
from typing import Any

from boxer.schemas.anything import plain
from boxer.schemas.invalid import BadTypeError, InvalidError, kind_of, shown
from boxer.schemas.scalars import SCALARS, Codec, Schema, titled

_PLAIN = (str, int, float, bool, type(None))


def literal(values: tuple[Any, ...]) -> Codec:
    for value in values:
        if not isinstance(value, (str, int, bool, type(None), enum.Enum)):
            raise BadTypeError(f"the literal {shown(value)} has no JSON form")
    return _one_of([(plain(value), value) for value in values])


def enumeration(hint: type[enum.Enum]) -> Codec:
    """By the members' values, or by their names where these have no JSON form."""
    if issubclass(hint, enum.Flag):
        return _flags(hint)
    members = list(hint)
    is_plain = all(isinstance(member.value, _PLAIN) for member in members)
    codec = _one_of([(one.value if is_plain else one.name, one) for one in members])
    codec.schema = _described(hint, codec.schema)
    return codec


def _flags(hint: type[enum.Flag]) -> Codec:
    """Members may come together: their bits, as a number."""
    everything = 0
    for member in hint:
        everything |= member.value
    as_integer = SCALARS[int]

    def load(value: Any) -> Any:
        bits = as_integer.load(value)
        if bits & ~everything or bits < 0:
            raise InvalidError(f"must have bits of {everything} alone, is {bits}")
        return hint(bits)

    def dump(value: Any) -> int:
        if not isinstance(value, hint) or not 0 <= value.value <= everything:
            raise InvalidError(f"must be of {hint.__name__}, is {kind_of(value)}")
        bits: int = value.value
        return bits

    schema = {"type": "integer", "minimum": 0, "maximum": everything}
    return Codec(_described(hint, schema), load, dump, exact=hint)


def _described(hint: Any, schema: Schema) -> Schema:
    made = titled(hint, schema)
    if made.get("description", "").startswith("Create a collection of name/value pairs"):
        del made["description"]  # Enum's own
    return made


def _is_whole(told: Any) -> bool:
    return type(told) is float and told.is_integer()


def _one_of(pairs: list[tuple[Any, Any]]) -> Codec:
    by_told = {(type(told), told): value for told, value in pairs}
    # 2.0 may come as 2: JSON has one kind of number.
    by_told |= {(int, int(one)): value for one, value in pairs if _is_whole(one)} | by_told
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
