"""WSGI applications, and functions of one value, as what answers a request (PEP 3333)."""

import inspect
import io
import sys

# Bytes of an answer that is given whole where the host answers at once.
AT_ONCE = 1 << 18
AGAIN = {"again": True}


class Wsgi:
    def __init__(self, app):
        self.app = app

    def another(self):
        """One like it, with an application of ours."""
        return Wsgi(_hello)

    def __call__(self, request, stream=None):
        """The answer; AGAIN: it is to be asked for with a stream; None: the stream has it."""
        sender = _Sender(stream)
        parts = self.app(_environ(request, stream), sender.start_response)
        try:
            if isinstance(parts, (list, tuple)) and len(parts) == 1:
                sender.is_one = True
            for part in parts:
                sender.write(part)
                if sender.is_too_much:
                    return AGAIN
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        return sender.answer()


def _hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


class _Sender:
    """What start_response said, and the body, which goes out as it comes where there is a stream:
    not before it is known to be no answer of one part."""

    def __init__(self, stream):
        self.stream = stream
        self.is_one = self.is_too_much = self._has_begun = False
        self._status = None
        self._headers = []
        self._held = []
        self._size = 0

    def start_response(self, status, headers, exc_info=None):
        if exc_info:
            try:
                if self._has_begun:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._status is not None:
            raise AssertionError("start_response was called a second time, without exc_info")
        self._status = int(status[:3])
        self._headers = [[name, value] for name, value in headers]
        return self.write

    def write(self, part):
        if not part:
            return
        if self._status is None:
            raise AssertionError("a body before start_response")
        self._size += len(part)
        if self.stream is None or (not self._has_begun and self._is_all()):
            self._held.append(part)
            self.is_too_much = self.stream is None and not self.is_one and self._size > AT_ONCE
            return
        if not self._has_begun:
            self._begin()
        self.stream.put(part)

    def _is_all(self):
        if self.is_one:
            return True
        told = [value for name, value in self._headers if name.lower() == "content-length"]
        return self._size <= AT_ONCE and told == [str(self._size)]

    def _begin(self):
        self._has_begun = True
        self.stream.send_json(b"S", {"status": self._status, "headers": self._headers})
        for part in self._held:
            self.stream.put(part)

    def answer(self):
        if self._has_begun:
            self.stream.send(b"E")
            return None
        body = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        status = 500 if self._status is None else self._status
        return {"status": status, "headers": self._headers, "body": body}


class _Body(io.RawIOBase):
    def __init__(self, stream):
        self._stream = stream
        self._left = memoryview(b"")
        self._is_whole = False

    def readable(self):
        return True

    def readinto(self, into):
        if not self._left and not self._is_whole:
            kind, data = self._stream.take()
            self._is_whole = kind == b"E"
            self._left = memoryview(data)
        size = min(len(into), len(self._left))
        into[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _environ(request, stream):
    host, port = request["server"]
    path, root = request["path"], request["root_path"]
    if root and path.startswith(root):  # a part of it in ASGI, in WSGI not
        path = path[len(root) :]
    is_streamed = bool(request.get("more_body"))
    body = io.BufferedReader(_Body(stream)) if is_streamed else io.BytesIO(request["body"])
    environ = {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": root,
        "PATH_INFO": path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": request["query"],
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/" + request["version"],
        "REQUEST_URI": request["raw_path"] + ("?" + request["query"] if request["query"] else ""),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request["scheme"],
        "wsgi.input": body,
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
    if not is_streamed:
        environ.setdefault("CONTENT_LENGTH", str(len(request["body"])))
    return environ


class Function:
    """A function of one plain value: the request's JSON, and JSON back."""

    def __init__(self, function):
        import json

        self.function, self.json = function, json

    def another(self):
        """As Wsgi's."""
        return type(self)(lambda *given: {"hello": 1})

    def __call__(self, request, stream=None):
        if request.get("more_body"):
            request["body"] = stream.take_body()
        return self.answer(request)

    def answer(self, request):
        body = request["body"]
        try:
            value = self.json.loads(body) if body else None
        except ValueError as error:
            text = f"the body is not JSON: {error}\n"
            return _typed(400, "text/plain; charset=utf-8", text.encode())
        told = self.json.dumps(_ran(self.function(value)), separators=(",", ":"))
        return _typed(200, "application/json", told.encode())


class Event(Function):
    """`handler(event, context)` as AWS Lambda calls it: payload format 2.0 of its HTTP APIs."""

    def answer(self, request):
        result = _ran(self.function(_event(request), Context(request, self.function)))
        if not (isinstance(result, dict) and "statusCode" in result):
            return _typed(200, "application/json", self.json.dumps(result).encode())
        body = result.get("body") or ""
        if result.get("isBase64Encoded"):
            import base64

            body = base64.b64decode(body)
        headers = {"content-type": "application/json", **_lower(result.get("headers") or {})}
        pairs = [[name, str(value)] for name, value in headers.items()]
        pairs += [["set-cookie", cookie] for cookie in result.get("cookies") or ()]
        body = body if isinstance(body, bytes) else body.encode()
        return {"status": int(result["statusCode"]), "headers": pairs, "body": body}


class Context:
    """What AWS Lambda tells a handler of its call, as far as there is such a thing here."""

    memory_limit_in_mb = "1024"
    function_version = "$LATEST"
    identity = client_context = None

    def __init__(self, request, function):
        self.function_name = getattr(function, "__name__", "handler")
        self.invoked_function_arn = f"arn:aws:lambda:local:0:function:{self.function_name}"
        self.log_group_name = self.log_stream_name = self.function_name
        self.aws_request_id = next(
            (value for name, value in request["headers"] if name == "x-request-id"), ""
        )
        self._until = request.get("seconds")

    def get_remaining_time_in_millis(self):
        return 1000 * int(self._until or 30)


def _ran(result):
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
