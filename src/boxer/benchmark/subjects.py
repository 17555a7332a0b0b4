"""The box that is measured when none is named: the smallest Python one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from boxer.library import Box, build, load

DOCKERFILE = """\
FROM python:slim
WORKDIR /app
CMD ["python", "-c", "print('hello')"]
"""


def subject(name: str | None) -> Box:
    """The box of a file or name, or the smallest one, built now. Raises as `load` and `build`."""
    if name is not None:
        return load(name)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(DOCKERFILE)
        return build(folder)
