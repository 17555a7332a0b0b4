"""A registry of the tests' own: OCI distribution 1.1 in memory, which can break off and lie."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "reader", "a pass:word"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class FakeRegistry:
    """auth: `none`, `basic` or `token`. has_referrers: the API of 1.1 is there. broken: what goes
    wrong, by name: see `_Handler`."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[bytes, str]] = {}
        self.auth = "none"
        self.has_referrers = True
        self.broken = ""
        self.redirect = ""
        self.realm = ""
        self.asked: list[tuple[str, str, str]] = []
        self.token_requests: list[dict[str, list[str]]] = []
        self.refresh_token = "refresh"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    port = 0

    def tags(self) -> set[str]:
        return {name.rpartition(":")[2] for name in self.manifests if "@" not in name}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: FakeRegistry

    def log_message(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        registry, parts = self.registry, urlsplit(self.path)
        authorization = self.headers.get("Authorization", "")
        registry.asked.append((self.command, parts.path, authorization))
        length = int(self.headers.get("Content-Length") or 0)
        if registry.broken == "upload" and self.command == "PUT" and "/uploads/" in parts.path:
            self.rfile.read(min(length, 1000))
            self._break()
            return
        body = self.rfile.read(length)
        if parts.path == "/token":
            self._token(parts.query, body)
        elif not self._is_let_in(authorization):
            self._challenge()
        elif parts.path == "/v2/":
            self._answer(200)
        elif "/blobs/uploads/" in parts.path:
            self._upload(parts.query, body)
        elif "/blobs/" in parts.path:
            self._blob(parts.path.rpartition("/")[2])
        elif "/referrers/" in parts.path:
            self._referrers(parts.path.rpartition("/")[2])
        else:
            name, _, reference = parts.path.removeprefix("/v2/").partition("/manifests/")
            self._manifest(name, reference, body)

    def _is_let_in(self, authorization: str) -> bool:
        wanted = {"none": authorization, "basic": BASIC, "token": "Bearer a.token"}
        return authorization == wanted[self.registry.auth]

    def _challenge(self) -> None:
        said = 'Basic realm="registry"'
        if self.registry.auth == "token":
            realm = self.registry.realm or f"http://{self.registry.host}/token"
            said = f'Bearer realm="{realm}",service="the, service",scope="repository:a:pull,push"'
        self._answer(401, b"{}", {"WWW-Authenticate": said})

    def _token(self, query: str, body: bytes) -> None:
        asked = parse_qs(query or body.decode())
        self.registry.token_requests.append(asked)
        let_in = self.headers.get("Authorization") == BASIC
        if self.command == "POST":
            let_in = asked.get("refresh_token") == [self.registry.refresh_token]
        self._answer(200 if let_in else 401, b'{"token": "a.token"}' if let_in else b"{}")

    def _upload(self, query: str, body: bytes) -> None:
        if self.command == "POST":
            place = self.registry.redirect or "/v2/team/app/blobs/uploads/1?state=a%2Bb"
            self._answer(202, headers={"Location": place})
            return
        asked = parse_qs(query)
        digest = asked["digest"][0]
        if asked.get("state") != ["a+b"] or digest != f"sha256:{hashlib.sha256(body).hexdigest()}":
            self._answer(
                400, b'{"errors": [{"code": "DIGEST_INVALID", "message": "no\\u001b[2J"}]}'
            )
            return
        self.registry.blobs[digest] = body
        self._answer(201)

    def _blob(self, digest: str) -> None:
        data, broken = self.registry.blobs.get(digest), self.registry.broken
        if data is None:
            self._answer(404, b'{"errors": [{"code": "BLOB_UNKNOWN"}]}')
        elif self.command == "GET" and self.registry.redirect:
            self._answer(307, headers={"Location": self.registry.redirect})
        elif self.command == "GET" and broken == "blob":
            self._answer(
                200,
                bytes([data[0] ^ 1]) + data[1:]
                if len(data) < 500
                else data[:-1] + bytes([data[-1] ^ 1]),
            )
        elif self.command == "GET" and broken == "short":
            self._answer(200, data[:-1])
        elif self.command == "GET" and broken == "endless":
            self._endless(data)
        elif self.command == "GET" and broken == "break":
            self._start(200, len(data), {})
            self.wfile.write(data[: len(data) // 2])
            self._break()
        else:
            self._answer(200, data)

    def _endless(self, data: bytes) -> None:
        """Chunks, so that no length is stated."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(1 << 20):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.close_connection = True

    def _referrers(self, digest: str) -> None:
        if not self.registry.has_referrers:
            self._answer(404, b"404 page not found")
            return
        found = {}
        for data, _ in self.registry.manifests.values():
            fields = json.loads(data)
            if fields.get("subject", {}).get("digest") == digest:
                own = f"sha256:{hashlib.sha256(data).hexdigest()}"
                found[own] = {
                    "mediaType": fields["mediaType"], "digest": own, "size": len(data),
                    "artifactType": fields["artifactType"],
                    "annotations": fields.get("annotations", {}),
                }  # fmt: skip
        index = {"schemaVersion": 2, "manifests": list(found.values())}
        self._answer(200, json.dumps(index).encode())

    def _manifest(self, name: str, reference: str, body: bytes) -> None:
        registry = self.registry
        key = f"{name}{'@' if reference.startswith('sha256:') else ':'}{reference}"
        if self.command == "PUT":
            if registry.broken == "manifest":
                self._break()
                return
            fields = json.loads(body)
            for part in [fields.get("config"), *fields.get("layers", [])]:
                if part and part["digest"] not in registry.blobs:
                    self._answer(400, b'{"errors": [{"code": "MANIFEST_BLOB_UNKNOWN"}]}')
                    return
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            kind = self.headers["Content-Type"]
            registry.manifests[key] = registry.manifests[f"{name}@{digest}"] = (body, kind)
            has = registry.has_referrers and "subject" in fields
            self._answer(201, headers={"OCI-Subject": "yes"} if has else {})
            return
        found = registry.manifests.get(key)
        if found is None:
            self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown"}]}')
            return
        data, kind = found
        if registry.broken == "manifest-bytes":
            data += b" "
        digest = f"sha256:{hashlib.sha256(found[0]).hexdigest()}"
        self._answer(200, data, {"Content-Type": kind, "Docker-Content-Digest": digest})

    def _answer(
        self, status: int, data: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self._start(status, len(data), headers or {})
        if self.command != "HEAD":
            with contextlib.suppress(OSError):
                self.wfile.write(data)

    def _start(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _break(self) -> None:
        self.close_connection = True
        self.connection.close()


@contextlib.contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[FakeRegistry]:
    registry = FakeRegistry()
    handler = type("Handler", (_Handler,), {"registry": registry})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    registry.port = server.server_address[1]
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
