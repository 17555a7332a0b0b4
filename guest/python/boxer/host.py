"""Functions of the host that this run was given: `from boxer.host import kv`, then `kv.get("a")`.

Belongs here: the modules that are made of what the host says it has, and asking it. Does not: what
the host does with a request (Boxer itself).

Where the host says nothing before the freeze, a name stands for whatever a run gives under it, and
is noted as needed: `boxer inspect` tells. A request and its reply are those of `_boxer_calls`, the
other way round.
"""

import _thread
import os

import _boxer
import _boxer_calls

from boxer import _linking

_DEVICE = "/dev/boxer"
# Bytes of a reply that come at once: what lies among Python's small objects, and takes no memory of
# its own.
_CHUNK = 480
# As often as the interpreter wants to see code before it specialises it.
_WARM_UP = 20
_lock = _thread.allocate_lock()
_asking = None  # the thread that asks
_device = -1
_extensions = {}
_offered = None  # what the host has said; None: nothing yet
_needed = set()


class HostError(Exception):
    """What a function of the host raised. type: the name of its class there."""

    def __init__(self, message, type="HostError"):
        super().__init__(message)
        self.type = type


class NotOfferedError(HostError, AttributeError):
    """This run was not given that function of the host."""


def offer(descriptions):
    """The host says what it has: {name: {"doc": .., "methods": {name: {"parameters": [[name, kind,
    has default, default]], "doc"}}}}. Before the freeze."""
    global _offered
    _offered = dict(descriptions)
    for name, extension in _extensions.items():
        extension._describe(_offered.get(name))


def needed():
    """The names that the program has imported, sorted."""
    return sorted(_needed)


def get_ready(asked):
    """Before the freeze: what each call's machine would do first when it asks. asked: asks for
    `next` of None. A file is asked, in which the answer lies behind the request."""
    global _device
    _open()
    device, _device = _device, os.memfd_create("answer")
    try:
        request = _boxer_calls.written({"f": "next", "a": [None], "k": {}}, b"c", b"t")
        os.write(_device, request + b"\5\0\0\0=null")
        _boxer.be_eager()
        for _ in range(_WARM_UP):
            os.lseek(_device, 0, os.SEEK_SET)
            asked()
    finally:
        os.close(_device)
        _device = device


def ask(function, args, kwargs):
    """Calls `extension.method` of the host. Raises `HostError`, `NotOfferedError`."""
    global _asking
    told = {"f": function, "a": args, "k": kwargs}
    request = _boxer_calls.written(told, b"c", b"t")
    if not _lock.acquire(False):
        _wait_for_turn(function)
    try:
        _asking = _thread.get_ident()
        reply = _over_streams(request) if _linking.streams() else _over_device(request)
    finally:
        _asking = None
        _lock.release()
    return _read(reply, function)


def _wait_for_turn(function):
    if _thread.get_ident() == _asking:  # a handler of a signal, or a finalizer
        raise RuntimeError(f"{function} is asked for while this thread asks the host")
    _lock.acquire()


def _open():
    global _device
    if _device < 0:
        _device = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)


def _over_device(request):
    if _device < 0:
        _open()
    try:
        while True:
            try:
                os.write(_device, request)
                break
            except BlockingIOError:
                os.sched_yield()
            except OSError as error:
                if error.errno != 16:  # EBUSY: another process of the box has a reply to read
                    raise
                os.sched_yield()
    except OSError:
        raise NotOfferedError(
            "this run was given no functions of the host: box.pool(host={...})"
        ) from None
    reply = os.read(_device, _CHUNK)
    size = int.from_bytes(reply[:4], "little") + 4
    if len(reply) == size:
        return reply[4:]
    parts, got = [reply], len(reply)
    while got < size:
        part = os.read(_device, min(size - got, 1 << 20))
        if not part:
            raise HostError("the host's reply ends too early")
        parts.append(part)
        got += len(part)
    return memoryview(b"".join(parts))[4:]


def _over_streams(request):
    given, written = _linking.streams()
    _linking.write_frame(written, b"h" + request)
    reply = _linking.read_frame(given)
    if reply is None:
        raise HostError("the host's reply does not come: the input has ended")
    return memoryview(reply)


def _read(reply, function):
    kind = reply[0]
    if kind == 61:  # =
        return _boxer_calls._scan(str(reply[1:], "utf-8"), 0)[0]
    if kind == 126:  # ~
        return _boxer_calls.untagged(memoryview(reply)[1:])
    told = _boxer_calls._scan(str(reply[1:], "utf-8"), 0)[0]
    kind = {"NotOfferedError": NotOfferedError}.get(told["type"])
    if kind is not None:
        raise kind(told["message"], told["type"])
    native = _NATIVE.get(told["type"])
    if native is not None:
        raise native(told["message"])
    raise HostError(f"{function}: {told['message']}", told["type"])


# What a function of the host raises as Python's own is raised as that.
_NATIVE = {
    kind.__name__: kind
    for kind in (
        KeyError,
        ValueError,
        TypeError,
        LookupError,
        IndexError,
        PermissionError,
        FileNotFoundError,
        TimeoutError,
        ConnectionError,
        NotImplementedError,
    )
}


class Extension:
    """What the host offers under one name."""

    def __init__(self, name):
        self.__dict__["_name"] = name

    def _describe(self, description):
        name = self._name
        self.__dict__.clear()
        self.__dict__["_name"] = name
        if description is None:
            return
        self.__dict__["__doc__"] = description.get("doc")
        for method, told in description["methods"].items():
            self.__dict__[method] = _method(f"{name}.{method}", method, told)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if _offered is not None:
            what = f"{self._name}.{name}" if self._name in _offered else self._name
            raise NotOfferedError(f"the host offers no `{what}`")
        full = f"{self._name}.{name}"

        def method(*args, **kwargs):
            return ask(full, args, kwargs)

        method.__name__ = name
        return method

    def __call__(self, *args, **kwargs):
        return ask(self._name, args, kwargs)

    def __dir__(self):
        return sorted(name for name in self.__dict__ if not name.startswith("_"))

    def __repr__(self):
        return f"<extension {self._name} of the host>"


def _method(full, name, told):
    def method(*args, **kwargs):
        return ask(full, args, kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = told.get("doc")
    method.__module__ = "boxer.host"
    parameters = told.get("parameters")
    if parameters is not None:
        import inspect

        method.__signature__ = inspect.Signature(
            [
                inspect.Parameter(
                    one, kind, default=default if optional else inspect.Parameter.empty
                )
                for one, kind, optional, default in parameters
            ]
        )
    return method


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)
    found = _extensions.get(name)
    if found is None:
        if _offered is not None and name not in _offered:
            # What was frozen without it says so when it is used; what is imported now fails now.
            raise AttributeError(f"the host offers no `{name}`: it has {sorted(_offered)}")
        found = _extensions[name] = Extension(name)
        if _offered is not None:
            found._describe(_offered[name])
    _needed.add(name)
    return found
