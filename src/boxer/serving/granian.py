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


def serve(service: Service) -> None:
    """Until it is told to end. Raises `ServeError`."""
    try:
        from granian import Granian
        from granian.constants import HTTPModes, Interfaces
    except ImportError:
        raise ServeError(
            "`--host-lib granian` needs the package granian, which is not installed.",
            hint="pip install granian",
        ) from None
    if service.isolation == "connection":
        raise ServeError("--isolation connection takes uvicorn: granian tells of no connections.")
    from boxer.serving.server import VARIABLE

    os.environ[VARIABLE] = json.dumps(asdict(service))
    Granian(
        target="boxer.serving.server:worker",
        factory=True,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto,
        address=service.host,
        port=service.port,
        workers=service.workers,
        log_access=service.access_log,
        ssl_cert=Path(service.certificate) if service.certificate else None,
        ssl_key=Path(service.key) if service.key else None,
    ).serve()
