"""Requests from the host, answered by functions of the program (called by guest/python/python.c).

Belongs here: what a request means and how a reply is written. Does not: when a machine is thawed.

A request is one letter and its data, a reply likewise:
    c  {"f": "module:function", "a": [...], "k": {...}}   call, plain JSON
    t  the same, tagged: four bytes with the size of its JSON (little-endian), the JSON, and one
       after the other all bytes and long texts in it, each {TAG: size} or {TEXT: size} there; a
       dict's own {TAG: value} is {TAG: [value]}
    x  source text, run in `__main__`
    i  {"modules": [...], "functions": [...]}   import, find, and get used to calls
    =  JSON    ~  tagged, as t    !  {"type", "message", "traceback"}    e  {"code": ...}
"""

import _thread
import json
import sys
import traceback

import _boxer

TAG = "boxer.bytes"
TEXT = "boxer.text"
# As the host's (src/boxer/runtime/frames.py).
LONG = 4096
LOOKED_AT = 512
_functions = {}
_scan = json.JSONDecoder().scan_once


def serve(request):
    """request: bytes, or a view of what is another's: nothing that is made of it outlives the call
    as one."""
    try:
        try:
            if request[0] == _PLAIN:
                reply = _answer(_scan(str(request, "utf-8"), 1)[0])
            else:
                reply = _HANDLERS[request[0]](memoryview(request)[1:])
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
    if "logging.handlers" in sys.modules:
        from boxer import _listeners

        _listeners.let_go()
    _thread._shutdown()
    pools = sys.modules.get("concurrent.futures.thread")
    if pools is not None:  # the next call may have pools of its own
        pools._shutdown = False


def _flush():
    sys.stdout.flush()
    sys.stderr.flush()


def _call_tagged(data):
    return _answer(untagged(data))


def untagged(data):
    """What tagged data says: `t` and `~` above."""
    global _given
    end = 4 + int.from_bytes(data[:4], "little")
    _given = data[end:]
    return _scan_tagged(str(data[4:end], "utf-8"), 0)[0]


def _answer(request):
    name = request["f"]
    place, attribute = _functions.get(name) or _find(name)
    result = getattr(place, attribute)(*request["a"], **request["k"])
    return written(result)


def written(result, as_json=b"=", tagged=b"~"):
    """Its JSON behind one letter, or tagged behind the other."""
    # Typed functions answer a list of one.
    only = result[0] if type(result) is list and len(result) == 1 else result
    kind = type(only)
    if kind is bytes or (kind is str and len(only) >= LONG):
        return _framed(result, tagged, kind is str)
    try:
        text = _encode(result)
    except _HasBytesError:
        return _framed(result, tagged)
    if len(text) >= LONG and _has_long_text(result):
        return _framed(result, tagged, True)
    return as_json + text.encode()


def _find(name):
    """Where it is, which later calls know: what is there may have become another one."""
    _functions[name] = found = _boxer.find(name)
    return found


def know(name):
    """Before the freeze: then no call's machine has to look for it."""
    _find(name)


class _HasBytesError(Exception):
    pass


