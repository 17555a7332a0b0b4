"""Requests from the host, answered by functions of the program (called by guest/python/python.c).

Belongs here: what a request means and how a reply is written. Does not: when a machine is thawed.

A request is one letter and its data, a reply likewise:
    c  {"f": "module:function", "a": [...], "k": {...}}   call, plain JSON
    b  the same, tagged: four bytes with the size of its JSON (little-endian), the JSON, and one
       after the other all bytes in it, each {TAG: size} there; a dict's own {TAG: value} is
       {TAG: [value]}
    x  source text, run in `__main__`
    i  {"modules": [...]}                                   import, and get used to calls
    =  JSON    ~  tagged, as b    !  {"type", "message", "traceback"}    e  {"code": ...}
"""

import _thread
import importlib
import json
import sys
import traceback

TAG = "boxer.bytes"
_functions = {}
_scan = json.JSONDecoder().scan_once


def serve(request):
    try:
        try:
            reply = _HANDLERS[request[:1]](memoryview(request)[1:])
        finally:
            if _thread._count():
                _join_threads()
        _flush()
        return reply
    except SystemExit as stop:
        _flush()
        return b"e" + json.dumps({"code": _exit_status(stop.code)}).encode()
    except BaseException as error:
        _flush()
        return b"!" + json.dumps(_described(error)).encode()


def _join_threads():
    """As at the interpreter's end: what waits for work is told that there is none, all but daemon
    threads are joined. Daemon threads are ended by who calls `serve`."""
    threading = sys.modules.get("threading")
    if threading is not None:
        for tell in reversed(threading._threading_atexits):
            tell()
    _thread._shutdown()
    pools = sys.modules.get("concurrent.futures.thread")
    if pools is not None:  # the next call may have pools of its own
        pools._shutdown = False


def _flush():
    sys.stdout.flush()
    sys.stderr.flush()


def _call(data):
    return _answer(_scan(str(data, "utf-8"), 0)[0])


def _call_tagged(data):
    return _answer(untagged(data))


def untagged(data):
    """What tagged data says: `b` and `~` above."""
    global _given
    end = 4 + int.from_bytes(data[:4], "little")
    _given = data[end:]
    return _scan_tagged(str(data[4:end], "utf-8"), 0)[0]


def _answer(request):
    name = request["f"]
    function = _functions.get(name) or _find(name)
    result = function(*request["a"], **request["k"])
    parts = []
    text = _json(result, parts)
    return _framed(text.encode(), parts) if parts else b"=" + text.encode()


def _find(name):
    module, _, path = name.partition(":")
    function = importlib.import_module(module)
    for part in path.split("."):
        function = getattr(function, part)
    _functions[name] = function
    return function


def _framed(text, parts):
    return b"".join((b"~", len(text).to_bytes(4, "little"), text, *parts))


# Where the parts go that the encoder meets.
_parts = []


def _set_apart(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        part = value if isinstance(value, bytes) else bytes(value)
        _parts.append(part)
        return {TAG: len(part)}
    raise TypeError(
        f"a call's result must be plain data (JSON types and bytes), not {type(value).__name__}"
    )


_encode = json.JSONEncoder(default=_set_apart, separators=(",", ":")).encode


def _json(value, parts):
    """Its JSON; the bytes in it go to `parts`, in their order."""
    global _parts
    _parts = parts
    text = _encode(value)
    if parts and text.count(f'"{TAG}"') != len(parts):  # the program's own, too
        parts.clear()
        text = _encode(_escaped(value))
    return text


def _escaped(value):
    if isinstance(value, (list, tuple)):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        escaped = {key: _escaped(item) for key, item in value.items()}
        return {TAG: [escaped[TAG]]} if len(escaped) == 1 and TAG in escaped else escaped
    return value


# The bytes of a request that are still to be put back where they were.
_given = b""


def _untag(value):
    global _given
    if len(value) != 1 or TAG not in value:
        return value
    held = value[TAG]
    if not isinstance(held, int):
        return {TAG: held[0]}
    part, _given = bytes(_given[:held]), _given[held:]
    return part


_scan_tagged = json.JSONDecoder(object_hook=_untag).scan_once


def _execute(data):
    code = compile(bytes(data), "<exec>", "exec")
    exec(code, sys.modules["__main__"].__dict__)
    return b"=null"


def _get_ready(data):
    for module in json.loads(bytes(data))["modules"]:
        importlib.import_module(module)
    for _ in range(WARM_UP):
        serve(b'c{"f":"_boxer_calls:_nothing","a":[{"a":1}],"k":{}}')
    return b"=null"


# As often as the interpreter wants to see code before it specialises it, and then some: what is
# specialised before the freeze need not be written to in each machine.
WARM_UP = 40


def _nothing(value):
    return value


def _exit_status(code):
    return 0 if code is None else code if isinstance(code, int) else 1


def _described(error):
    lines = traceback.format_exception(error)
    return {
        "type": type(error).__qualname__,
        "message": str(error),
        "traceback": "".join(line for line in lines),
    }


_HANDLERS = {b"c": _call, b"b": _call_tagged, b"x": _execute, b"i": _get_ready}
