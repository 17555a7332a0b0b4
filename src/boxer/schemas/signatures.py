"""A function's signature: what it takes and gives as JSON Schema, its calls with plain data.

Also a part of every base (recipes/layout.py): it imports nothing that is not in a box.

A signature as JSON:
    name, description   the function's own, the first paragraph of its docstring
    input, output       JSON Schema 2020-12 of an object with its parameters, of its result
    positional          parameters that may be given without a name, in their order
    async               whether it is a coroutine function
    next                {"input", "output"}: it decides itself whether the next link of a chain is
                        called, and with what
    hosts               extensions of the host that it imports
"""

from __future__ import annotations

import collections.abc
import functools
import inspect
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from boxer.schemas.containers import Fields, array, object_schema
from boxer.schemas.invalid import BadTypeError
from boxer.schemas.records import with_default
from boxer.schemas.scalars import Codec, Schema
from boxer.schemas.types import Types, hints_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# A parameter whose type has this attribute is given by the box, not by the caller.
INJECTED = "__boxer_injected__"
_POSITIONAL_ONLY = inspect.Parameter.POSITIONAL_ONLY
_EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD
_REST = inspect.Parameter.VAR_POSITIONAL
_NAMED_REST = inspect.Parameter.VAR_KEYWORD


@dataclass(slots=True)
class Signature:
    """load: what the caller gave, by name, as the function's arguments, by name. dump: its result
    as plain data; None: it is plain already. invoke: the function with its arguments by name.
    injected: parameters that the box gives, and what."""

    document: dict[str, Any]
    load: Callable[[Any], dict[str, Any]]
    dump: Callable[[Any], Any] | None
    invoke: Callable[[dict[str, Any]], Any]
    injected: dict[str, str]


def signature_of(
    function: Callable[..., Any], name: str | None = None, *, own: Iterable[str] = ()
) -> Signature:
    """Raises `BadTypeError` for a type that has no JSON form. own: first parameters that are not
    the caller's (`self`)."""
    called = _called(function)
    if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
        raise BadTypeError("it is a generator: its result cannot be sent piece by piece")
    hints = hints_of(inspect.unwrap(called))
    if isinstance(function, type):
        hints = hints_of(function) | hints | {"return": function}
    try:
        parameters = dict(inspect.signature(function).parameters)
    except (ValueError, TypeError) as error:
        raise BadTypeError(f"its parameters cannot be read: {error}") from None
    if next(iter(parameters), "") == "self" and _is_in_class(function):
        raise BadTypeError("it is a method of a class: name that of an object, or a classmethod")
    for skipped in own:
        parameters.pop(skipped, None)
    taken, injected, links = _Parameters(), {}, None
    for parameter in parameters.values():
        hint = hints.get(parameter.name, Any)
        kind = getattr(typing.get_origin(hint) or hint, INJECTED, None)
        if kind is None and parameter.name == "next" and _is_next(hint):
            kind = "next"
        if kind is None:
            taken.add(parameter, hint)
            continue
        injected[parameter.name] = kind
        if kind == "next":
            links = _links(hint)
    given = Types(output=True)
    result = _part("the result", lambda: given.codec(hints.get("return", Any)))
    document: dict[str, Any] = {
        "name": name or getattr(function, "__name__", type(function).__name__),
        "input": _document(taken.schema(), taken.types.definitions),
        "output": _document(result.schema, given.definitions),
        "positional": taken.positional,
        "async": inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called),
    }
    is_named = inspect.isroutine(function) or isinstance(function, type)
    told = inspect.getdoc(function) if is_named else inspect.getdoc(called)
    if told and not told.startswith(f"{document['name']}("):  # a dataclass writes one of its own
        document["description"] = told.partition("\n\n")[0].replace("\n", " ").strip()
    if links is not None:
        document["next"] = links
    return Signature(document, taken.fields().load, result.dump, taken.invoked(function), injected)


