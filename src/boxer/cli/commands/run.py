"""`boxer run`: runs a box once, with what it is granted and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from boxer.errors import AccountError, MountError, NotABoxError, NotWasmError, VariableError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.boxfile import Box
    from boxer.sandbox import Mount

# docker run's status for its own failures.
OWN_FAILURE = 125
# Heard by the guest's kernel (guest/kernel/trace.h); the program does not see it.
TRACED = {"BOXER_STRACE": "1"}
# Heard likewise (guest/kernel/attended.h): a person looks at what the program does.
LOOKED_AT = {"BOXER_ATTENDED": "1"}


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("run", help="run a box", allow_abbrev=False)
    parser.add_argument("-e", "--env", action="append", default=[], metavar="K[=V]")
    parser.add_argument(
        "-v", "--volume", action="append", default=[], metavar="HOST:GUEST[:ro]", help="mount"
    )
    parser.add_argument("-w", "--workdir", metavar="DIR")
    parser.add_argument("-u", "--user", metavar="UID[:GID]")
    parser.add_argument("--entrypoint", metavar="E")
    parser.add_argument(
        "--strace", action="store_true", help="show each system call on standard error"
    )
    parser.add_argument(
        "box", metavar="BOX", help="a file, or NAME[:TAG]; a program of `boxer cc` too"
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG")
    parser.set_defaults(run=run, own_failure=OWN_FAILURE)


def run(options: argparse.Namespace) -> int:
    from boxer.sandbox import ATTENDED, Frozen, Stream
    from boxer.sandbox import run as run_box

    frozen = Frozen.of(_box(options.box))
    result = run_box(
        frozen,
        options.arguments,
        env=_environment(options.env) | LOOKED_AT | (TRACED if options.strace else {}),
        mounts=[parse_mount(text) for text in options.volume],
        stdin=Stream.INHERIT,
        stdout=Stream.INHERIT,
        stderr=Stream.INHERIT,
        limits=ATTENDED,
        entrypoint=options.entrypoint,
        working_dir=options.workdir,
        user=parse_user(options.user),
    )
    if result.crash:
        sys.stderr.write(f"boxer: {result.crash}\n")
    return result.exit_code


def _box(name: str) -> Box:
    """The box of a name; a program that `boxer cc` made is put into one. Raises what reading
    raises."""
    from boxer.boxfile import read_box
    from boxer.describe import box_path, load_bytes
    from boxer.sandbox import write_plan

    data = load_bytes(name)
    try:
        box = read_box(data)
    except (NotABoxError, NotWasmError):
        from boxer.build import program_box

        made = program_box(data, box_path(name).name)
        if made is None:
            raise
        return read_box(made)
    write_plan(box_path(name), box)
    return box


def parse_mount(text: str) -> Mount:
    """Reads `HOST:GUEST[:ro|rw]`. Raises `MountError`."""
    from boxer.sandbox import Mount

    host, colon, rest = text.partition(":")
    guest, _, mode = rest.partition(":")
    if not (host and colon and guest) or mode not in ("", "ro", "rw"):
        raise MountError(f"`{text}` is not HOST:GUEST[:ro].", hint="-v ./data:/data:ro")
    return Mount(host, guest, mode == "ro")


def parse_user(text: str | None) -> str | None:
    """Checks `UID[:GID]`, numbers of 32 bits. Raises `AccountError`.

    Names are looked up while a box is built (USER): a run does not read the box's files first.
    """
    if text is None:
        return None
    for number in text.split(":", 1):
        # 2**32 - 1 is the "no change" of chown(2), nobody's number.
        if not (number.isascii() and number.isdecimal() and int(number) < 2**32 - 1):
            raise AccountError(
                f"`{text}` is not UID[:GID] in numbers.",
                hint="`-u 1000:1000`; a name can stand in the Dockerfile: `USER app`.",
            )
    return text


def _environment(texts: list[str]) -> dict[str, str]:
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
