"""Functions in C and JavaScript: built with Boxer's own compiler, frozen like those in Python."""

from __future__ import annotations

from boxer.errors import FunctionError
from boxer.functions.building import BuiltFunction
from boxer.functions.project import Project
from boxer.pipeline import Listener


def build_function(project: Project, cache: bool, events: Listener) -> BuiltFunction:
    """Raises `FunctionError`."""
    raise FunctionError(f"Functions in `{project.language}` cannot be built yet.")
