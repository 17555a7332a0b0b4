"""The HTTP server in front of a box: uvicorn, or granian, in one process or several.

Belongs here: what of a service the server is told. Does not: what a request becomes
(`application`). uvicorn is not installed with Boxer itself: `pip install 'boxer[serve]'`.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from boxer.errors import BoxerError, ServeError
from boxer.library import load
from boxer.runtime import Frozen, Limits, Mount, Network, Pool, Stream, require_port
from boxer.serving import granian, metrics
from boxer.serving.application import LONGEST, MOST_BODY, Application
from boxer.serving.keeping import image_of_start, keeper, key_of_now
from boxer.serving.log import logger
from boxer.serving.machines import Machines, One, PerConnection
from boxer.serving.ownimage import prepare_own
from boxer.serving.served import MODULE, Served, rehearsal_of
from boxer.serving.sessions import Sessions

if TYPE_CHECKING:
    from boxer.serving.forwarding import Forwarder

# What the processes of a service are told.
VARIABLE = "BOXER_SERVICE"
GRACE = 30  # seconds that requests under way have when the service is to end
# Seconds in which a worker is ready, and answers its supervisor, or is ended: uvicorn's 5 end good
# ones on a busy machine.
READY = 120
PING = 20.0  # seconds between pings of a WebSocket, and that an answer may take
# Requests of machines that live on: what each takes is memory in its own.
MOST_AT_ONCE = 1 << 12
ISOLATIONS = ("request", "connection", "session", "none")


@dataclass(frozen=True, slots=True)
class Service:
    """box: a file or a name. app: `module:object`; none: the box's command is a server of its own,
    which listens on box_port, 0: the first that it listens on. may_be_own: it is where there
    turns out to be no such application. rehearsed: of a server of the box's own the application
    whose requests are rehearsed. machines: that run at once in each worker, and are awake. streams:
    answers that are streamed, and WebSockets, beside them. isolation: request,
    connection, session or none. session_header: instead of a cookie. sessions, session_idle: how
    many, and for how many seconds without a request. limits, network, mounts: of each request.
    longest: seconds that a stream lasts. certificate, key: PEM files, for HTTPS. body_bytes: of a
    request. metrics: the path of the figures, or nothing; metrics_folder: for those of several
    workers. host_lib: uvicorn or granian. image_key: of the image that is kept for the next start,
    or nothing (`key_of_start`)."""

    box: str
    app: str = ""
    may_be_own: bool = False
    rehearsed: str = ""
    box_port: int = 0
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    machines: int = 16
    streams: int = 256
    isolation: str = "request"
    session_header: str | None = None
    sessions: int = 1000
    session_idle: float = 1800.0
    limits: Limits = field(default_factory=lambda: Limits(time=30.0))
    env: dict[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    mounts: tuple[tuple[str, str, bool], ...] = ()
    longest: float | None = LONGEST
    rehearse: tuple[str, ...] = ("GET /",)
    keep_rehearsals: bool = False
    body_bytes: int = MOST_BODY
    development: bool = False
    access_log: bool = True
    metrics: str = ""
    metrics_folder: str = ""
    host_lib: str = "uvicorn"
    certificate: str | None = None
    key: str | None = None
    image_key: str = ""


def serve(service: Service) -> None:
    """Serves until it is told to end (SIGTERM, SIGINT). Raises `ServeError`, `PortTakenError`."""
    _check(service)
    require_port(service.host, service.port)
    if service.workers > 1 and service.metrics and not service.metrics_folder:
        with tempfile.TemporaryDirectory(prefix="boxer-metrics-") as folder:
            serve(replace(service, metrics_folder=folder))
        return
    if not service.app and service.isolation == "connection":
        _serve_connections(service)
        return
    if service.host_lib == "granian":
        granian.serve(service)
        return
    with ThreadPoolExecutor(1) as other:  # imports and sums take as long as each other
        kept = other.submit(image_of_start, service.image_key, service.box)
        uvicorn = _uvicorn()
        from boxer.serving.bounded import BoundedProtocol

    options: dict[str, Any] = {
        "host": service.host,
        "port": service.port,
        "http": BoundedProtocol,
        # uvloop's takes a few microseconds less of a request, and serves 64 connections unfairly:
        # the slowest of a hundred requests waited ten times as long.
        "loop": "asyncio",
        "ws_ping_interval": PING,
        "ws_ping_timeout": PING,
        "ws": "websockets-sansio",
        "ws_max_size": service.body_bytes,
        "lifespan": "on",
        "log_level": "info",
        "access_log": service.access_log,
        "server_header": False,
        "date_header": bool(service.app),  # else the box's own server says it
        "timeout_graceful_shutdown": GRACE,
        "ssl_certfile": service.certificate,
        "ssl_keyfile": service.key,
    }
    if service.isolation == "connection":
        from boxer.serving.connections import ConnectionProtocol

        options["http"] = ConnectionProtocol
    elif service.app and service.isolation == "request":
        from boxer.serving.protocol import Protocol

        options["http"] = Protocol
    try:
        application = open_service(
            service, kept.result()
        )  # what is wrong is said once, not by each worker
    except ServeError as error:
        if not service.may_be_own:
            raise
        logger.info("%s Its server is run as it is.", error)
        serve(replace(service, app="", may_be_own=False, image_key=""))
        return
    if service.workers == 1:
        server = uvicorn.Server(uvicorn.Config(application, **options))
        try:
            server.run()
        except SystemExit:  # uvicorn's
            if server.started:
                raise
        if not server.started:
            raise _failure_of(application) or ServeError(
                f"{service.host}:{service.port} cannot be listened on."
            )
        return
    os.environ[VARIABLE] = json.dumps(asdict(service))
    here = f"{__name__}:worker"
    uvicorn.run(
        here, factory=True, workers=service.workers, timeout_worker_healthcheck=READY, **options
    )


def _failure_of(application: Application | Forwarder) -> BoxerError | None:
    return None if isinstance(application, Application) else application.failure


def told_service() -> Service:
    """What a process of a service was told."""
    told = json.loads(os.environ[VARIABLE])
    for name in ("rehearse", "mounts"):
        told[name] = tuple(told[name])
    limits, network = Limits(**told.pop("limits")), Network(**told.pop("network"))
    return Service(limits=limits, network=network, **told)


def worker() -> Application | Forwarder:
    """The application of one process of several."""
    return open_service(told_service())


def _serve_connections(service: Service) -> None:
    """The box's own server has the connections as they come."""
    from boxer.serving.standing import Ear, Supervisor, told_by_signals

    _prepare_own(service)
    family = socket.AF_INET6 if ":" in service.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((service.host, service.port))
        except OSError as error:
            raise ServeError(
                f"{service.host}:{service.port} cannot be listened on: {error.strerror}."
            ) from None
        listener.setblocking(False)
        host, port = listener.getsockname()[:2]
        place = f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}"

        def tell() -> None:
            print(f"INFO:     Serving on http://{place} (Press CTRL+C to quit)", file=sys.stderr)

        told = {VARIABLE: json.dumps(asdict(service))}
        supervisor = Supervisor(
            listener, service.workers, told, GRACE, lambda: _prepare_own(service)
        )
        with Ear() as ear, told_by_signals(supervisor, ear):
            ear.on_ready = tell
            supervisor.run(ear)


