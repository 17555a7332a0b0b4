"""`boxer.function`: a function of a box as a callable of this process.

Belongs here: arguments to plain data and results back, middleware, spans. Does not: machines
(`boxer.runtime`), types (`boxer.schemas`).

Invariants
1. Each call of a stateless function meets a machine equal to the box's image.
2. What does not fit the signature is refused in the box, before the function is called.
3. What a guest answers is data, and is what the protocol says or an error of ours.
"""

from __future__ import annotations

import asyncio
import functools
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from boxer.errors import CallDataError, FunctionError, FunctionInputError, GuestError
from boxer.extensions import Extensions
from boxer.functions.description import Description
from boxer.functions.project import limits_of
from boxer.functions.tracing import import_provider, is_traced, span_of
from boxer.library import Box, load
from boxer.runtime import Answer, Cancel, Limits, Mount, Network
from boxer.schemas import InvalidError, Types, plain

GUEST = "boxer.functions"
_CALL, _CALL_AS_IT_IS = f"{GUEST}:call", f"{GUEST}:call_as_it_is"
_LINKED = {"linked": True}
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


@dataclass(slots=True)
class Call:
    """A call on its way: what middleware sees. arguments: by name, plain data; may be changed.
    timeout: seconds it may take, None: the function's own limit. cancel: ends it from another
    thread. traceparent: as in W3C Trace Context."""

    function: str
    arguments: dict[str, Any]
    timeout: float | None = None
    cancel: Cancel | None = None
    traceparent: str | None = None
    next: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """value: the result as plain data. stdout, stderr: what the function printed. time, cpu:
    seconds."""

    value: Any
    stdout: bytes = b""
    stderr: bytes = b""
    time: float = 0.0
    cpu: float = 0.0


Proceed = Callable[[Call], Reply]
Middleware = Callable[[Call, Proceed], Reply]


