"""Packages that count on a second process or on threads that take turns, made to work on one.

Belongs here: which modules are adjusted when a program imports them, by which function. Does not:
the adjustments. A package's files stay as they are; an adjustment that does not find what it looks
for (another version) leaves the module alone, and the program meets the refusals of
_boxer_processes and the threads' own.
"""

import importlib.machinery
import sys

# Module -> (module of ours, its function).
ADJUSTED = {
    "aiosqlite.core": ("_boxer_workers", "aiosqlite_in_the_loop"),
    "anyio._backends._asyncio": ("_boxer_portals", "run_workers_in_place"),
    "anyio.from_thread": ("_boxer_portals", "drive_portals"),
    "django.utils.autoreload": ("_boxer_servers", "django_without_reloader"),
    "gunicorn.arbiter": ("_boxer_servers", "gunicorn_in_one_process"),
    "hypercorn.run": ("_boxer_servers", "hypercorn_in_one_process"),
    "prometheus_client.exposition": ("_boxer_workers", "prometheus_unserved"),
    "uvicorn.config": ("_boxer_servers", "uvicorn_in_one_process"),
    "waitress.task": ("_boxer_servers", "waitress_thread_by_task"),
    "werkzeug.debug": ("_boxer_servers", "werkzeug_debugger"),
    "werkzeug.serving": ("_boxer_servers", "werkzeug_without_reloader"),
}


class Loader:
    """The module's own loader, and the adjustment when it has run."""

    def __init__(self, loader, name):
        self._loader = loader
        self._name = name

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        ours, function = ADJUSTED[self._name]
        try:
            getattr(__import__(ours), function)(module)
        except AttributeError:
            return


class Finder:
    """Asked before all others, answers for the few names only."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in ADJUSTED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader, name)
        return spec


def install():
    if Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)
