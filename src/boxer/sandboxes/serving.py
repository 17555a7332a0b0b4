"""The servers of sandboxes: uvicorn, in one process, since sandboxes live in it.

Belongs here: what is loaded and listened on. Does not: what requests mean (`application`).
starlette and uvicorn are not installed with Boxer itself: `pip install 'boxer[e2b]'`.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from boxer.errors import ServeError
from boxer.library import Template, load
from boxer.runtime import require_port
from boxer.sandboxes.manager import Sandboxes, Settings

GRACE = 5  # seconds that requests under way have when the service is to end


@dataclass(frozen=True, slots=True)
class E2bService:
    """boxes: NAME=BOX or BOX, each a template; the first one is `default`, too. cells: run once
    in each template. key: what clients must know."""

    boxes: Sequence[str]
    key: str
    host: str = "127.0.0.1"
    port: int = 3000
    cells: Sequence[str] = ()
    settings: Settings = field(default_factory=Settings)
    access_log: bool = False
    certificate: str | None = None
    certificate_key: str | None = None


def serve_e2b(service: E2bService, began: Callable[[int], None] = lambda port: None) -> None:
    """Serves until it is told to end (SIGTERM, SIGINT). began: called with the port once it is
    listened on. Raises `ServeError`, and what `load` raises."""
    uvicorn = needed("uvicorn", "boxer[e2b]", "boxer serve --e2b")
    for name in ("starlette", "httptools", "python_multipart"):
        needed(name, "boxer[e2b]", "boxer serve --e2b")
    from boxer.sandboxes.application import e2b_application

    have_descriptors()
    sandboxes = open_sandboxes(service.boxes, service.cells, service.settings)
    try:
        config = uvicorn.Config(
            e2b_application(sandboxes, service.key),
            host=service.host,
            port=service.port,
            http="httptools",
            ws="none",
            lifespan="off",
            log_level="info",
            access_log=service.access_log,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
            ssl_certfile=service.certificate,
            ssl_keyfile=service.certificate_key,
        )
        run_server(uvicorn, config, began)
    finally:
        sandboxes.close()


def have_descriptors() -> None:
    """Each sandbox takes some: as many as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        if soft != hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run_server(
    uvicorn: ModuleType, config: Any, began: Callable[[int], None] = lambda port: None
) -> None:
    """began: as of `serve_e2b`. Raises `PortTakenError`, `ServeError`."""
    require_port(config.host, config.port)
    server = uvicorn.Server(config)
    start_up = server.startup

    async def startup(sockets: Any = None) -> None:
        await start_up(sockets)
        if server.started:
            began(server.servers[0].sockets[0].getsockname()[1])

    server.startup = startup
    host, port = config.host, config.port
    try:
        server.run()
    except SystemExit:  # uvicorn's, where it cannot listen
        raise ServeError(f"{host}:{port} cannot be listened on.") from None
    if not server.started:
        raise ServeError(f"{host}:{port} cannot be listened on.")


def open_sandboxes(boxes: Sequence[str], cells: Sequence[str], settings: Settings) -> Sandboxes:
    """Loads boxes and makes their templates. Raises what `load` raises, `GuestError` of a cell."""
    templates: dict[str, Template] = {}
    for text in boxes:
        name, equals, box = text.partition("=")
        path = box if equals else text
        made = load(path).template(*cells, limits=settings.limits, env=settings.env)
        templates.setdefault("default", made)
        templates[name if equals else Path(path).name] = made
    return Sandboxes(templates, settings)


def needed(module: str, install: str, what: str) -> Any:
    """A module that is not Boxer's. install: what pip installs that has it. Raises `ServeError`
    with that line."""
    try:
        return import_module(module)
    except ImportError as error:
        is_missing = error.name == module.partition(".")[0]
        why = "is not installed" if is_missing else f"cannot be imported: {error}"
        raise ServeError(
            f"`{what}` needs the module {module}, which {why}.",
            hint=f"pip install {install!r}" if is_missing else f"pip install -U {install!r}",
        ) from None