def _notice(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise _HasBytesError
    raise TypeError(
        f"a call's result must be plain data (JSON types and bytes), not {type(value).__name__}"
    )


_dumps = json.JSONEncoder(default=_notice, separators=(",", ":")).encode


# What that makes anew for each value. What holds itself ends it: too deep.
def _encoder(default):
    text = json.encoder.encode_basestring_ascii
    return json.encoder.c_make_encoder(None, default, text, None, ":", ",", False, False, True)


_once = _encoder(_notice)
# How each part begins in JSON, and no text in it: a quotation mark has a backslash before it there.
_LOOKS_TAGGED = '{"boxer.'


def _encode(value):
    try:
        return "".join(_once(value, 0))
    except RecursionError:
        return _dumps(value)


def _has_long_text(result):
    waiting = [result]
    for value in waiting:
        if type(value) is str:
            if len(value) >= LONG:
                return True
        elif len(waiting) < LOOKED_AT:
            if isinstance(value, dict):
                waiting.extend(value.values())
            elif isinstance(value, (list, tuple)):
                waiting.extend(value[:LOOKED_AT])
    return False


def _framed(value, letter, has_long_text=False):
    parts = []
    text = None if has_long_text else _with_bytes_apart(value, parts)
    if text is None:
        parts.clear()
        text = _dumps(_set_apart(value, parts))
    text = text.encode()
    return b"".join((letter, len(text).to_bytes(4, "little"), text, *parts))


def _with_bytes_apart(value, parts):
    """None: there are also long texts in it, or dicts that look like what stands for parts."""

    def set_apart(part):
        if isinstance(part, (bytes, bytearray, memoryview)):
            parts.append(part if isinstance(part, bytes) else bytes(part))
            return {TAG: len(parts[-1])}
        return _notice(part)

    try:
        text = "".join(_encoder(set_apart)(value, 0))
    except RecursionError:
        return None
    if text.count(_LOOKS_TAGGED) != len(parts) or (len(text) >= LONG and _has_long_text(value)):
        return None
    return text


def _set_apart(value, parts):
    if isinstance(value, str):
        if len(value) < LONG:
            return value
        parts.append(value.encode("utf-8", "surrogatepass"))
        return {TEXT: len(parts[-1])}
    if isinstance(value, (bytes, bytearray, memoryview)):
        parts.append(value if isinstance(value, bytes) else bytes(value))
        return {TAG: len(parts[-1])}
    if isinstance(value, (list, tuple)):
        return [_set_apart(item, parts) for item in value]
    if isinstance(value, dict):
        held = {key: _set_apart(item, parts) for key, item in value.items()}
        own = next(iter(held)) if len(held) == 1 else None
        return {own: [held[own]]} if own in (TAG, TEXT) else held
    return value


# The bytes of a request that are still to be put back where they were.
_given = b""


def _untag(value):
    global _given
    if len(value) != 1:
        return value
    (tag,) = value
    if tag != TAG and tag != TEXT:
        return value
    held = value[tag]
    if not isinstance(held, int):
        return {tag: held[0]}
    part, _given = _given[:held], _given[held:]
    return bytes(part) if tag == TAG else str(part, "utf-8", "surrogatepass")


_scan_tagged = json.JSONDecoder(object_hook=_untag).scan_once


def _execute(data):
    code = compile(bytes(data), "<exec>", "exec")
    exec(code, sys.modules["__main__"].__dict__)
    return b"=null"


def _get_ready(data):
    told = json.loads(bytes(data))
    for module in told["modules"]:
        __import__(module)
    for name in told.get("functions", ()):
        try:
            know(name)
        except Exception:  # the call says it
            continue
    tagged = _framed({"f": "_boxer_calls:_nothing", "a": [{"a": b"a"}], "k": {}}, b"t")
    for _ in range(WARM_UP):
        serve(b'c{"f":"_boxer_calls:_nothing","a":[{"a":1}],"k":{}}')
        serve(b'c{"f":"_boxer_calls:_nothing","a":[[1]],"k":{}}')
        serve(tagged)
    return b"=null"


# As often as the interpreter wants to see code before it specialises it, and then some: what is
# specialised before the freeze need not be written to in each machine.
WARM_UP = 40


def _nothing(value):
    return value


def _exit_status(code):
    return 0 if code is None else code if isinstance(code, int) else 1


def _described(error):
    lines = traceback.format_exception(_boxer.leave_out_ours(error))
    return {
        "type": type(error).__qualname__,
        "message": str(error),
        "traceback": "".join(lines),
    }


_PLAIN = ord("c")
_HANDLERS = {ord("t"): _call_tagged, ord("x"): _execute, ord("i"): _get_ready}
