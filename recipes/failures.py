"""The one way a recipe fails: a sentence and what to do, never a traceback for the user."""

from __future__ import annotations


class RecipeError(Exception):
    """What happened, and a hint of what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
