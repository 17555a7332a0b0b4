"""Requests from the host, answered by functions of the program (called by guest/python/python.c).

Belongs here: what a request means and how a reply is written. Does not: when a machine is thawed.

A request is one letter and its data, a reply likewise:
    c  {"f": "module:function", "a": [...], "k": {...}}   call, plain JSON
    b  the same, tagged: bytes are {TAG: base64}, a dict's own {TAG: value} is {TAG: [value]}
    x  source text, run in `__main__`
    i  {"modules": [...]}                                   import, and get used to calls
    =  JSON    ~  tagged JSON    !  {"type", "message", "traceback"}    e  {"code": ...}
"""

import _thread
import base64
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
            reply = _HANDLERS[request[:1]](request[1:])
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
    request = _scan(data.decode(), 0)[0]
    return _answer(request)


def _call_tagged(data):
    return _answer(json.loads(data, object_hook=_untagged))


def _answer(request):
    name = request["f"]
    function = _functions.get(name) or _find(name)
    result = function(*request["a"], **request["k"])
    try:
        return b"=" + _plain(result).encode()
    except _HasBytesError:
        return b"~" + _plain(_tagged(result)).encode()


def _find(name):
    module, _, path = name.partition(":")
    function = importlib.import_module(module)
    for part in path.split("."):
        function = getattr(function, part)
    _functions[name] = function
    return function


class _HasBytesError(Exception):
    pass


def _no_default(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise _HasBytesError
    raise TypeError(
        f"a call's result must be plain data (JSON types and bytes), not {type(value).__name__}"
    )


_plain = json.JSONEncoder(default=_no_default, separators=(",", ":")).encode


def _tagged(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {TAG: base64.b64encode(value).decode()}
    if isinstance(value, (list, tuple)):
        return [_tagged(item) for item in value]
    if isinstance(value, dict):
        tagged = {key: _tagged(item) for key, item in value.items()}
        return {TAG: [tagged[TAG]]} if len(tagged) == 1 and TAG in tagged else tagged
    return value


def _untagged(value):
    if len(value) != 1 or TAG not in value:
        return value
    held = value[TAG]
    return base64.b64decode(held) if isinstance(held, str) else {TAG: held[0]}


def _execute(data):
    code = compile(data, "<exec>", "exec")
    exec(code, sys.modules["__main__"].__dict__)
    return b"=null"


def _get_ready(data):
    for module in json.loads(data)["modules"]:
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
