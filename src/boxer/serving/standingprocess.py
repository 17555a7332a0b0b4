"""The process in which a box's own server stands and waits for connections.

`python -m boxer.serving.standingprocess CONTROL LISTENER FAMILY`, descriptors both; the service is
told by a variable, as to the workers of other services. Its copies (native/lives.c) end in C.

Invariant: it has one thread when the machine is entered, since a copy would have only that one.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

from boxer.errors import BoxerError
from boxer.runtime import TCP, Limits, Listener, Lives, Stream, open_network, run
from boxer.serving.ownimage import own_image
from boxer.serving.server import GRACE, Service, told_service


def main(control: int, listener: int, family: int) -> int:
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    service = told_service()
    doors = [Listener(listener, TCP, family, service.box_port)]
    whole = replace(service.limits, time=None, cpu=None, output=None)
    with open_network(service.network, doors) as network:
        result = run(
            own_image(service.box, service.image_key),
            env=service.env,
            stdin=Stream.INHERIT,
            stdout=Stream.INHERIT,
            stderr=Stream.INHERIT,
            limits=whole,
            network=network,
            lives=Lives(_most(service), control, GRACE, _silence(service), _of_each(service)),
        )
    if result.crash or result.limit:
        print(f"boxer: the box's server: {result.crash or result.limit}", file=sys.stderr)
    return result.exit_code


def _most(service: Service) -> int:
    """Who is in front bounds requests and WebSockets each by themselves."""
    return service.machines + (service.streams if service.isolation == "request" else 0)


def _silence(service: Service) -> float | None:
    """Nobody is in front who counts until an answer begins."""
    return service.limits.time if service.isolation == "connection" else None


def _of_each(service: Service) -> Limits:
    """Who is in front counts the time of a request; a connection lasts as a stream does."""
    return replace(service.limits, time=service.longest)


if __name__ == "__main__":
    for one in sys.argv[1:3]:
        os.set_inheritable(int(one), False)
    try:
        code = main(*map(int, sys.argv[1:4]))
    except BoxerError as error:
        print(f"boxer: {error}", file=sys.stderr)
        code = 125
    sys.exit(code)
