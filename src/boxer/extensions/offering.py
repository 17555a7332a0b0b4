"""Python objects as functions of the host: what a guest is told of them, and its requests.

Belongs here: which methods there are, their arguments and results checked, failures told. Does not:
the way between guest and host (`boxer.runtime`, guest/python/boxer/host.py).

Invariants
1. A guest reaches public methods of the objects that were given, by name, and nothing else: no
   attribute, no method whose name begins with an underscore.
2. Arguments are data that fits the method's type hints before it is called; results likewise.
3. A request and a reply are bounded; what a host's function raises is told by its class, and by its
   message where that was meant for a caller; never with a traceback.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from boxer.errors import (
    BoxerError,
    CallDataError,
    ChainError,
    GuestError,
    HostFunctionError,
)
from boxer.runtime import read_request, reply_to, reply_with_error
from boxer.schemas import BadTypeError, InvalidError, Signature, plain, signature_of

logger = logging.getLogger("boxer.host")
# Bytes that a request takes, as it comes and as values here; and a reply.
MOST_ASKED = 64 << 20
# Raised so that a caller reads it. An OSError of the system's names files of the host.
_TOLD = (
    ValueError, TypeError, LookupError, PermissionError, TimeoutError, ConnectionError,
    NotImplementedError,
)  # fmt: skip
Ask = Callable[[bytes], bytes]
Asked = Callable[[], Ask]


class Fresh:
    """An extension whose object is made anew for each call: `host={"kv": Fresh(KeyValue)}`."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


class _Method:
    """One that can be asked for."""

    def __init__(self, name: str, function: Callable[..., Any], attribute: str | None) -> None:
        self.name = name
        self.extension = name.partition(".")[0]
        self.attribute = attribute  # null: the object itself is called
        try:
            self.signature: Signature = signature_of(function, name)
        except BadTypeError as error:
            raise HostFunctionError(f"`{name}` cannot be offered: {error}.") from None
        self.positional: list[str] = self.signature.document["positional"]
        self.is_async = self.signature.document["async"]
        parameters = inspect.signature(function).parameters.values()
        self.rest = next((one.name for one in parameters if one.kind is one.VAR_POSITIONAL), None)
        self.told = {
            "doc": inspect.getdoc(function),
            "parameters": [
                [one.name, int(one.kind), one.default is not one.empty, _default(one)]
                for one in parameters
            ],
        }

    def bound(self, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        if not kwargs and len(args) == 1 and self.positional:
            return {self.positional[0]: args[0]}
        if not kwargs and len(args) <= len(self.positional):
            return dict(zip(self.positional, args, strict=False))
        given = dict(kwargs)
        for name, value in zip(self.positional, args, strict=False):
            if name in given:
                raise InvalidError("is given twice", name)
            given[name] = value
        rest = args[len(self.positional) :]
        if rest and self.rest is None:
            raise InvalidError(f"takes {len(self.positional)} without a name, not {len(args)}")
        if rest and self.rest is not None:
            given[self.rest] = rest
        return given


class Extensions:
    """objects: by the names that `from boxer.host import NAME` has. Raises `HostFunctionError` for
    what cannot be offered."""

    def __init__(self, objects: Mapping[str, Any]) -> None:
        self._objects: dict[str, Any] = {}
        self._makers: dict[str, Callable[[], Any]] = {}
        self._methods: dict[str, _Method] = {}
        self.offered: dict[str, Any] = {}
        self._answer_shared = functools.partial(self.answer, self._objects)
        for name, given in objects.items():
            self._add(name, given)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.offered)

    def check(self, needed: Iterable[str]) -> None:
        """Raises `HostFunctionError` for what a box needs and is not here."""
        missing = sorted(set(needed) - self.names)
        if missing:
            listed = ", ".join(f"`{name}`" for name in missing)
            raise HostFunctionError(
                f"The box needs {listed} of its host.",
                hint=f'Give it: host={{"{missing[0]}": ...}}, or `--host {missing[0]}=...`.',
            )

    def session(self) -> Ask:
        """Who answers during one call."""
        if not self._makers:
            return self._answer_shared
        objects = {**self._objects, **{name: make() for name, make in self._makers.items()}}
        return functools.partial(self.answer, objects)

    def with_next(self, following: Callable[[Any], Any]) -> Asked:
        """As `session`, where `next` in the guest calls `following`, too."""

        def session() -> Ask:
            ask = self.session()

            def answer(request: bytes) -> bytes:
                if request[1:12] == b'{"f":"next"' or b'{"f":"next"' in request[:20]:
                    return _next_reply(request, following)
                return ask(request)

            return answer

        return session

    def answer(self, objects: Mapping[str, Any], request: bytes) -> bytes:
        """The reply to a request, whatever is in it."""
        try:
            name, args, kwargs = read_request(request, MOST_ASKED)
        except ValueError as error:
            return reply_with_error("ValueError", str(error))
        method = self._methods.get(name)
        if method is None:
            return reply_with_error("NotOfferedError", f"the host offers no `{name[:100]}`")
        try:
            arguments = method.signature.load(method.bound(args, kwargs))
        except (InvalidError, RecursionError) as error:
            return reply_with_error("ValueError", f"{name}: {error}")
        extension = objects[method.extension]
        function = extension if method.attribute is None else getattr(extension, method.attribute)
        return self._called(method, function, arguments)

    def _called(self, method: _Method, function: Any, arguments: dict[str, Any]) -> bytes:
        try:
            result = _invoke(method, function, arguments)
            if method.is_async:
                result = _awaited(result)
            dump = method.signature.dump
            return reply_to(dump(result) if dump else result, MOST_ASKED)
        except (InvalidError, CallDataError) as error:
            logger.error("%s: the result cannot be given to the guest: %s", method.name, error)
            return reply_with_error("TypeError", "the host's result is not what it should be")
        except Exception as error:
            return _failure(method.name, error)

    def _add(self, name: str, given: Any) -> None:
        if not name.isidentifier() or name.startswith("_") or name == "next":
            raise HostFunctionError(f"`{name}` cannot be the name of an extension.")
        is_fresh = isinstance(given, Fresh)
        sample = given.make() if is_fresh else given
        if inspect.isclass(sample) or inspect.ismodule(sample):
            raise HostFunctionError(
                f"The extension `{name}` is a {type(sample).__name__}, not an object.",
                hint="Pass an object with methods, or a function.",
            )
        if is_fresh:
            self._makers[name] = given.make
        else:
            self._objects[name] = given
        told: dict[str, Any] = {"doc": inspect.getdoc(sample), "methods": {}}
        if inspect.isroutine(sample):
            self._methods[name] = _Method(name, sample, None)
        else:
            for attribute in _public(sample):
                full = f"{name}.{attribute}"
                method = self._methods[full] = _Method(full, getattr(sample, attribute), attribute)
                told["methods"][attribute] = method.told
            if not told["methods"]:
                raise HostFunctionError(f"The extension `{name}` has no public methods.")
        self.offered[name] = told