class Function:
    """A typed function in a box. Call it, or `await` its `call_async`. Made by `boxer.function`.

    May be used by many threads at once. Use it as a context manager, or `close` it.
    """

    def __init__(
        self,
        box: Box,
        name: str,
        *,
        stateful: bool = False,
        size: int | None = None,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        mounts: Sequence[Mount] = (),
        network: Network | None = None,
        host: Mapping[str, Any] | None = None,
        middleware: Iterable[Middleware] = (),
        validate: bool = True,
        returns: Any = None,
    ) -> None:
        self.name = name
        self.description = Description.of(box.info, name)
        self.stateful = stateful
        self._target = _CALL if validate else _CALL_AS_IT_IS
        self._read = None if returns is None else Types().codec(returns).load
        self._positional = tuple(self.description.signature["positional"])
        given = limits or limits_of(dict(self.description.limits))
        count = 1 if stateful else size or os.cpu_count() or 1
        self._calls = count
        self._proceed: Proceed = self._call
        for one in reversed(tuple(middleware)):
            self._proceed = functools.partial(_through, one, self._proceed)
        self._machines = _machines(box, stateful, count, given, env, mounts, network, host)
        self._is_bare = self._proceed == self._call
        self._executor: ThreadPoolExecutor | None = None
        self._making = threading.Lock()
        import_provider()

    @property
    def signature(self) -> dict[str, Any]:
        """Its signature as JSON: see docs/reference/functions.md."""
        return self.description.signature

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Calls it. Raises `FunctionInputError` for what does not fit, `GuestError` for what the
        function raised, `LimitReached`, `CallDataError`."""
        if self._is_bare and not is_traced():
            value = self._value(self.bound(args, kwargs))
            return value if self._read is None else self._result(Reply(value))
        return self._result(self.call(self.bound(args, kwargs)))

    async def call_async(self, /, *args: Any, **kwargs: Any) -> Any:
        """As a call, without blocking the event loop. A task that is cancelled ends its call."""
        reply = await self.reply_async(self.bound(args, kwargs))
        return self._result(reply)

    def call(
        self,
        arguments: Mapping[str, Any],
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
        traceparent: str | None = None,
        next: Callable[[Any], Any] | None = None,
    ) -> Reply:
        """Calls it with arguments by name; the reply has what it printed, too. timeout: seconds.
        next: what `next` in the function calls."""
        if traceparent is not None and not _TRACEPARENT.fullmatch(traceparent):
            traceparent = None  # as the specification says: one that is damaged is none
        call = Call(self.name, dict(arguments), timeout, cancel, traceparent, next)
        with span_of(call):
            return self._proceed(call)

    def linked(self, arguments: Mapping[str, Any], next: Callable[[Any], Any] | None) -> Any:
        """As `call` without options but `next`, for its value alone."""
        if self._is_bare and not is_traced():
            return self._value(arguments, next)
        return self.call(arguments, next=next).value

    async def reply_async(self, arguments: Mapping[str, Any], **options: Any) -> Reply:
        """As `call`, without blocking the event loop."""
        with self._making:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._calls, "boxer-function")
        cancel = options.setdefault("cancel", None) or Cancel()
        options["cancel"] = cancel
        work = functools.partial(self.call, arguments, **options)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        except asyncio.CancelledError:
            cancel.cancel()
            raise

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name. Raises `FunctionInputError`, `CallDataError`."""
        names = self._positional
        if not kwargs and len(args) == 1 and names:
            return {names[0]: args[0]}
        if not kwargs and len(args) <= len(names):
            return dict(zip(names, args, strict=False))
        given = dict(kwargs)
        properties = self.signature["input"].get("properties", {})
        rest = args[len(names) :]
        if rest:
            name = next(
                (one for one in properties if one not in names and _takes_rest(properties[one])), ""
            )
            if not name or name in given:
                raise FunctionInputError(
                    self.name, [("", f"takes {len(names)} without a name, not {len(args)}")]
                )
            given[name] = list(rest)
        for name, value in zip(names, args, strict=False):
            if name in given:
                raise FunctionInputError(self.name, [(f"/{name}", "is given twice")])
            given[name] = value
        return given

    def close(self) -> None:
        """Waits for calls under way, then throws all machines away."""
        self._machines.close()
        if self._executor is not None:
            self._executor.shutdown()

    def __enter__(self) -> Function:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<boxer.function {self.name}>"

    def _result(self, reply: Reply) -> Any:
        if self._read is None:
            return reply.value
        try:
            return self._read(reply.value)
        except InvalidError as error:
            raise FunctionError(
                f"What `{self.name}` returned is not of the type that was asked for: {error}."
            ) from None

    def _value(self, arguments: Mapping[str, Any], next: Callable[[Any], Any] | None = None) -> Any:
        """A call of which nothing but its result is wanted: the shortest way."""
        told = self._machines.value(self._target, arguments, self._as_data, next)
        if type(told) is list and len(told) == 1:
            return told[0]
        raise _unfit(self.name, told)

    def _as_data(self, arguments: Mapping[str, Any]) -> Any:
        try:
            return plain(arguments)
        except InvalidError as error:
            raise CallDataError(
                f"An argument of `{self.name}` is not plain data: {error}.",
                hint="Pass JSON's types, bytes, dates, dataclasses, models, and lists and dicts of"
                " them.",
            ) from None
        except RecursionError:
            raise FunctionInputError(self.name, [("", "is nested too deeply")]) from None

    def _call(self, call: Call) -> Reply:
        arguments = self._as_data(call.arguments)
        context = None
        if call.timeout is not None or call.traceparent is not None or call.next is not None:
            context = _context(call)
        answer = self._machines.ask(self._target, arguments, context, call)
        told = answer.value
        if type(told) is list and len(told) == 1:
            return Reply(told[0], answer.stdout, answer.stderr, answer.usage.time, answer.usage.cpu)
        raise _unfit(self.name, told)


def _through(one: Middleware, proceed: Proceed, call: Call) -> Reply:
    answered = one(call, proceed)
    return answered if isinstance(answered, Reply) else Reply(answered)


