"""The HTTP server in front of a box: uvicorn, in one process or several.

Belongs here: what of a service the server is told. Does not: what a request becomes
(`application`). uvicorn is not installed with Boxer itself: `pip install 'boxer[serve]'`.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from types import ModuleType
from typing import Any

from boxer.errors import ServeError
from boxer.library import load
from boxer.runtime import Limits, Network, Pool, Stream
from boxer.serving.application import MOST_BODY, Application, asgi

# What the processes of a service are told.
VARIABLE = "BOXER_SERVICE"
GRACE = 30  # seconds that requests under way have when the service is to end


@dataclass(frozen=True, slots=True)
class Service:
    """box: a file or a name. app: `module:object`. machines: that run at once in each worker.
    limits, network: of each request. certificate, key: PEM files, for HTTPS. body_bytes: of a
    request."""

    box: str
    app: str
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    machines: int = 16
    limits: Limits = field(default_factory=lambda: Limits(time=30.0))
    env: dict[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    rehearse: tuple[str, ...] = ("GET /",)
    body_bytes: int = MOST_BODY
    development: bool = False
    access_log: bool = True
    certificate: str | None = None
    key: str | None = None


def serve(service: Service) -> None:
    """Serves until it is told to end (SIGTERM, SIGINT). Raises `ServeError`."""
    uvicorn = _uvicorn()
    options: dict[str, Any] = {
        "host": service.host,
        "port": service.port,
        "http": "httptools",
        "ws": "websockets-sansio",
        "ws_max_size": service.body_bytes,
        "lifespan": "on",
        "log_level": "info",
        "access_log": service.access_log,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE,
        "ssl_certfile": service.certificate,
        "ssl_keyfile": service.key,
    }
    application = open_service(service)  # what is wrong is said once, not by each worker
    if service.workers == 1:
        server = uvicorn.Server(uvicorn.Config(application, **options))
        server.run()
        if not server.started:
            raise ServeError(f"{service.host}:{service.port} cannot be listened on.")
        return
    os.environ[VARIABLE] = json.dumps(asdict(service))
    here = f"{__name__}:worker"
    uvicorn.run(here, factory=True, workers=service.workers, **options)


def worker() -> Application:
    """The application of one process of several."""
    told = json.loads(os.environ[VARIABLE])
    limits, network = Limits(**told.pop("limits")), Network(**told.pop("network"))
    return open_service(Service(limits=limits, network=network, **told))


def open_service(service: Service) -> Application:
    """Loads the box and starts its application. Raises `ServeError`, and what `load` raises."""
    pool: Pool = load(service.box).pool(
        service.machines,
        limits=service.limits,
        env=service.env,
        output=Stream.INHERIT,
        network=service.network,
    )
    return asgi(
        pool,
        service.app,
        rehearse=service.rehearse,
        body_bytes=service.body_bytes,
        development=service.development,
    )


def _uvicorn() -> ModuleType:
    try:
        import httptools  # noqa: F401 - uvicorn's parser
        import uvicorn
    except ImportError as error:
        raise ServeError(
            f"`boxer serve` needs the package {error.name}, which is not installed.",
            hint="pip install 'boxer[serve]'",
        ) from None
    return uvicorn
