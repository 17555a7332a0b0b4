"""A web application that answers one request on each machine: the guest's half of `boxer serve`.

Belongs here: how WSGI, ASGI and plain functions are called. Does not: HTTP, which the host speaks.

A request is {"method", "scheme", "path", "raw_path", "query", "version", "root_path", "headers":
[[name, value]], "client": [host, port] or None, "server": [host, port], "body": bytes}, its texts
in Latin-1, names in small letters; an answer {"status", "headers", "body"} likewise (PEP 3333,
ASGI 3.0 HTTP).
"""

import importlib
import inspect
import io
import sys

_answer = None
_known = set()  # modules of the image


def open_app(target, kind=None):
    """Finds `module:object`, or `module:factory()`, and says what it is: "wsgi", "asgi",
    "event" (`handler(event, context)`) or "function". Before the freeze. Starts an ASGI
    application's lifespan."""
    global _answer
    app = _find(target)
    kind = kind or _kind_of(app, target)
    _answer = {"wsgi": _Wsgi, "asgi": _Asgi, "event": _Event, "function": _Function}[kind](app)
    _known.update(sys.modules)
    return kind


def respond(request):
    """An answer; with "imported", the modules that only this request has imported."""
    if not request["body"]:
        request["body"] = b""
    known = len(sys.modules)
    answer = _answer(request)
    if len(sys.modules) != known:
        answer["imported"] = [
            name
            for name, module in sys.modules.items()
            if name not in _known and getattr(module, "__spec__", None) is not None
        ]
    return answer


def load(modules):
    """Imports what requests imported; what cannot be is left to them."""
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:  # it came up in an `except ImportError`, say
            continue
    _known.update(sys.modules)


def _find(target):
    module_name, _, path = target.partition(":")
    if "." not in sys.path and "" not in sys.path:
        sys.path.insert(0, "")
    module = importlib.import_module(module_name)
    if not path:
        return _only_app(module, module_name)
    factory = path.endswith("()")
    found = module
    for part in path.removesuffix("()").split("."):
        if not hasattr(found, part):
            raise LookupError(f"`{module_name}` has no `{part}`")
        found = getattr(found, part)
    return found() if factory else found


NAMES = ("app", "application", "api", "asgi", "wsgi", "handler", "main")


def _only_app(module, name):
    for attribute in NAMES:
        found = getattr(module, attribute, None)
        if callable(found):
            return found
    raise LookupError(f"`{name}` has none of {', '.join(NAMES)}: say which, `{name}:object`")


def _kind_of(app, target):
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
    if names[:3] == ["scope", "receive", "send"] or (
        len(names) == 3 and inspect.iscoroutinefunction(call)
    ):
        return "asgi"
    if names[:2] == ["event", "context"]:
        return "event"
    if len(names) == 2:
        return "wsgi"
    if len(names) == 1:
        return "function"
    raise TypeError(
        f"`{target}` is called with ({', '.join(names)}): neither WSGI (environ, start_response),"
        " ASGI (scope, receive, send), an event handler (event, context) nor a function of one"
        " value"
    )


class _Wsgi:
    """PEP 3333."""

    def __init__(self, app):
        self.app = app

    def __call__(self, request):
        answer = {"status": 500, "headers": [], "body": b""}
        written = []

        def start_response(status, headers, exc_info=None):
            answer["status"] = int(status[:3])
            answer["headers"] = [[name, value] for name, value in headers]
            return written.append

        parts = self.app(_environ(request), start_response)
        try:
            if isinstance(parts, (list, tuple)) and len(parts) == 1 and not written:
                answer["body"] = parts[0]
            else:
                written.extend(parts)
                answer["body"] = b"".join(written)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        return answer