def _called(function: Any) -> Any:
    """What has the type hints of what is called."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, type):
        return vars(function).get("__init__", function.__init__)  # type: ignore[misc]
    return function if inspect.isroutine(function) else type(function).__call__


def _is_in_class(function: Any) -> bool:
    place = getattr(function, "__qualname__", "").rpartition(".")[0]
    return inspect.isfunction(function) and bool(place) and not place.endswith("<locals>")


class _Parameters:
    """The caller's."""

    def __init__(self) -> None:
        self.types = Types()
        self.positional: list[str] = []
        self._codecs: dict[str, Codec] = {}
        self._properties: dict[str, Schema] = {}
        self._required: list[str] = []
        self._rest: Codec | None = None
        self._order: list[tuple[str, Any, Any]] = []

    def add(self, parameter: inspect.Parameter, hint: Any) -> None:
        name, kind = parameter.name, parameter.kind
        codec = _part(f"the parameter `{name}`", lambda: self.types.codec(hint))
        if kind is _NAMED_REST:
            self._rest = codec
            return
        if kind is _REST:
            codec = array(codec, tuple, (tuple, list))
        self._order.append((name, kind, parameter.default))
        self._codecs[name] = codec
        if kind in (_POSITIONAL_ONLY, _EITHER):
            self.positional.append(name)
        if kind is _REST:
            self._properties[name] = codec.schema
        elif parameter.default is inspect.Parameter.empty:
            self._properties[name] = codec.schema
            self._required.append(name)
        else:
            self._properties[name] = with_default(codec, parameter.default)

    def schema(self) -> Schema:
        rest = False if self._rest is None else self._rest.schema
        return object_schema(self._properties, self._required, rest)

    def fields(self) -> Fields:
        return Fields(self._codecs, self._required, self._rest)

    def invoked(self, function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
        """Most functions take all by name."""
        if all(kind not in (_POSITIONAL_ONLY, _REST) for _, kind, _ in self._order):
            return lambda given: function(**given)

        order = list(self._order)

        def invoke(given: dict[str, Any]) -> Any:
            given, positional = dict(given), []
            has_rest = any(kind is _REST and given.get(name) for name, kind, _ in order)
            for name, kind, default in order:
                if kind is _REST:
                    positional.extend(given.pop(name, ()))
                elif kind is _POSITIONAL_ONLY or (kind is _EITHER and has_rest):
                    positional.append(given.pop(name, default))
            return function(*positional, **given)

        return invoke


def _is_next(hint: Any) -> bool:
    """Data may be called so, too."""
    return hint is Any or hint is Callable or typing.get_origin(hint) is collections.abc.Callable


def _links(hint: Any) -> dict[str, Schema]:
    """What `Next[A, B]` or `Callable[[A], B]` says of the next link."""
    arguments = typing.get_args(hint)
    if len(arguments) != 2:
        return {"input": {}, "output": {}}
    asked, answered = arguments
    if isinstance(asked, list):
        asked = asked[0] if len(asked) == 1 else Any
    if asked is ...:
        asked = Any
    written, read = Types(output=True), Types()
    sent = _part("what `next` is given", lambda: written.codec(asked))
    got = _part("what `next` gives", lambda: read.codec(answered))
    return {
        "input": _document(sent.schema, written.definitions),
        "output": _document(got.schema, read.definitions),
    }


def next_codecs(hint: Any) -> tuple[Callable[[Any], Any] | None, Callable[[Any], Any]]:
    """How what `next` is given is written, and what it gives is read."""
    arguments = typing.get_args(hint)
    if len(arguments) != 2:
        return Types(output=True).codec(Any).dump, lambda value: value
    asked, answered = arguments
    if isinstance(asked, list):
        asked = asked[0] if len(asked) == 1 else Any
    sent = Types(output=True).codec(Any if asked is ... else asked)
    return sent.dump, Types().codec(answered).load


def _document(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    made = {"$schema": DIALECT, **schema}
    if definitions:
        made["$defs"] = definitions
    return made


def _part(what: str, make: Callable[[], Codec]) -> Codec:
    try:
        return make()
    except BadTypeError as error:
        raise BadTypeError(f"{what}: {error}") from None
