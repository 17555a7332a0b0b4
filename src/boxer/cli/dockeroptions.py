"""Options of docker's `run` and `build` that people type from habit.

Belongs here: which of them ask for what a box is anyway, and are passed over, and why the others
cannot be. Does not: options that Boxer has itself.

An option that would change what a program sees is never passed over in silence.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from boxer.errors import UnsupportedOptionError

# What a box is anyway. A value, where there is one, does not matter.
RUN_FLAGS = (("--init",),)
RUN_VALUES = (
    ("--platform",),
    ("--cap-drop",),
    ("--expose",),
    ("--security-opt",),
    ("--pids-limit",),
    ("--shm-size",),
)
BUILD_FLAGS = (("--pull",), ("--rm",), ("--force-rm",), ("--load",))
BUILD_VALUES = (("--progress",), ("--platform",), ("--provenance",), ("--sbom",), ("--builder",))

_PRIVILEGES = (
    "a box reaches nothing of this machine but what `-e`, `-v`, `-p` and `--allow-net` give it",
    "Leave it out.",
)
_NETWORK = (
    "a box's addresses and names are its networks'",
    "Boxes reach one another by name: `--network NAME --name N`; others: `--allow-net HOST:PORT`.",
)
RUN_REFUSED: Mapping[tuple[str, ...], tuple[str, str]] = {
    ("--link", "--add-host", "--ip", "--ip6"): _NETWORK,
    ("--device", "--gpus", "--cap-add", "--volumes-from"): _PRIVILEGES,
    ("--cpus", "--ulimit", "--memory-swap"): (
        "the limits of a run have other names",
        "`-m 256m`, `--limit cpu=10`, `--limit files=64`: see `boxer run --help`.",
    ),
}
RUN_REFUSED_FLAGS: Mapping[tuple[str, ...], tuple[str, str]] = {
    ("--privileged",): _PRIVILEGES,
    ("--read-only",): (
        "the files of a box are each run's own and end with it; they cannot be made unwritable",
        "Leave it out; folders of this machine are read-only with `-v HOST:GUEST:ro`.",
    ),
}
BUILD_REFUSED: Mapping[tuple[str, ...], tuple[str, str]] = {
    ("--ssh",): ("a build has no network of its own", "Copy what it needs into the context."),
    ("--build-context",): (
        "a build has one context",
        "Copy what it needs into the context, or build that part as a stage.",
    ),
    ("--cache-from", "--cache-to"): (
        "results of RUN are kept on this machine, by content",
        "Leave it out; `boxer cache ls` shows what is kept.",
    ),
}
BUILD_REFUSED_FLAGS: Mapping[tuple[str, ...], tuple[str, str]] = {
    ("--push",): ("a box is a file, and goes nowhere by itself", "`boxer push NAME` sends it."),
}


def add_docker_run_options(parser: argparse.ArgumentParser) -> None:
    """The options of `docker run`."""
    _pass_over(parser, RUN_FLAGS, RUN_VALUES)
    _refuse(parser, RUN_REFUSED, None)
    _refuse(parser, RUN_REFUSED_FLAGS, 0)


def add_docker_build_options(parser: argparse.ArgumentParser) -> None:
    """The options of `docker build`."""
    _pass_over(parser, BUILD_FLAGS, BUILD_VALUES)
    _refuse(parser, BUILD_REFUSED, None)
    _refuse(parser, BUILD_REFUSED_FLAGS, 0)


def _pass_over(
    parser: argparse.ArgumentParser,
    flags: Sequence[tuple[str, ...]],
    values: Sequence[tuple[str, ...]],
) -> None:
    for names in flags:
        parser.add_argument(*names, action="store_true", help=argparse.SUPPRESS)
    for names in values:
        parser.add_argument(*names, action="append", help=argparse.SUPPRESS)


def _refuse(
    parser: argparse.ArgumentParser,
    options: Mapping[tuple[str, ...], tuple[str, str]],
    nargs: int | None,
) -> None:
    for names, why in options.items():
        parser.add_argument(*names, action=_Refused, nargs=nargs, const=why, help=argparse.SUPPRESS)


class _Refused(argparse.Action):
    """const: the reason and what to do."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        reason, hint = self.const
        raise UnsupportedOptionError(f"`{option_string}`: {reason}.", hint=hint)
