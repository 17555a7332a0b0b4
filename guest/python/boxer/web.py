"""A web application that answers requests on machines: the guest's half of `boxer serve`.

Belongs here: which application it is, and calls for one request or many. Does not: how WSGI and
ASGI call it (`_wsgi`, `_asgi`), HTTP, which the host speaks.

A request is {"method", "scheme", "path", "raw_path", "query", "version", "root_path", "headers":
[[name, value]], "client": [host, port] or None, "server": [host, port], "body": bytes}, its texts
in Latin-1, names in small letters; an answer {"status", "headers", "body"} likewise (PEP 3333,
ASGI 3.0 HTTP). A short body is told as text in Latin-1, too: bytes go a longer way. With
"more_body" the body comes by frames (`_frames`); with "type": "websocket" it is one, with
"subprotocols". With "development" an error behind an answer counts.
"""

import importlib
import importlib.util
import inspect
import sys

import _boxer
import _boxer_calls

from boxer._wsgi import Event, Function, Wsgi

# As short a body is told as text.
LONG = _boxer_calls.LONG
# How often one is made that is kept: after as many little is left to be specialised.
REHEARSED = 16
_answer = None
_channel = None
_known = set()  # modules of the image


def open_app(target, kind=None, each_life=False):
    """Finds `module:object`, or `module:factory()`, and says what it is: "wsgi", "asgi", "aiohttp",
    "event" (`handler(event, context)`) or "function". Before the freeze. Starts an ASGI
    application's lifespan, unless that is to happen in each life."""
    global _answer, _channel
    app = _find(target)
    found = kind or _kind_of(app, target)
    if found == "functions-framework":
        app = _with_framework(target)
    elif found in ("asgi", "aiohttp"):
        from boxer._asgi import Asgi  # only where an application is one of asyncio's

        if found == "aiohttp":
            from boxer._aiohttp import Aiohttp

            app = Aiohttp(app)
        _answer = Asgi(app, each_life)
    if _answer is None:
        made = {"event": Event, "function": Function}
        _answer = made.get(found, Wsgi)(app)
    from boxer._frames import Channel

    _channel = Channel()
    _get_used_to()
    _known.update(sys.modules)
    return found


# What a machine is used to before the freeze: the interpreter has specialised its code.
USUAL = {
    "method": "GET", "scheme": "http", "path": "/", "raw_path": "/", "query": "", "version": "1.1",
    "root_path": "", "headers": [["host", "localhost"], ["accept", "*/*"]],
    "client": ["127.0.0.1", 1], "server": ["127.0.0.1", 80], "body": "",
}  # fmt: skip


def _get_used_to():
    """Answers requests with applications of our own, so that what each request runs of ours need
    not be specialised, which is to be written to, in each life. Nothing of the box's application
    runs."""
    global _answer
    kept = _answer
    _answer = kept.another()
    request = _boxer_calls.written({"f": "boxer.web:respond", "a": [USUAL], "k": {}})[1:]
    _boxer.be_eager()
    try:
        for _ in range(_boxer_calls.WARM_UP):
            _boxer_calls.serve(b"c" + request)
            _boxer.renew_known()
    finally:
        _answer = kept


def respond(request, has_stream=False):
    """An answer; with "imported", the modules that only this request has imported. {"again"}: it
    wants a stream. has_stream: there is one, the first; what went by it is not in the answer."""
    body = request["body"]
    if type(body) is str:
        request["body"] = body.encode("latin-1")
    known = len(sys.modules)
    answer = _answer(request, _channel.open(1) if has_stream else None) or {}
    if len(sys.modules) != known:
        answer["imported"] = _imported()
    body = answer.get("body")
    if type(body) is bytes and len(body) < LONG:
        answer["body"] = body.decode("latin-1")
    return answer


def rehearse(request):
    """Answers it until the interpreter has seen its code often enough, and keeps what that leaves:
    the host calls it where that is wanted. The last answer."""
    _boxer.be_eager()
    for _ in range(REHEARSED):
        answer = respond({**request, "headers": list(request["headers"])})
    return answer