def _takes_rest(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "array"


def _context(call: Call) -> dict[str, Any]:
    told: dict[str, Any] = {"name": call.function}
    if call.timeout is not None:
        told["deadline"] = time.time() + call.timeout
    if call.traceparent is not None:
        told["traceparent"] = call.traceparent
    if call.next is not None:
        told["linked"] = True
    return told


def _unfit(name: str, told: Any) -> Exception:
    """What was answered instead of a result."""
    errors = told.get("invalid") if isinstance(told, dict) else None
    if isinstance(errors, list) and errors:
        pairs = [
            (one[0], one[1])
            for one in errors
            if isinstance(one, list) and len(one) == 2 and all(isinstance(x, str) for x in one)
        ]
        if len(pairs) == len(errors):
            return FunctionInputError(name, pairs)
    return GuestError("ProtocolError", "the box's reply is no reply of a function", "")


class _Pooled:
    """A fresh machine for each call."""

    def __init__(self, box: Box, size: int, host: Extensions, options: Any) -> None:
        self._host = host
        self._pool = box.pool(size, **options)
        self._pool.prepare(f"{GUEST}:open_function")

    def value(self, target: str, arguments: Any, as_data: Any, next: Any) -> Any:
        if next is None:
            return self._pool.call_with(target, arguments, as_data)
        ask = self._host.with_next(next)
        return self._pool.call_with(target, arguments, as_data, _LINKED, ask=ask)

    def ask(self, target: str, arguments: Any, context: Any, call: Call) -> Answer:
        given = (arguments,) if context is None else (arguments, context)
        ask = None if call.next is None else self._host.with_next(call.next)
        return self._pool.exchange(target, given, seconds=call.timeout, cancel=call.cancel, ask=ask)

    def close(self) -> None:
        self._pool.close()


class _Kept:
    """One machine, which goes on from call to call, one at a time."""

    def __init__(self, box: Box, host: Extensions, options: Any) -> None:
        self._host = host
        self._machine = box.start(**options)
        self._using = threading.Lock()
        self._user: int | None = None
        self._machine.call(f"{GUEST}:open_function")

    def value(self, target: str, arguments: Any, as_data: Any, next: Any) -> Any:
        context = None if next is None else _LINKED
        call = Call("the function", arguments, next=next)
        return self.ask(target, as_data(arguments), context, call).value

    def ask(self, target: str, arguments: Any, context: Any, call: Call) -> Answer:
        if self._user == threading.get_ident():
            raise FunctionError(
                f"`{call.function}` is called while it runs, by what it has called.",
                hint="A stateful function is one machine: it takes one call at a time.",
            )
        given = (arguments,) if context is None else (arguments, context)
        ask = None if call.next is None else self._host.with_next(call.next)
        with self._using:
            self._user = threading.get_ident()
            try:
                return self._machine.exchange(
                    target, given, seconds=call.timeout, cancel=call.cancel, ask=ask
                )
            finally:
                self._user = None

    def close(self) -> None:
        self._machine.close()


def _machines(
    box: Box,
    stateful: bool,
    size: int,
    limits: Limits,
    env: Mapping[str, str] | None,
    mounts: Sequence[Mount],
    network: Network | None,
    host: Mapping[str, Any] | None,
) -> Any:
    options: dict[str, Any] = {"limits": limits, "env": env, "mounts": mounts, "network": network}
    extensions = Extensions(host or {})
    if host:
        options["host"] = extensions
    if stateful:
        return _Kept(box, extensions, options)
    return _Pooled(box, size, extensions, options)


def function(name: str | os.PathLike[str], **options: Any) -> Function:
    """A function of a box: a file or a name of the user's store (`NAME[:TAG]`).

    stateful: one machine that is kept, instead of a fresh one for each call. size: machines that
    run at once. limits: of each call. host: extensions by name. middleware: called around each
    call with the call and what goes on with it. validate: False: what is given and returned is not
    looked at. returns: the type that results become.
    Raises `FunctionError` where the box is no function, `HostFunctionError` where it needs an
    extension that is not given, and what `boxer.load` raises.
    """
    return Function(load(name), os.fspath(name), **options)
