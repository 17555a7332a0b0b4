"""The command line: arguments in, exit status out.

Belongs here: parsing arguments, choosing the command, mapping errors to exit statuses. Does not:
doing anything. Nothing heavy is imported before a command is chosen.

Exit statuses: 0 done, 1 the user's input, 2 usage, 3 Boxer itself; `run` returns the guest's own
status and 125 for Boxer's failures, as `docker run` does; 130 and 143 after SIGINT (Ctrl-C)
and SIGTERM.
"""

from __future__ import annotations

import argparse
import difflib
import errno
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from boxer.cli.commands import (
    bases,
    bench,
    build,
    cache,
    cc,
    check,
    completion,
    doctor,
    execute,
    fn,
    images,
    inspect,
    kernel,
    lives,
    login,
    logs,
    mcp,
    network,
    ps,
    pull,
    push,
    rmi,
    run,
    save,
    serve,
    tag,
    volume,
    wheel,
)
from boxer.cli.interruption import ended_by_signals
from boxer.errors import BoxerError, WriteError
from boxer.escape import escape

_COMMANDS = (
    build,
    check,
    doctor,
    run,
    ps,
    logs,
    lives,
    execute,
    serve,
    mcp,
    kernel,
    fn,
    inspect,
    images,
    tag,
    rmi,
    push,
    pull,
    save,
    login,
    network,
    volume,
    bases,
    cache,
    bench,
    cc,
    wheel,
    completion,
)

_NO_COMMAND = re.compile(r"argument COMMAND: invalid choice: '(.*)' \(choose from (.*)\)")
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    own_failure = None
    try:
        options = _options(arguments)
        own_failure = getattr(options, "own_failure", None)
        with ended_by_signals():
            return _finished(int(options.run(options)))
    except BoxerError as error:
        return _refused(error, own_failure)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough; the interpreter must not complain at its exit.
        _forget_output()
        return 141
    except Exception as error:
        return _failed(error, own_failure)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    try:
        return parser_of_commands().parse_args(arguments)
    except SystemExit:  # a usage text or the version
        sys.stdout.flush()
        raise


def _finished(status: int) -> int:
    sys.stdout.flush()
    return status


def _forget_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused(error: BoxerError, own_failure: int | None) -> int:
    from boxer.console import draw_error

    draw_error(error, sys.stderr)
    return own_failure or error.exit_status


def _failed(error: Exception, own_failure: int | None) -> int:
    """What no command expected. The files of our own have their errors; one without a name is
    standard output's."""
    if isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE:
        _forget_output()
        full = WriteError(
            f"Standard output cannot be written: {error.strerror}.",
            hint="See how much room there is: `df -h`.",
        )
        return _refused(full, own_failure)
    if os.environ.get("BOXER_DEBUG"):
        raise error
    sys.stderr.write(
        f"error[boxer-bug]: This is a bug in Boxer: {type(error).__name__}: {escape(str(error))}"
        "\n\n"
        "hint: Run it again with BOXER_DEBUG=1 and report what it prints.\n"
    )
    return own_failure or 3


class _Parser(argparse.ArgumentParser):
    """What it says of arguments quotes them, and says what was meant."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """A command says itself what it does not know, with its own usage."""
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            near = [text for one in unknown for text in self._near(one.partition("=")[0])]
            meant = f" (did you mean {', '.join(near)}?)" if near else ""
            self.error(f"unrecognized arguments: {' '.join(unknown)}{meant}")
        return namespace, unknown

    def error(self, message: str) -> NoReturn:
        """Which commands there are is a long list, which `--help` has."""
        wrong = _NO_COMMAND.search(message)
        if wrong:
            near = difflib.get_close_matches(wrong[1], re.findall(r"[\w+-]+", wrong[2]), 1)
            meant = f"did you mean `{near[0]}`?" if near else f"`{self.prog} --help` lists them"
            message = f"there is no command `{wrong[1]}`; {meant}"
        super().error(message)

    def _near(self, option: str) -> list[str]:
        known = [text for action in self._actions for text in action.option_strings]
        return difflib.get_close_matches(option, known, 1) if option.startswith("--") else []

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(escape(message), file)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version

        print(f"boxer {version('boxer')}")
        parser.exit()


def parser_of_commands() -> argparse.ArgumentParser:
    """What reads the arguments."""
    parser = _Parser(
        prog="boxer",
        description="Turns a Dockerfile into one WebAssembly file that holds a started machine.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(subparsers)
    return parser