def try_out(request, times=REHEARSED):
    """As `rehearse`, on a machine that is thrown away: what `get_used_to` is to be told."""
    from boxer import _warmth

    call = {"f": "boxer.web:respond", "a": [request], "k": {}}
    call = _boxer_calls.written(call, b"c", b"t")

    def answer():
        _boxer_calls.serve(call)
        _boxer.renew_known()

    return _warmth.told_of(answer, times)


def get_used_to(told):
    """What several tries have told alike, and no state of theirs, is in the image then."""
    from boxer import _warmth

    _warmth.get_used_to(told)
    _known.update(sys.modules)


def attend():
    """Answers requests that come by frames, as many at once as come, until it is told to end."""
    from boxer._living import Living

    Living(_channel, _answer, _imported).attend()


def load(modules):
    """Imports what requests imported; what cannot be is left to them."""
    _look_here()
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:  # it came up in an `except ImportError`, say
            continue
    _known.update(sys.modules)


def _imported():
    """New modules; each is told once in a machine's life."""
    found = [
        name
        for name, module in list(sys.modules.items())
        if name not in _known and getattr(module, "__spec__", None) is not None
    ]
    _known.update(found)
    return found


def _look_here():
    if "." not in sys.path and "" not in sys.path:
        sys.path.insert(0, "")


def _find(target):
    module_name, _, path = target.partition(":")
    _look_here()
    if not path:
        __import__(module_name)
        return _only_app(sys.modules[module_name], module_name)
    place, last = _boxer.find(target.removesuffix("()"))
    found = getattr(place, last)
    return _made(found) if path.endswith("()") else found


def _made(factory):
    """What it makes, by a coroutine or at once; one of `python -m aiohttp.web` takes arguments."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    takes = [
        one for one in parameters if one.default is one.empty and one.kind < one.VAR_POSITIONAL
    ]
    made = factory([]) if len(takes) == 1 else factory()
    if inspect.iscoroutine(made):
        import asyncio

        made = asyncio.run(made)
    return made


NAMES = ("app", "application", "api", "asgi", "wsgi", "handler", "main")


def _only_app(module, name):
    for attribute in NAMES:
        found = getattr(module, attribute, None)
        if callable(found):
            return found
    raise LookupError(f"`{name}` has none of {', '.join(NAMES)}: say which, `{name}:object`")


def _kind_of(app, target):
    if type(app).__module__.startswith("aiohttp.") and hasattr(app, "middlewares"):
        return "aiohttp"
    if not callable(app):
        raise TypeError(f"`{target}` is no application: {type(app).__name__} cannot be called")
    call = app if inspect.isroutine(app) else type(app).__call__
    try:
        names = [
            parameter.name
            for parameter in inspect.signature(call).parameters.values()
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        names = []
    if call is not app:
        names = names[1:]
    if not names and _takes_any(call):  # a decorator's
        return "asgi" if inspect.iscoroutinefunction(call) else "wsgi"
    if names[:3] == ["scope", "receive", "send"] or (
        len(names) == 3 and inspect.iscoroutinefunction(call)
    ):
        return "asgi"
    if names[:2] == ["event", "context"]:
        return "event"
    if len(names) == 2:
        return "wsgi"
    if len(names) == 1:
        return "functions-framework" if _is_of_the_framework(app, names[0]) else "function"
    raise TypeError(
        f"`{target}` is called with ({', '.join(names)}): neither WSGI (environ, start_response),"
        " ASGI (scope, receive, send), an event handler (event, context) nor a function of one"
        " value"
    )


def _takes_any(call):
    try:
        kinds = {one.kind for one in inspect.signature(call).parameters.values()}
    except (TypeError, ValueError):
        return False
    return inspect.Parameter.VAR_POSITIONAL in kinds


def _is_of_the_framework(function, parameter):
    """Whether it is a function of Google's functions-framework: decorated, or by its parameter."""
    if "functions_framework" in sys.modules:
        from functions_framework import _function_registry as registry

        if function.__name__ in registry.REGISTRY_MAP:
            return True
    is_one = parameter in ("request", "cloud_event")
    return is_one and importlib.util.find_spec("functions_framework") is not None


def _with_framework(target):
    import functions_framework

    module_name, _, name = target.partition(":")
    source = sys.modules[module_name].__file__
    return functions_framework.create_app(target=name, source=source)