def _prepare_own(service: Service) -> None:
    prepare_own(service.box, service.image_key, service.rehearsed, service.rehearse, service.limits)


def _forwarder(service: Service) -> Forwarder:
    """The box's own server has each request in a connection by itself."""
    from boxer.serving.forwarding import Forwarder
    from boxer.serving.standing import Supervisor

    _prepare_own(service)
    told = {VARIABLE: json.dumps(asdict(service))}
    return Forwarder(
        lambda listener: Supervisor(listener, 1, told, GRACE),
        machines=service.machines,
        streams=service.streams,
        most=service.body_bytes,
        first=service.limits.time,
        longest=service.longest,
        metrics=service.metrics,
        metrics_folder=service.metrics_folder,
    )


def open_service(service: Service, image: Frozen | None = None) -> Application | Forwarder:
    """Loads the box and starts its application. image: that is kept of an earlier start, if it was
    looked for. Raises `ServeError`, and what `load` raises."""
    if not service.app:
        return _forwarder(service)
    served = _served(service, image or image_of_start(service.image_key, service.box))
    return Application(
        served,
        service.body_bytes,
        streams=service.streams,
        at_once=service.machines if service.isolation == "request" else MOST_AT_ONCE,
        longest=service.longest,
        machines=_machines(service, served),
        metrics=service.metrics,
        metrics_folder=service.metrics_folder,
    )


