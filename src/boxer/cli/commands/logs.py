"""`boxer logs`: what a detached box has written."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from boxer.errors import ServiceOptionError

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "logs", help="show what a detached box has written", allow_abbrev=False
    )
    parser.add_argument(
        "-f", "--follow", action="store_true", help="go on with what it writes, until it ends"
    )
    parser.add_argument("-n", "--tail", default="all", metavar="N", help="the last lines only")
    parser.add_argument("-t", "--timestamps", action="store_true", help="when each was written")
    parser.add_argument("service", metavar="SERVICE")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.services import ServiceStore, read_log

    service = ServiceStore().get(options.service)
    goes_on = service.is_watched if options.follow else lambda: False
    streams = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}
    in_line = set[str]()
    for entry in read_log(service.folder, _tail(options.tail), goes_on):
        stream = streams.get(entry.stream, sys.stdout.buffer)
        if options.timestamps and entry.stream not in in_line:
            stream.write(entry.stamp + b" ")
        stream.write(entry.text)
        stream.flush()
        (in_line.discard if entry.text.endswith(b"\n") else in_line.add)(entry.stream)
    return 0


def _tail(text: str) -> int | None:
    if text == "all" or text.startswith("-"):
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise ServiceOptionError(f"`--tail {text}` is no number.", hint="--tail 100, or all")
    return int(text)
