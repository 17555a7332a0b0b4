"""Stages on a Linux distribution's image that install Python there: `FROM ubuntu`, `apt-get install
python3`.

Belongs here: seeing that, and putting the base with Python in the image's place. Does not: which
images are a distribution's (`table`).
"""

from __future__ import annotations

import re
from dataclasses import replace

from boxer.dockerfile import Dockerfile, From, Instruction, Run
from boxer.images.references import with_python
from boxer.listener import Notify

_INSTALLS_PYTHON = re.compile(
    r"\b(?:apt-get|apt|apk|dnf|yum|microdnf)\b[^;|&]*\b(?:install|add)\b[^;|&]*"
    r"\s(?:python3?(?:\.\d+|\d+)?(?:-[a-z0-9-]+)?|py3-pip|python-is-python3)(?=[\s=~]|$)"
    # uv would bring a Python of its own.
    r"|\buv\s+(?:sync|run|venv|python\s+install)\b"
)


def with_python_bases(parsed: Dockerfile, notify: Notify) -> Dockerfile:
    """The Dockerfile with the Python base below each such stage."""
    instructions: list[Instruction] = []
    for place, entry in enumerate(parsed.instructions):
        if isinstance(entry, From) and _installs_python(parsed.instructions[place + 1 :]):
            instead = with_python(entry.image)
            if instead is not None:
                message = f"`{entry.image}` with Python installed means the base of {instead}."
                notify(message, entry.where, None)
                entry = replace(entry, image=instead)
        instructions.append(entry)
    return replace(parsed, instructions=tuple(instructions))


def _installs_python(following: tuple[Instruction, ...]) -> bool:
    for entry in following:
        if isinstance(entry, From):
            return False
        if isinstance(entry, Run) and _INSTALLS_PYTHON.search(entry.command.script or ""):
            return True
    return False
