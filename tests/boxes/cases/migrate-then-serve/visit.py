"""visit.py PORT PROGRAM [ARGUMENT...]: starts a server, visits it from a timer, and ends it."""

import os
import runpy
import signal
import socket
import sys
from importlib.metadata import entry_points

visits = []


def visit(*_):
    if not visits:
        there = socket.socket()
        try:
            there.connect(("127.0.0.1", port))
        except OSError:
            return
        there.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        there.setblocking(False)
        visits.append((there, []))
        return
    there, parts = visits[0]
    try:
        while part := there.recv(65536):
            parts.append(part)
    except BlockingIOError:
        return
    head, _, body = b"".join(parts).decode().partition("\r\n\r\n")
    print(head.splitlines()[0])
    print(body if len(body) < 100 else "<title>" in body, flush=True)
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":  # a worker that is spawned imports this, too
    port = int(sys.argv[1])
    sys.argv = sys.argv[2:]
    sys.path.insert(0, os.getcwd())
    signal.signal(signal.SIGALRM, visit)
    signal.setitimer(signal.ITIMER_REAL, 0.2, 0.05)
    if sys.argv[0].endswith(".py"):
        runpy.run_path(sys.argv[0], run_name="__main__")
    else:
        [script] = entry_points(group="console_scripts", name=sys.argv[0])
        sys.exit(script.load()())
