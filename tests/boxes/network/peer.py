"""What boxes of a network do: `peer.py echo PORT` serves; `peer.py ask NAME PORT...` asks each server for a line."""

import socket
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(1 << 16):
            self.request.sendall(data)


class Line(socketserver.StreamRequestHandler):
    """The peer's address and what it said."""

    def handle(self):
        self.wfile.write(f"{self.client_address[0]} {self.rfile.readline().decode()}".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 5
    daemon_threads = True


def ask(name, port):
    try:
        with socket.create_connection((name, int(port)), 60) as client:
            client.sendall(b"hello\n")
            return client.makefile().readline().strip()
    except OSError as error:
        return type(error).__name__


if sys.argv[1] == "ask":
    for name, port in zip(sys.argv[2::2], sys.argv[3::2]):
        print(ask(name, port))
else:
    address = sys.argv[3] if len(sys.argv) > 3 else "0.0.0.0"
    server = Server((address, int(sys.argv[2])), {"echo": Echo, "line": Line}[sys.argv[1]])
    print("ready", flush=True)
    server.serve_forever()
