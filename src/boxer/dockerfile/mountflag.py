"""The value of a RUN's `--mount`: fields of a line of CSV, most of them `KEY=VALUE`.

Belongs here: taking the value apart and putting it together again. Does not: what the fields mean
(`instructions.mounts`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

Field = tuple[str, str | None]


def mount_fields(text: str) -> list[Field]:
    """Keys in lower case with their values, None for a key that stands alone."""
    pairs = (word.partition("=") for word in next(csv.reader([text]), []))
    return [(key.lower(), value if equals else None) for key, equals, value in pairs]


def mount_text(fields: Iterable[Field]) -> str:
    """The value that has these fields."""
    line = io.StringIO()
    words = (key if value is None else f"{key}={value}" for key, value in fields)
    csv.writer(line, lineterminator="").writerow(words)
    return line.getvalue()
