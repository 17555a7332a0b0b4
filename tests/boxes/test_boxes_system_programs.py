"""Programs that system packages bring: curl of the base's SDK, and nc of its tools."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.certificates import authority

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]

SERVER = r"""
import http.server, os, ssl, subprocess, sys, threading
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/here")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        found = self.path == "/here"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello" if found else b"lost\n")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])
    def log_message(self, *_): pass
def serve(port, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Echo)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
serve(8000)
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    serve(8443, context)
done = subprocess.run(["sh", "-e", "/script.sh"])
sys.exit(done.returncode)
"""
SCRIPT = r"""
curl -s http://localhost:8000/here; echo
curl -sL -o /tmp/got -w '%{http_code} %{num_redirects}\n' http://127.0.0.1:8000/moved
cat /tmp/got; echo
curl -sf http://localhost:8000/none || echo "failed: $?"
curl -s -d abc http://localhost:8000/post; echo
printf 'url = "http://localhost:8000/here"\nsilent\n' | curl -K -; echo
curl -s http://localhost:1/ || echo "refused: $?"
curl -s http://nowhere.invalid/ || echo "unknown: $?"
curl -s file:///script.sh | head -n 2 | wc -l
for path in here moved none; do
    curl -s -o /dev/null -w "%{http_code}\n" http://localhost:8000/$path
done
nc -z localhost 8000 && echo open
nc -z localhost 1 || echo closed
nc -zv localhost 8000 2>&1
nc -w 1 -zv 127.0.0.1 1 2>&1 || echo "status $?"
printf 'GET /here HTTP/1.0\r\n\r\n' | nc localhost 8000 | tail -n 1; echo
nc -l -p 9000 > /tmp/heard & until echo sent | nc -N localhost 9000 2> /dev/null; do :; done; wait
cat /tmp/heard
which curl nc netcat
"""
SEEN = """hello
200 1
hello
failed: 22
cba
hello
refused: 7
unknown: 6
2
200
302
404
open
closed
Connection to localhost 8000 port succeeded!
nc: connect: Connection refused
status 1
hello
sent
/usr/bin/curl
/usr/bin/nc
/usr/bin/netcat
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("system")
    (folder / "server.py").write_text(SERVER)
    (folder / "script.sh").write_text(SCRIPT)
    (folder / "Dockerfile").write_text(
        "FROM python:3.13-slim\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends curl netcat-openbsd\n"
        "COPY server.py script.sh /\n"
        'CMD ["python", "/server.py"]\n'
    )
    return folder


@pytest.fixture(scope="module")
def box(boxer: Boxer, folder: Path) -> Path:
    built = boxer("build", "-o", folder / "system.wasm", folder)
    assert built.returncode == 0, built.stderr
    assert "not installed" not in built.stderr
    return folder / "system.wasm"


def test_curl_and_nc_do_their_work(boxer: Boxer, box: Path) -> None:
    done = boxer("run", box)
    assert (done.returncode, done.stdout) == (0, SEEN), done.stderr


def test_curl_believes_no_certificate_it_does_not_know(
    boxer: Boxer, box: Path, tmp_path: Path
) -> None:
    certificate, key = authority(tmp_path).issue("own", "DNS:localhost")
    (tmp_path / "both.pem").write_text(key.read_text() + certificate.read_text())
    (tmp_path / "script.sh").write_text(
        "curl -s https://localhost:8443/here || echo $?\n"
        "curl -s --cacert /keys/ca.pem https://localhost:8443/here; echo\n"
        "curl -sk https://127.0.0.1:8443/here; echo\n"
        "SSL_CERT_FILE=/keys/ca.pem curl -s https://localhost:8443/here; echo\n"
        "curl -s --cacert /keys/ca.pem https://127.0.0.1:8443/here || echo $?\n"
    )
    done = boxer(
        *("run", "-v", f"{tmp_path}:/keys:ro", "-v", f"{tmp_path}/script.sh:/script.sh:ro", box),
        *("python", "/server.py", "/keys/both.pem"),
    )
    assert (done.returncode, done.stdout) == (0, "60\nhello\nhello\nhello\n60\n"), done.stderr


def test_what_is_purged_again_is_not_there(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13-slim\n"
        "RUN apt-get update && apt-get install -y curl\n"
        "RUN apt-get purge -y curl\n"
        "HEALTHCHECK CMD curl -f http://localhost/\n"
        'CMD ["sh", "-c", "command -v curl || echo no"]\n'
    )
    built = boxer("build", "-o", tmp_path / "no.wasm", tmp_path)
    assert "HEALTHCHECK calls `curl`, which is not in the box" in built.stderr
    assert boxer("run", tmp_path / "no.wasm").stdout == "no\n"
    assert "curl" not in boxer("inspect", "--licenses", tmp_path / "no.wasm").stdout


def test_an_image_with_tools_has_the_curl_its_health_check_calls(
    boxer: Boxer, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\n"
        "HEALTHCHECK CMD curl -f http://localhost/ || exit 1\n"
        'CMD ["sh", "-c", "command -v curl"]\n'
    )
    built = boxer("build", "-o", tmp_path / "whole.wasm", tmp_path)
    assert "HEALTHCHECK calls" not in built.stderr
    assert boxer("run", tmp_path / "whole.wasm").stdout == "/usr/bin/curl\n"
    assert "curl" in boxer("inspect", "--licenses", tmp_path / "whole.wasm").stdout
