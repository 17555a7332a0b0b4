"""Applications that take all the memory there is, as they run in the box."""
# mypy: ignore-errors


def eat():
    held = []
    while True:
        held.append(bytearray(b"x") * (4 << 20))


def wsgi(environ, start_response):
    body = b"ok"
    if environ["PATH_INFO"] == "/eat":
        eat()
    if environ["PATH_INFO"] == "/copies":  # of a body that fits once
        held = environ["wsgi.input"].read()
        body = str(len(held + held + held)).encode()
    start_response("200 OK", [])
    return [body]


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    if scope["path"] == "/eat":
        eat()
    held, more = b"", True
    while more:
        message = await receive()
        held, more = held + message["body"], message["more_body"]
    body = str(len(held + held + held)).encode() if scope["path"] == "/copies" else b"ok"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def function(value):
    if value == "eat":
        eat()
    return "ok"
