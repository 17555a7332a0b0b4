"""Real servers and clients on both sides of a box: Redis, PostgreSQL, nginx, a mail sink."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

import boxer
from boxer import Network
from tests.boxes.conftest import Boxer
from tests.debian import environment, started, unpacked
from tests.ports import free_port
from tests.postgres import postgres

pytestmark = [pytest.mark.base, pytest.mark.network]

HOST = "host.boxer.internal"
DOCKERFILE = """FROM python:3.13-slim
RUN pip install 'redis[hiredis]' pg8000 sqlalchemy requests
EXPOSE 8000
CMD ["python", "-m", "http.server", "8000"]
"""


@pytest.fixture(scope="module")
def box_file(boxer: Boxer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    made = boxer("build", "-q", "-o", folder / "box.wasm", folder)
    assert made.returncode == 0, made.stderr
    return folder / "box.wasm"


@pytest.fixture(scope="module")
def box(box_file: Path) -> boxer.Box:
    return boxer.load(box_file)


def printed(box: boxer.Box, program: str, *arguments: object, network: Network) -> list[str]:
    words = ["python", "-c", program, *map(str, arguments)]
    result = box.run(words, network=network, limits=boxer.Limits(time=100))
    assert result.exit_code == 0, result.stderr.decode()
    return result.stdout.decode().splitlines()


REDIS = """
import sys, threading, redis
from redis.utils import HIREDIS_AVAILABLE
assert HIREDIS_AVAILABLE
there = redis.Redis("host.boxer.internal", int(sys.argv[1]), decode_responses=True)
print(there.ping(), there.set("a", "1"), there.incr("a"))
with there.pipeline() as many:
    for number in range(500):
        many.rpush("list", number)
    print(many.execute()[-1])
big = "x" * 3_000_000
there.set("big", big)
print(there.get("big") == big)
heard = there.pubsub()
heard.subscribe("news")
threading.Timer(0.05, lambda: there.publish("news", "hello")).start()
print(*(message["data"] for _, message in zip(range(2), heard.listen())))
print(there.brpop("none", timeout=1))
"""


def test_redis(box: boxer.Box) -> None:
    packages = ["redis-server", "redis-tools", "libjemalloc2", "liblzf1", "libatomic1"]
    folder = unpacked(*packages)
    port = free_port()
    program = folder / "usr/bin/redis-check-rdb"  # redis-server is a link to it
    server = folder / "usr/bin/redis-server"
    words = [server if server.exists() else program, "--port", str(port), "--bind", "127.0.0.1"]
    with started([*words, "--save", "", "--appendonly", "no"], port, environment(folder)):
        lines = printed(box, REDIS, port, network=Network(allow=[f"{HOST}:{port}"]))
    assert lines == ["True True 2", "500", "True", "1 hello", "None"]


POSTGRES = """
import sys, pg8000.native, sqlalchemy
port = int(sys.argv[1])
with pg8000.native.Connection("postgres", "host.boxer.internal", "postgres", port, "pw") as there:
    there.run("create table t (a int, b text)")
    there.run("insert into t select n, repeat('x', n) from generate_series(1, 1000) n")
    print(there.run("select count(*), sum(length(b)) from t"))
engine = sqlalchemy.create_engine(
    f"postgresql+pg8000://postgres:pw@host.boxer.internal:{port}/postgres"
)
with engine.begin() as there:
    print(there.execute(sqlalchemy.text("select b from t where a = :a"), {"a": 3}).scalar())
"""


def test_postgresql(box: boxer.Box) -> None:
    with postgres() as port:
        lines = printed(box, POSTGRES, port, network=Network(allow=[f"{HOST}:{port}"]))
    assert lines == ["[[1000, 500500]]", "xxx"]


NGINX = """
user root; daemon off; pid {folder}/pid; error_log {folder}/error; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  client_max_body_size 10m;
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass http://127.0.0.1:{box}; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $remote_addr; }} }}
}}
"""
APP = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        text = f"{self.headers['X-Forwarded-For']} {len(body)} {self.client_address[0]}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *arguments): pass
server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
print("ready", flush=True)
server.serve_forever()
"""


def test_nginx_in_front_of_a_box(box_file: Path, tmp_path: Path) -> None:
    folder = unpacked("nginx", "libpcre2-8-0")
    inner, outer = free_port(), free_port()
    (tmp_path / "conf").write_text(NGINX.format(folder=tmp_path, port=outer, box=inner))
    command = [Path(sys.executable).with_name("boxer"), "run", "-p", f"{inner}:8000", box_file]
    with subprocess.Popen(
        [str(word) for word in (*command, "python", "-c", APP)], stdout=subprocess.PIPE, text=True
    ) as served:
        try:
            assert served.stdout is not None
            assert served.stdout.readline() == "ready\n"
            server = [folder / "usr/sbin/nginx", "-c", tmp_path / "conf", "-p", tmp_path]
            with started(server, outer, environment(folder)):
                for size in (0, 10, 5_000_000):
                    url = f"http://127.0.0.1:{outer}/"
                    with urllib.request.urlopen(url, data=b"x" * size, timeout=300) as answer:
                        assert answer.read().decode() == f"127.0.0.1 {size} 127.0.0.1"
        finally:
            served.terminate()


MAIL = """
import smtplib, sys
from email.message import EmailMessage
letter = EmailMessage()
letter["From"], letter["To"], letter["Subject"] = "a@box.example", "b@host.example", "hello"
letter.set_content("A line.\\n.\\nAnother one.")
with smtplib.SMTP("host.boxer.internal", int(sys.argv[1]), timeout=90) as there:
    there.send_message(letter)
print("sent")
"""


def test_a_letter_is_sent(box: boxer.Box) -> None:
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def sink() -> None:
            stream, _ = server.accept()
            with stream, stream.makefile("rb") as lines:
                stream.sendall(b"220 sink\r\n")
                for line in lines:
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        stream.sendall(b"354 go on\r\n")
                        got.extend(iter(lines.readline, b".\r\n"))
                    stream.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 sink\r\n")

        thread = threading.Thread(target=sink, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        assert printed(box, MAIL, port, network=Network(allow=[f"{HOST}:{port}"])) == ["sent"]
        thread.join(300)
    assert got[-3:] == [b"A line.\r\n", b"..\r\n", b"Another one.\r\n"]
