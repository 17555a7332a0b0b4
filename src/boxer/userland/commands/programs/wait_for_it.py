#!/usr/bin/env python3
"""wait-for-it: waits until a port takes connections, and becomes the command behind `--` then."""

import argparse
import os
import socket
import sys
import time

words, command = sys.argv[1:], []
if "--" in words:
    at = words.index("--")
    words, command = words[:at], words[at + 1 :]
parser = argparse.ArgumentParser(prog="wait-for-it", add_help=False)
parser.add_argument("place", nargs="?", default="")
parser.add_argument("-h", "--host", default="")
parser.add_argument("-p", "--port", default="")
parser.add_argument("-t", "--timeout", type=float, default=15)  # seconds; 0: without end
parser.add_argument("-q", "--quiet", action="store_true")
parser.add_argument("-s", "--strict", action="store_true")  # no command where nothing was there
options = parser.parse_args(words)
host, _, port = options.place.rpartition(":")
host, port = options.host or host, options.port or port
if not host or not port.isdecimal():
    sys.exit("wait-for-it: you need to provide a host and port to test.")
place = f"{host}:{port}"


def say(text: str) -> None:
    if not options.quiet:
        print(f"wait-for-it: {text}", file=sys.stderr, flush=True)


def is_there() -> bool:
    try:
        socket.create_connection((host, int(port)), timeout=options.timeout or None).close()
    except OSError:
        return False
    return True


began, there = time.monotonic(), False
say(
    f"waiting {options.timeout:g} seconds for {place}"
    if options.timeout
    else f"waiting for {place}"
)
while not (there := is_there()):
    if options.timeout and time.monotonic() - began >= options.timeout:
        break
    time.sleep(1)
seconds = time.monotonic() - began
say(
    f"{place} is available after {seconds:.0f} seconds"
    if there
    else f"timeout occurred after waiting {seconds:.0f} seconds for {place}"
)
if command and (there or not options.strict):
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
sys.exit(0 if there else 1)
