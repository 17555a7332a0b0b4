"""granian instead of uvicorn: HTTP/2, too.

Belongs here: what of a service granian is told. It is not installed with Boxer itself.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.errors import ServeError

if TYPE_CHECKING:
    from boxer.serving.server import Service

# Of a request, as with uvicorn (`bounded`); granian's own bound is 16 MiB.
MOST_HEAD = 64 << 10
# At once in each worker: beyond granian's own 1,024, who says nothing kept all others out.
CONNECTIONS = 1 << 14


def serve(service: Service) -> None:
    """Until it is told to end. Raises `ServeError`."""
    try:
        from granian import Granian
        from granian.constants import HTTPModes, Interfaces
        from granian.http import HTTP2Settings
    except ImportError:
        raise ServeError(
            "`--host-lib granian` needs the package granian, which is not installed.",
            hint="pip install granian",
        ) from None
    if service.isolation == "connection":
        raise ServeError("--isolation connection takes uvicorn: granian tells of no connections.")
    from boxer.serving.server import GRACE, VARIABLE

    os.environ[VARIABLE] = json.dumps(asdict(service))
    Granian(
        target="boxer.serving.server:worker",
        factory=True,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto,
        address=service.host,
        port=service.port,
        workers=service.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE,
        backpressure=CONNECTIONS,
        http2_settings=HTTP2Settings(max_headers_size=MOST_HEAD),
        log_access=service.access_log,
        ssl_cert=Path(service.certificate) if service.certificate else None,
        ssl_key=Path(service.key) if service.key else None,
    ).serve()
