"""A server of the box's own, for test_serving_own_server.py: `python standing_server.py [threads]`.
It speaks HTTP/1.1 and keeps connections."""

import json
import os
import random
import secrets
import ssl
import sys
import tempfile
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

seen = []
started = time.time()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def state(self):
        seen.append(self.path)
        there = Path("/srv/left").exists()
        Path("/srv/left").touch()
        context = ssl.create_default_context()
        return {
            "seen": list(seen),
            "left": there,
            "random": random.random(),
            "secret": secrets.token_hex(),
            "openssl": ssl.RAND_bytes(8).hex(),
            "uuid": uuid.uuid4().hex,
            "name": next(tempfile._get_candidate_names()),
            "context": context.check_hostname,
            "time": time.time(),
            "age": time.time() - started,
            "client": self.client_address[0],
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "threads": threading.active_count(),
        }

    def answer(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        if self.path == "/crash":
            import ctypes

            ctypes.memset(0xFFFFFF00, 1, 64)
        elif self.path == "/exit":
            os._exit(3)
        elif self.path == "/spin":
            while True:
                pass
        elif self.path == "/stream":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number in range(3):
                self.wfile.write(b"2\r\n%d\n\r\n" % number)
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/late":
            time.sleep(0.3)
            self.answer(b"late")
        else:
            self.answer(json.dumps(self.state()).encode())

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *told):
        pass


kind = ThreadingHTTPServer if "threads" in sys.argv else HTTPServer
if __name__ == "__main__":
    kind(("127.0.0.1", 8000), Handler).serve_forever()
