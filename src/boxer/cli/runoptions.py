"""What `boxer run` is asked for: variables, a user, limits.

Belongs here: reading the values of options. Does not: the options themselves (`commands.run`),
what of this machine's disk a run is given (`grants`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from boxer.errors import (
    AccountError,
    EnvironmentFileError,
    LimitValueError,
    VariableError,
    Where,
)
from boxer.runtime import ATTENDED, Limits


def read_limits(texts: Sequence[str], limits: Limits = ATTENDED) -> Limits:
    """Limits of NAME=VALUE texts. limits: what is not named; by default that is not limited, since
    a person watches.

    Raises `LimitValueError`.
    """
    names = [field.name for field in fields(ATTENDED)]
    for text in texts:
        name, _, value = text.partition("=")
        if name not in names:
            raise LimitValueError(
                f"`{text}` is no limit.", hint=f"NAME=VALUE, where NAME is {', '.join(names)}."
            )
        limits = replace(limits, **{name: _limit(name, value)})
    return limits


def _limit(name: str, value: str) -> Any:
    """The value as the field of that name has it."""
    try:
        if name in ("time", "cpu"):
            return float(value)
        return int(value) if name in ("files", "call_depth", "tasks") else value
    except ValueError:
        raise LimitValueError(
            f"`{value}` is no number for the limit `{name}`.", hint=f"--limit {name}=10"
        ) from None


def parse_user(text: str | None) -> str | None:
    """Checks `UID[:GID]`, numbers of 32 bits. Raises `AccountError`.

    Names are looked up while a box is built (USER): a run does not read the box's files first.
    """
    if text is None:
        return None
    for number in text.split(":", 1):
        # 2**32 - 1 is the "no change" of chown(2), nobody's number.
        if not (number.isascii() and number.isdecimal() and int(number[:11]) < 2**32 - 1):
            raise AccountError(
                f"`{text}` is not UID[:GID] in numbers.",
                hint="`-u 1000:1000`; a name can stand in the Dockerfile: `USER app`.",
            )
    return text


_LARGEST_FILE = 1 << 20


def read_environment_file(path: Path) -> list[str]:
    """The variables of a file, as docker reads it: K=V or K a line, without quotes or `export`.

    Raises `EnvironmentFileError`, `InputTooLargeError`.
    """
    from boxer.blobstore import read_limited

    try:
        lines = read_limited(path, _LARGEST_FILE, f"`{path}`").decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise EnvironmentFileError(f"`{path}` cannot be read: {reason}.") from None
    found = []
    for number, line in enumerate(lines, 1):
        text = line.lstrip()
        name = text.partition("=")[0]
        if not text or text.startswith("#"):
            continue
        if name.split() != [name]:
            raise EnvironmentFileError(
                f"`{text}` is not NAME=VALUE.",
                where=Where(str(path), number),
                hint="Write it without `export`, and without blanks before the `=`.",
            )
        found.append(text)
    return found


def read_environment(texts: Sequence[str]) -> dict[str, str]:
    """K=V pairs; K alone is passed on from this environment, if it is set, as docker does.

    Raises `VariableError`.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name:
            raise VariableError(f"`{text}` is not NAME=VALUE.", hint="-e NAME=VALUE")
        if equals:
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found
