"""The command line: arguments in, exit status out.

Belongs here: parsing arguments, choosing the command, mapping errors to exit statuses. Does not:
doing anything. Nothing heavy is imported before a command is chosen.

Exit statuses: 0 done, 1 the user's input, 2 usage, 3 Boxer itself; `run` returns the guest's own
status and 125 for Boxer's failures, as `docker run` does.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from boxer.cli.commands import bases, bench, build, images, inspect, run
from boxer.errors import BoxerError

_COMMANDS = (build, run, inspect, images, bases, bench)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    own_failure = getattr(options, "own_failure", None)
    try:
        return _finished(int(options.run(options)))
    except BoxerError as error:
        from boxer.console.errors import draw_error

        draw_error(error, sys.stderr)
        return own_failure or error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough; the interpreter must not complain at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        return own_failure or _bug(error)


def _finished(status: int) -> int:
    sys.stdout.flush()
    return status


def _bug(error: Exception) -> int:
    if os.environ.get("BOXER_DEBUG"):
        raise error
    sys.stderr.write(
        f"error[boxer-bug]: This is a bug in Boxer: {type(error).__name__}: {error}\n\n"
        "hint: Run it again with BOXER_DEBUG=1 and report what it prints.\n"
    )
    return 3


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version

        print(f"boxer {version('boxer')}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="boxer",
        description="Turns a Dockerfile into one WebAssembly file that holds a started machine.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(subparsers)
    return parser
