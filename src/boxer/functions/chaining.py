"""Chains: functions of boxes and of the host, one behind the other.

Belongs here: what goes from link to link. Does not: a call of one (`calling`).

A link whose function takes `next` decides itself whether, how often and with what the following one
is called, and what becomes of its result. Any other link's result is what the following one is
given. Behind the last, `next` gives back what it was given.

Invariants
1. Each link's call has its own fresh machine and limits, and no more time than is left of all.
2. What a link gives and the next one takes is compared when the chain is made.
3. A failure tells the tracebacks of all links it went through, the innermost last.
"""

from __future__ import annotations

import inspect
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from boxer.errors import BoxerError, ChainError, EngineError, GuestError
from boxer.functions.calling import Function
from boxer.functions.comparing import Document, misfits
from boxer.runtime import Cancel
from boxer.schemas import BadTypeError, Signature, plain, signature_of

LONGEST = 64


@dataclass(frozen=True, slots=True)
class LinkFailure:
    """link: its name. message, traceback: as it failed there."""

    link: str
    message: str
    traceback: str = ""


class _Link:
    """One function. call: with a value, what `next` is, and the run's time and cancel."""

    def __init__(self, given: Function | Callable[..., Any]) -> None:
        self.function = given if isinstance(given, Function) else None
        self.host: Signature | None = None
        if isinstance(given, Function):
            self.name, self.signature = given.name, given.signature
        else:
            try:
                self.host = signature_of(given)
            except BadTypeError as error:
                raise ChainError(f"`{_name(given)}` cannot be a link: {error}.") from None
            self.name, self.signature = _name(given), self.host.document
        properties = self.signature["input"].get("properties", {})
        self.only = next(iter(properties)) if len(properties) == 1 else None
        self.takes_next = self.signature.get("next") is not None

    @property
    def taken(self) -> Document:
        schema = self.signature["input"]
        document = Document.of(schema)
        return document.below(schema["properties"][self.only]) if self.only else document

    @property
    def given(self) -> Document:
        return Document.of(self.signature["output"])

    def arguments(self, value: Any) -> dict[str, Any]:
        if self.only is not None:
            return {self.only: value}
        if not self.signature["input"].get("properties"):
            return {}
        if not isinstance(value, dict):
            raise ChainError(f"`{self.name}` takes an object with its parameters, not a value.")
        return value


class Chain:
    """Made by `boxer.chain`. Call it as the first function; `call` takes its arguments by name."""

    def __init__(self, *functions: Function | Callable[..., Any]) -> None:
        if not 1 <= len(functions) <= LONGEST:
            raise ChainError(f"A chain has 1 to {LONGEST} links, not `{len(functions)}`.")
        self._links = [_Link(function) for function in functions]
        self.name = " | ".join(link.name for link in self._links)
        for one, following in zip(self._links, self._links[1:], strict=False):
            _check(one, following)

    @property
    def signature(self) -> dict[str, Any]:
        """What the first takes and, unless links decide otherwise, the last gives."""
        first, last = self._links[0], self._links[-1]
        output = next((one for one in self._links if one.takes_next), last).signature["output"]
        return {
            "name": self.name,
            "input": first.signature["input"],
            "output": output,
            "positional": first.signature["positional"],
            "async": False,
        }

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Raises `ChainError` with the failures of its links, `FunctionInputError` of the first."""
        first = self._links[0]
        if first.function is not None:
            return self.call(first.function.bound(args, kwargs))
        given = dict(zip(first.signature["positional"], args, strict=False)) | kwargs
        return self.call(given)

    async def call_async(self, /, *args: Any, **kwargs: Any) -> Any:
        """As a call, without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self, *args, **kwargs)

    def call(
        self,
        arguments: dict[str, Any],
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
        traceparent: str | None = None,
    ) -> Any:
        """With the first function's arguments by name. timeout: seconds for all links."""
        run = _Run(self._links, timeout, cancel, traceparent)
        return run.link(0, arguments)


