"""Applications that take all the memory there is, as they run in the box."""
# mypy: ignore-errors

FILLINGS = {"/eat": b"x", "/zeros": bytes(1)}


def eat(filling):
    held = []
    while True:
        held.append(bytearray(filling) * (4 << 20))


def wsgi(environ, start_response):
    body = b"ok"
    if environ["PATH_INFO"] in FILLINGS:
        eat(FILLINGS[environ["PATH_INFO"]])
    if environ["PATH_INFO"] == "/copies":  # of a body that fits once
        held = environ["wsgi.input"].read()
        body = str(len(held + held + held)).encode()
    start_response("200 OK", [])
    return [body]


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    if scope["path"] in FILLINGS:
        eat(FILLINGS[scope["path"]])
    held, more = b"", True
    while more:
        message = await receive()
        held, more = held + message["body"], message["more_body"]
    body = str(len(held + held + held)).encode() if scope["path"] == "/copies" else b"ok"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def function(value):
    if value in FILLINGS:
        eat(FILLINGS[value])
    return "ok"