def _served(service: Service, image: Frozen | None) -> Served:
    if image is not None:
        pool = Pool(image, prepared_images={MODULE: image}, **_of_pool(service))
        return Served(pool, service.app, development=service.development, used_to=service.rehearse)
    key = key_of_now(service.image_key, service.box)
    pool = load(service.box).pool(**_of_pool(service))
    is_sure = not service.may_be_own
    keep = keeper(key, service.box, service.app, is_sure, service.rehearse)
    return Served(
        pool, service.app, service.rehearse, service.development, keep, service.keep_rehearsals
    )


def _of_pool(service: Service) -> dict[str, Any]:
    return {
        "size": service.machines + (service.streams if service.isolation == "request" else 0),
        "limits": service.limits,
        "env": service.env,
        "output": Stream.INHERIT,
        "network": service.network,
        "mounts": [Mount(*told) for told in service.mounts],
    }


def _machines(service: Service, served: Served) -> Machines | None:
    if service.isolation == "request":
        return None
    if not served.pool.can_talk:
        raise ServeError(f"--isolation {service.isolation} takes Boxer's native library.")
    served.keep_alive()
    if service.isolation == "none":
        return One(served)
    if service.isolation == "connection":
        return PerConnection(served, service.machines)
    return Sessions(
        served,
        most=service.sessions,
        awake=service.machines,
        idle=service.session_idle,
        header=service.session_header,
    )


def _check(service: Service) -> None:
    for text in service.rehearse:
        rehearsal_of(text)
    if service.isolation not in ISOLATIONS:
        raise ServeError(
            f"--isolation {service.isolation}: there is no such one.", hint=", ".join(ISOLATIONS)
        )
    if service.workers > 1 and service.isolation in ("session", "none"):
        raise ServeError(
            f"--isolation {service.isolation} takes one worker: a process cannot reach the machines"
            " of another one.",
            hint="Leave --workers out: one worker's machines run on all processors.",
        )
    if service.metrics:
        metrics.check()
    if not service.app:
        _check_own(service)


def _check_own(service: Service) -> None:
    if service.isolation not in ("request", "connection"):
        raise ServeError(
            f"--isolation {service.isolation}: a box whose command is a server of its own begins"
            " anew for each request or connection.",
            hint="One machine for all is `boxer run -p`.",
        )
    if service.metrics and service.isolation == "connection":
        raise ServeError(
            "--metrics: with --isolation connection nobody is in front of the box's own server who"
            " counts.",
            hint="Leave --isolation out.",
        )
    if service.mounts:
        raise ServeError(
            "-v: a server that begins anew for each connection has no volumes.",
            hint="One that goes on has them: boxer run -p PORT:PORT -v .. BOX",
        )
    if service.certificate and service.isolation == "connection":
        raise ServeError(
            "--tls-cert: with --isolation connection the box's own server has the connection.",
            hint="Leave --isolation out, or have the server in the box do TLS.",
        )


def _uvicorn() -> ModuleType:
    try:
        import httptools  # noqa: F401 - uvicorn's parser
        import uvicorn
        import websockets  # noqa: F401
    except ImportError as error:
        raise ServeError(
            f"`boxer serve` needs the package {error.name}, which is not installed.",
            hint="pip install 'boxer[serve]'",
        ) from None
    return uvicorn