def _environ(request):
    host, port = request["server"]
    environ = {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": request["root_path"],
        "PATH_INFO": request["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": request["query"],
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/" + request["version"],
        "REQUEST_URI": request["raw_path"] + ("?" + request["query"] if request["query"] else ""),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request["scheme"],
        "wsgi.input": io.BytesIO(request["body"]),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": True,
    }
    if request["client"]:
        host, port = request["client"]
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = host, str(port)
    for name, value in request["headers"]:
        if "_" in name:
            continue  # nobody could tell it from the name with a hyphen
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        if key in environ:
            value = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
        environ[key] = value
    environ.setdefault("CONTENT_LENGTH", str(len(request["body"])))
    return environ


class _Asgi:
    """ASGI 3.0: HTTP, and the lifespan's start before the freeze."""

    def __init__(self, app):
        import asyncio  # only where an application is one of asyncio's

        self.app = app
        self.asyncio = asyncio
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.state = {}
        self.lifespan = self._start()

    def __call__(self, request):
        answer = {"status": 500, "headers": [], "body": b""}
        parts = []
        messages = [{"type": "http.request", "body": request["body"], "more_body": False}]
        ended = None

        async def receive():
            nonlocal ended
            if messages:
                return messages.pop()
            if ended is None:
                ended = self.loop.create_future()
            await ended
            return {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                answer["status"] = message["status"]
                answer["headers"] = [
                    [bytes(name).decode("latin-1"), bytes(value).decode("latin-1")]
                    for name, value in message.get("headers", ())
                ]
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if ended is not None and not message.get("more_body", False) and not ended.done():
                    ended.set_result(None)

        self._run(self.app(self._scope(request), receive, send))
        answer["body"] = parts[0] if len(parts) == 1 else b"".join(parts)
        return answer

    def _scope(self, request):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": request["version"],
            "method": request["method"],
            "scheme": request["scheme"],
            "path": request["path"],
            "raw_path": request["raw_path"].encode("latin-1"),
            "query_string": request["query"].encode("latin-1"),
            "root_path": request["root_path"],
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in request["headers"]
            ],
            "client": request["client"],
            "server": request["server"],
        }
        if self.lifespan is not None:
            scope["state"] = self.state.copy()
        return scope

    def _run(self, coroutine):
        """To its end. Most need no turn of the loop: they are over when they first wait."""
        loop = self.loop
        loop._run_forever_setup()
        try:
            task = self.asyncio.Task(coroutine, loop=loop, eager_start=True)
        finally:
            loop._run_forever_cleanup()
        if not task.done():
            loop.run_until_complete(task)
        return task.result()

    def _start(self):
        """The lifespan's task once its start-up is over, None where the application has none."""
        started = self.loop.create_future()
        received = [{"type": "lifespan.startup"}]
        forever = self.loop.create_future()

        async def receive():
            return received.pop() if received else await forever

        async def send(message):
            if not started.done():
                started.set_result(message)

        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        task = self.loop.create_task(self.app(scope, receive, send))
        self.loop.run_until_complete(
            self.asyncio.wait([task, started], return_when=self.asyncio.FIRST_COMPLETED)
        )
        if not started.done():
            task.exception()  # it knows no lifespan, and may say so by any error (ASGI)
            return None
        message = started.result()
        if message["type"] == "lifespan.startup.failed":
            raise RuntimeError(f"the application did not start: {message.get('message', '')}")
        return task


class _Function:
    """A function of one plain value: the request's JSON, and JSON back."""

    def __init__(self, function):
        import json

        self.function, self.json = function, json

    def __call__(self, request):
        body = request["body"]
        try:
            value = self.json.loads(body) if body else None
        except ValueError as error:
            return _plain(400, f"the body is not JSON: {error}\n")
        told = self.json.dumps(self._result(value), separators=(",", ":"))
        return _typed(200, "application/json", told.encode())

    def _result(self, value):
        result = self.function(value)
        if inspect.iscoroutine(result):
            import asyncio

            result = asyncio.run(result)
        return result


class _Event(_Function):
    """`handler(event, context)` as AWS Lambda calls it: payload format 2.0 of its HTTP APIs."""

    def __call__(self, request):
        result = self._result(request)
        if not (isinstance(result, dict) and "statusCode" in result):
            return _typed(200, "application/json", self.json.dumps(result).encode())
        body = result.get("body", "")
        if result.get("isBase64Encoded"):
            import base64

            body = base64.b64decode(body)
        headers = {"content-type": "application/json", **_lower(result.get("headers", {}))}
        pairs = [[name, str(value)] for name, value in headers.items()]
        pairs += [["set-cookie", cookie] for cookie in result.get("cookies", ())]
        body = body if isinstance(body, bytes) else body.encode()
        return {"status": int(result["statusCode"]), "headers": pairs, "body": body}

    def _result(self, request):
        result = self.function(_event(request), None)
        if inspect.iscoroutine(result):
            import asyncio

            result = asyncio.run(result)
        return result


def _event(request):
    headers = {}
    for name, value in request["headers"]:
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    try:
        body, is_encoded = request["body"].decode(), False
    except UnicodeDecodeError:
        import base64

        body, is_encoded = base64.b64encode(request["body"]).decode(), True
    import urllib.parse

    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request["path"],
        "rawQueryString": request["query"],
        "cookies": [part for part in headers.pop("cookie", "").split("; ") if part],
        "headers": headers,
        "queryStringParameters": {
            name: ",".join(values)
            for name, values in urllib.parse.parse_qs(request["query"], True).items()
        },
        "requestContext": {
            "http": {
                "method": request["method"],
                "path": request["path"],
                "protocol": "HTTP/" + request["version"],
                "sourceIp": request["client"][0] if request["client"] else "",
                "userAgent": headers.get("user-agent", ""),
            }
        },
        "body": body,
        "isBase64Encoded": is_encoded,
    }


def _lower(headers):
    return {name.lower(): value for name, value in headers.items()}


def _typed(status, content_type, body):
    return {"status": status, "headers": [["content-type", content_type]], "body": body}


def _plain(status, text):
    return _typed(status, "text/plain; charset=utf-8", text.encode())