def _public(extension: Any) -> list[str]:
    found = []
    for name in dir(type(extension)):
        if name.startswith("_"):
            continue
        if inspect.isroutine(getattr(type(extension), name)):
            found.append(name)
    return found


def _default(parameter: inspect.Parameter) -> Any:
    try:
        return None if parameter.default is parameter.empty else plain(parameter.default)
    except InvalidError:
        return None


def _invoke(method: _Method, function: Any, arguments: dict[str, Any]) -> Any:
    if method.rest is None:
        return function(**arguments)
    rest = arguments.pop(method.rest, ())
    first = [arguments.pop(name) for name in method.positional if name in arguments]
    return function(*first, *rest, **arguments)


def _awaited(coroutine: Any) -> Any:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    # The guest was entered from an event loop's own thread, which cannot wait for itself.
    results: list[Any] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(coroutine))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _failure(name: str, error: Exception) -> bytes:
    kind = next((one.__name__ for one in type(error).__mro__ if one in _TOLD), None)
    exact = type(error).__name__
    if isinstance(error, OSError) and error.errno is not None:
        logger.warning("%s failed: %s: %s", name, exact, error)
        return reply_with_error(kind or exact, error.strerror or exact)
    if kind is not None:
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        return reply_with_error(exact if exact in _names() else kind, str(text))
    logger.error("%s failed", name, exc_info=error)
    return reply_with_error(exact, f"the host's function failed: {exact}")


def _names() -> set[str]:
    return {"KeyError", "IndexError", *(one.__name__ for one in _TOLD)}


def _next_reply(request: bytes, following: Callable[[Any], Any]) -> bytes:
    try:
        name, args, kwargs = read_request(request, MOST_ASKED)
        if name != "next" or len(args) != 1 or kwargs:
            raise ValueError("`next` takes one value")
    except ValueError as error:
        return reply_with_error("ValueError", str(error))
    try:
        return reply_to(following(args[0]), MOST_ASKED)
    except Exception as error:  # the guest may deal with it, and call `next` once more
        return reply_with_error(*_failed_link(error))


def _failed_link(error: Exception) -> tuple[str, str]:
    """What the failed link raised, as itself."""
    seen: BaseException | None = error
    while isinstance(seen, ChainError) and seen.__cause__ is not None:
        seen = seen.__cause__
    if isinstance(seen, GuestError):
        return seen.type, seen.text
    if isinstance(seen, BoxerError):
        return type(seen).__name__, seen.message
    return type(seen).__name__, str(seen)
