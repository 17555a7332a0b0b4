"""What a function of the box knows of its call: its context, the next link, the host's extensions.

Belongs here: `boxer.context`, `boxer.next`, how the host is asked while a call runs. Does not: the
call itself (`boxer.functions`).
"""

import os
import sys

from boxer.schemas.signatures import next_codecs

_MOST = 256 << 20  # of a frame
_streams = None  # (in, out) of a host that is asked by frames


class Context:
    """Of the call that runs. As a parameter's type: `def resize(image: bytes, context: Context)`.

    deadline: seconds since 1970 by which the call is ended, or None. traceparent: as in W3C Trace
    Context, or None. name: of the function. instance: of the machine that serves the call.
    """

    __boxer_injected__ = "context"
    __slots__ = ("deadline", "linked", "name", "traceparent")

    def __init__(self, told):
        self.deadline = told.get("deadline")
        self.traceparent = told.get("traceparent")
        self.name = told.get("name") or _name
        self.linked = bool(told.get("linked"))

    @property
    def instance(self):
        """Hex digits: another machine has others; one that is kept has the same in each call."""
        global _instance
        if _instance is None:
            _instance = os.urandom(8).hex()
        return _instance

    def remaining(self):
        """Seconds until the deadline, or None."""
        import time

        return None if self.deadline is None else self.deadline - time.time()


class Next:
    """The type of a parameter that calls the next link of a chain: `next: Next[Asked, Got]`."""

    __boxer_injected__ = "next"

    def __class_getitem__(cls, item):
        import types

        return types.GenericAlias(cls, item)


_nothing = {}
_name = _instance = None
_idle = _context = Context(_nothing)
_write_next, _read_next = None, None
_ask = None  # the host's, once it is needed


def context():
    """The call's `Context`."""
    return _context


def found(function, signature):
    """What the function is called, and says of the next link."""
    global _write_next, _read_next, _name
    _name = _idle.name = signature.document["name"]
    hint = getattr(function, "__annotations__", {}).get("next")
    if signature.injected and "next" in signature.injected.values():
        from boxer.schemas.types import hints_of

        name = next(name for name, kind in signature.injected.items() if kind == "next")
        hint = hints_of(function).get(name)
    elif any(value is call_next for value in getattr(function, "__globals__", {}).values()):
        signature.document["next"] = {"input": {}, "output": {}}
        hint = None
    _write_next, _read_next = next_codecs(hint)
    hosts = sys.modules.get("boxer.host")
    if hosts is not None and hosts.needed():
        signature.document["hosts"] = hosts.needed()


def is_idle():
    """Whether no call before has told of itself: a machine that is kept has had others."""
    return _context is _idle


def end():
    """As if no call had told of itself."""
    global _context
    _context = _idle


def get_ready():
    """Before the freeze of a function that asks."""
    global _ask, _write_next, _read_next
    from boxer import host

    def asked():
        begin({"name": _name, "linked": True}, {}, _nothing)
        call_next()

    codecs = _write_next, _read_next
    _ask, _write_next, _read_next = host.ask, None, lambda value: value
    host.get_ready(asked)
    _write_next, _read_next = codecs
    end()


def begin(told, arguments, injected):
    global _context
    _context = Context(told or _nothing)
    for name, kind in injected.items():
        arguments[name] = _context if kind == "context" else call_next


def call_next(value=None):
    """Calls the next link of the chain with `value` and returns its result; where there is none,
    returns `value`, as it is."""
    if not _context.linked:
        return value
    told = _write_next(value) if _write_next is not None else value
    return _read_next(ask("next", [told], {}))


def ask(function, args, kwargs):
    """Calls a function of the host. Raises what it raised there as `boxer.host.HostError`."""
    global _ask
    if _ask is None:
        from boxer.host import ask as _ask
    return _ask(function, args, kwargs)


def over_streams(given, written):
    global _streams
    _streams = (given, written)


def streams():
    return _streams


def read_frame(descriptor):
    """None: the input has ended."""
    head = _read_exactly(descriptor, 4)
    if head is None:
        return None
    size = int.from_bytes(head, "little")
    if size > _MOST:
        raise SystemExit(f"a frame of {size} bytes is too large")
    body = _read_exactly(descriptor, size)
    if body is None and size:
        raise SystemExit("the input ends within a frame")
    return body or b""


def _read_exactly(descriptor, size):
    parts, got = [], 0
    while got < size:
        part = os.read(descriptor, min(size - got, 1 << 20))
        if not part:
            if got:
                raise SystemExit("the input ends within a frame")
            return None
        parts.append(part)
        got += len(part)
    return b"".join(parts)


def write_frame(descriptor, body):
    data = memoryview(len(body).to_bytes(4, "little") + body)
    while data:
        data = data[os.write(descriptor, data) :]
