"""`boxer exec`: a second program in a detached box that runs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.errors import ServiceStateError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

# docker's for its own failures.
OWN_FAILURE = 125


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "exec", help="start a program in a detached box that runs", allow_abbrev=False
    )
    parser.add_argument("-i", "--interactive", action="store_true", help="give it this input")
    parser.add_argument("-t", "--tty", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("-e", "--env", action="append", default=[], metavar="K[=V]")
    parser.add_argument("--env-file", action="append", default=[], type=Path, metavar="FILE")
    parser.add_argument("-w", "--workdir", metavar="DIR")
    parser.add_argument("-u", "--user", metavar="UID[:GID]")
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument("command", metavar="COMMAND")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG")
    parser.set_defaults(run=run, own_failure=OWN_FAILURE)


def run(options: argparse.Namespace) -> int:
    from boxer.services import ServiceStore, ask

    service = ServiceStore().get(options.service)
    request = {
        "do": "exec",
        "words": [options.command, *options.arguments],
        "variables": _variables(options),
    }
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        told = ask(service.control, request, (0 if options.interactive else nothing, 1, 2))
    finally:
        os.close(nothing)
    if told is None or "over" in told:
        raise ServiceStateError(
            f"`{service.name}` does not run.", hint=f"boxer start {service.name}"
        )
    if "error" in told:
        raise ServiceStateError(
            f"No program can be started in `{service.name}`: {told['error']['message']}."
        )
    return int(told["exit_code"])


def _variables(options: argparse.Namespace) -> list[str]:
    from boxer.cli import runoptions

    lines = [line for path in options.env_file for line in runoptions.read_environment_file(path)]
    found = runoptions.read_environment([*lines, *options.env])
    user = runoptions.parse_user(options.user)
    own = {"BOXER_WORKDIR": options.workdir, "BOXER_USER": user}
    found |= {name: value for name, value in own.items() if value is not None}
    return [f"{name}={value}" for name, value in found.items()]