class _Run:
    """One value's way through a chain."""

    def __init__(
        self,
        links: list[_Link],
        timeout: float | None,
        cancel: Cancel | None,
        traceparent: str | None,
    ) -> None:
        self._links = links
        self._until = None if timeout is None else time.monotonic() + timeout
        self._cancel, self._traceparent = cancel, traceparent
        self._failures: list[LinkFailure] = []

    def link(self, place: int, arguments: dict[str, Any]) -> Any:
        link = self._links[place]
        following = None if place + 1 == len(self._links) else self._following(place)
        before = len(self._failures)
        try:
            result = self._called(link, arguments, following)
        except Exception as error:
            # The first one's input, time and the like are as they are without a chain.
            own = place == 0 and before == len(self._failures) and link.function is not None
            if len(self._links) == 1 or (own and not isinstance(error, GuestError)):
                raise
            raise self._failed(link, error, before) from error
        del self._failures[before:]  # what failed behind it, it has dealt with
        if link.takes_next or following is None:
            return result
        return following(result)

    def _following(self, place: int) -> Callable[[Any], Any]:
        following = self._links[place + 1]
        return lambda value: self.link(place + 1, following.arguments(value))

    def _called(
        self, link: _Link, arguments: dict[str, Any], following: Callable[[Any], Any] | None
    ) -> Any:
        after = following if link.takes_next else None
        if link.host is not None:
            return _host_call(link.host, arguments, after)
        assert link.function is not None, "a link is one or the other"
        try:
            return self._result(link.function, arguments, after)
        except EngineError as error:
            if "stack" not in error.message:
                raise
            # Links within links need stack: of a thread of their own, now.
            with ThreadPoolExecutor(1, "boxer-chain") as executor:
                return executor.submit(self._result, link.function, arguments, after).result()

    def _result(
        self,
        function: Function,
        arguments: dict[str, Any],
        after: Callable[[Any], Any] | None,
    ) -> Any:
        if self._until is None and self._cancel is None and self._traceparent is None:
            return function.linked(arguments, after)
        left = None
        if self._until is not None:
            left = max(0.0, self._until - time.monotonic())
        return function.call(
            arguments, timeout=left, cancel=self._cancel, traceparent=self._traceparent, next=after
        ).value

    def _failed(self, link: _Link, error: Exception, before: int) -> ChainError:
        if isinstance(error, GuestError):
            told, message = error.traceback, f"{error.type}: {error.text}"
        elif isinstance(error, BoxerError):
            told, message = "", error.message.partition("\n")[0]
        else:
            told, message = "".join(traceback.format_exception(error)), _described(error)
        inner = self._failures[before:]
        self._failures[before:] = [LinkFailure(link.name, message, told), *inner]
        failures = list(self._failures[before:])
        listed = "\n".join(
            f"In `{one.link}`: {one.message}\n{one.traceback}".rstrip() for one in failures
        )
        parts = [(one.link, one.message, one.traceback) for one in failures]
        return ChainError(f"A link of the chain failed.\n{listed}", failures=parts)


def _host_call(
    signature: Signature, arguments: dict[str, Any], following: Callable[[Any], Any] | None
) -> Any:
    given = signature.load(arguments)
    for name, kind in signature.injected.items():
        if kind == "next":
            given[name] = following or (lambda value: value)
    result = signature.invoke(given)
    if signature.document["async"]:
        import asyncio

        result = asyncio.run(result)
    return signature.dump(result) if signature.dump else plain(result)


def _check(one: _Link, following: _Link) -> None:
    """Raises `ChainError` where what one gives does not fit what the following takes."""
    links = one.signature.get("next")
    pairs = [(one.given, following.taken)]
    if links is not None:
        pairs = [
            (Document.of(links["input"]), following.taken),
            (following.given, Document.of(links["output"])),
        ]
    for narrow, wide in pairs:
        found = next(misfits(narrow, wide, any_fits=True), None)
        if found is not None:
            path, message = found
            raise ChainError(
                f"`{following.name}` does not fit behind `{one.name}`: `{path or '/'}` {message}.",
                hint=f"Compare them: `boxer fn inspect {one.name}`.",
            )


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def chain(*functions: Function | Callable[..., Any]) -> Chain:
    """A chain of functions of boxes and functions of this process, in the order they are called.

    Raises `ChainError` where neighbours do not fit each other.
    """
    for given in functions:
        if not isinstance(given, Function) and not callable(given):
            raise ChainError(f"`{inspect.cleandoc(repr(given))[:100]}` is no function.")
    return Chain(*functions)
