"""Clients over TLS in a box, against real servers with a certificate of a local authority."""

from __future__ import annotations

import contextlib
import io
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path

import pytest

import boxer
from boxer import Network
from tests.boxes.conftest import Boxer
from tests.certificates import Authority, authority
from tests.debian import environment, started, unpacked
from tests.ports import free_port

pytestmark = [pytest.mark.base, pytest.mark.network]

HOST = "host.boxer.internal"
PROGRAMS = Path(__file__).parent / "network" / "tls"
CLIENTS = "requests httpx[http2] aiohttp urllib3 websockets grpclib protobuf boto3 redis truststore"
DOCKERFILE = f"""FROM python:3.13-slim
RUN pip install {CLIENTS} aiosmtpd
COPY *.pem *.key /certs/
ENV SSL_CERT_FILE=/certs/ca.pem REQUESTS_CA_BUNDLE=/certs/ca.pem
CMD ["python", "-c", "import aiohttp, h2, redis"]
"""
NGINX = """
user root; daemon off; pid {folder}/pid; error_log {folder}/error; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_max_body_size 10m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port} ssl http2;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {server}.pem; ssl_certificate_key {server}.key;
    ssl_client_certificate {root}; ssl_verify_client optional;
    location / {{ return 200 "$server_protocol $ssl_protocol $ssl_client_s_dn"; }} }}
}}
"""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = authority(tmp_path_factory.mktemp("tls"))
    made.issue("server", f"DNS:{HOST}")
    made.issue("local", "DNS:localhost")
    made.issue("client", "DNS:client")
    made.lock("client", "locked", "secret")
    return made


@pytest.fixture(scope="module")
def box(boxer: Boxer, tls: Authority) -> boxer.Box:
    (tls.folder / "Dockerfile").write_text(DOCKERFILE)
    made = boxer("build", "-q", "-o", tls.folder / "box.wasm", tls.folder)
    assert made.returncode == 0, made.stderr
    return _loaded(tls.folder / "box.wasm")


def _loaded(path: Path) -> boxer.Box:
    return boxer.load(path)


def printed(box: boxer.Box, program: str, *ports: int) -> list[str]:
    result = box.run(
        ["python", "-c", (PROGRAMS / f"{program}.py").read_text(), *map(str, ports)],
        network=Network(allow=[f"{HOST}:{port}" for port in ports]),
        limits=boxer.Limits(time=100),
    )
    assert result.exit_code == 0, result.stderr.decode()
    return result.stdout.decode().splitlines()


def test_clients_of_https(box: boxer.Box, tls: Authority, tmp_path: Path) -> None:
    nginx = unpacked("nginx", "libpcre2-8-0")
    port = free_port()
    server, root = tls.folder / "server", tls.root
    text = NGINX.format(folder=tmp_path, port=port, server=server, root=root)
    (tmp_path / "nginx.conf").write_text(text)
    words = [nginx / "usr/sbin/nginx", "-c", tmp_path / "nginx.conf", "-p", tmp_path]
    with started([*words, "-e", tmp_path / "error"], port, environment(nginx)):
        lines = printed(box, "https", port)
    plain, second = "HTTP/1.1 TLSv1.3", "HTTP/2.0 TLSv1.3"
    assert lines == [
        f"urllib {plain}",
        f"requests {plain}",
        f"requests with a certificate {plain} CN=client",
        "refused True",
        "its own loopback ConnectionError",
        "session {200}",
        f"urllib3 {plain}",
        f"truststore {plain}",
        f"httpx {second} CN=client",
        "httpx at once {('HTTP/2', 200)}",
        f"aiohttp {plain}",
        "posted 200",
        "TLSv1.2 ECDHE",
    ]


def whole(stream: BufferedIOBase) -> bytes:
    """What came in chunks (RFC 9112, 7.1), which S3's clients do within each other."""
    parts = []
    while size := int(stream.readline().partition(b";")[0], 16):
        parts.append(stream.read(size))
        stream.readline()
    while stream.readline().strip():
        pass  # trailers
    return b"".join(parts)


class Bucket(BaseHTTPRequestHandler):
    """What a client of S3 asks for first, of what it has put."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def do_PUT(self) -> None:
        self.objects[self.path.partition("?")[0]] = self._body()
        self._answer(200, b"")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = whole(self.rfile)
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = "aws-chunked" in self.headers.get("Content-Encoding", "")
        return whole(io.BytesIO(body)) if signed else body

    def do_GET(self) -> None:
        data = self.objects.get(self.path.partition("?")[0])
        if data is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._answer(200, data)

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def bucket(tls: Authority) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.folder / "server.pem", tls.folder / "server.key")
    handler = type("Own", (Bucket,), {"objects": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_redis_and_s3(box: boxer.Box, tls: Authority, tmp_path: Path) -> None:
    packages = ("redis-server", "redis-tools", "libjemalloc2", "liblzf1", "libatomic1")
    redis = unpacked(*packages)
    port, server = free_port(), tls.folder / "server"
    words: list[object] = [redis / "usr/bin/redis-server", "--port", 0, "--tls-port", port]
    words += ["--bind", "127.0.0.1", "--save", "", "--dir", tmp_path, "--tls-auth-clients", "no"]
    words += ["--tls-cert-file", f"{server}.pem", "--tls-key-file", f"{server}.key"]
    words += ["--tls-ca-cert-file", tls.root]
    with started(words, port, environment(redis)), bucket(tls) as s3:
        lines = printed(box, "redis_and_s3", port, s3)
    assert lines == ["True True b", "500", "1 hello", "True", "True", "True", "NoSuchKey"]


def test_both_ends_in_the_box(box: boxer.Box) -> None:
    assert printed(box, "own") == [
        "SMTPSenderRefused",
        "letter hello text",
        "TLSv1.3",
        "cba",
        "1000000",
        "hello 19",
        str(sum(range(1000))),
    ]
