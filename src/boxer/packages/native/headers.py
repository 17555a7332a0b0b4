"""Headers in a build's environment made to tell of the box.

Belongs here: what a package that was installed to be compiled against says of the machine it was
made for (`headers.toml`). Does not: the box's own headers (the SDK).

numpy's wheel of this machine is what a build imports while it runs, and its headers are what the
package is compiled with: they say how large a `long` is.
"""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path


def tell_of_the_box(environment: Path) -> list[str]:
    """Rewrites the headers that a virtual environment has; returns which it had."""
    told = []
    for name, values in _table().items():
        for path in sorted(environment.glob(f"lib/python*/site-packages/{name}")):
            text = _with_values(path.read_text("utf-8"), values)
            path.unlink()  # the installer links its cache's files; those stay as they are
            path.write_text(text, "utf-8")
            told.append(name)
    return told


def _with_values(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = re.sub(rf"(?m)^(#define {name})\b.*$", rf"\g<1> {value}", text)
    return text


def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(headers_text().decode("utf-8"))


def headers_text() -> bytes:
    """The whole table: part of what a wheel was built with."""
    return resources.files(__package__).joinpath("headers.toml").read_bytes()
