"""HTTP in front of boxes: every request meets a fresh machine."""

from typing import TYPE_CHECKING

from boxer.lazy import load_lazily

if TYPE_CHECKING:
    from boxer.serving.application import Application, asgi
    from boxer.serving.command import application_of, is_script
    from boxer.serving.gateway import wsgi
    from boxer.serving.keeping import key_of_start, known_start
    from boxer.serving.reloading import serve_again
    from boxer.serving.server import Service, serve

__all__ = [
    "Application",
    "Service",
    "application_of",
    "asgi",
    "is_script",
    "key_of_start",
    "known_start",
    "serve",
    "serve_again",
    "wsgi",
]

_HOMES = {
    "application": ("Application", "asgi"),
    "command": ("application_of", "is_script"),
    "gateway": ("wsgi",),
    "keeping": ("key_of_start", "known_start"),
    "reloading": ("serve_again",),
    "server": ("Service", "serve"),
}

__getattr__, __dir__ = load_lazily(__name__, _HOMES)
