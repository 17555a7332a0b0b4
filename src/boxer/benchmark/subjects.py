"""The box that is measured when none is named: the smallest Python one."""

from __future__ import annotations

from boxer.ending import temporary_folder
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
    with temporary_folder() as folder:
        (folder / "Dockerfile").write_text(DOCKERFILE)
        return build(folder)
