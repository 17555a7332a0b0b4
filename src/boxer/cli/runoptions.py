"""What `boxer run` is asked for: folders, variables, a user, limits.

Belongs here: reading the values of options. Does not: the options themselves (`commands.run`).
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
    MountError,
    VariableError,
    Where,
)
from boxer.runtime import ATTENDED, Limits, Mount


def read_limits(texts: Sequence[str]) -> Limits:
    """Limits of NAME=VALUE texts; what is not named is not limited, since a person watches.

    Raises `LimitValueError`.
    """
    names = [field.name for field in fields(ATTENDED)]
    limits = ATTENDED
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
        return int(value) if name in ("files", "call_depth") else value
    except ValueError:
        raise LimitValueError(
            f"`{value}` is no number for the limit `{name}`.", hint=f"--limit {name}=10"
        ) from None


def parse_mount(text: str) -> Mount:
    """Reads `HOST:GUEST[:ro|rw]`. Raises `MountError`."""
    host, colon, rest = text.partition(":")
    guest, _, mode = rest.partition(":")
    if not (host and colon and guest) or mode not in ("", "ro", "rw"):
        raise MountError(f"`{text}` is not HOST:GUEST[:ro].", hint="-v ./data:/data:ro")
    return Mount(host, guest, mode == "ro")


def make_folder(mount: Mount) -> None:
    """Makes the folder of a `-v` that is not there, as docker does; `--mount` wants it there. A
    name without a `/` would be a volume of docker's, and is left as it is. Raises `MountError`."""
    path = Path(mount.host)
    if "/" not in str(mount.host) or path.is_symlink() or path.exists():
        return
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise MountError(
            f"The folder `{path}` for `{mount.guest}` cannot be made: {error.strerror}.",
            hint="Make it before, or name another one: `-v HOST:GUEST`.",
        ) from None


def parse_long_mount(text: str) -> Mount:
    """Reads docker's long form, `type=bind,source=HOST,target=GUEST[,readonly]`.

    Raises `MountError`.
    """
    given = dict(field.partition("=")[::2] for field in text.split(","))
    host = given.get("source", given.get("src"))
    guest = given.get("target", given.get("dst", given.get("destination")))
    if given.get("type", "volume") != "bind" or not host or not guest:
        raise MountError(
            f"`{text}` mounts no folder of this machine.",
            hint="--mount type=bind,source=./data,target=/data,readonly",
        )
    only = next((given[key] for key in ("readonly", "ro") if key in given), "false")
    return Mount(host, guest, only in ("", "true", "1"))


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
