"""`boxer mcp`: tools for a model that run code in sandboxes (Model Context Protocol)."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from boxer.cli.networkoptions import add_outbound_options
from boxer.cli.sandboxing import VARIABLE, mount_of
from boxer.errors import ServeError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "mcp", help="serve tools that run Python and shell commands in sandboxes, to a model"
    )
    parser.add_argument("box", metavar="BOX", help="a file, or NAME[:TAG], with Python in it")
    parser.add_argument(
        "--http", metavar="[IP:]PORT", help="streamable HTTP at /mcp, instead of stdin and stdout"
    )
    parser.add_argument("-e", "--env", action="append", default=[], metavar="K[=V]")
    parser.add_argument(
        "-v", "--volume", action="append", default=[], metavar="HOST:BOX[:ro]",
        help="a folder that each sandbox has",
    )  # fmt: skip
    parser.add_argument(
        "--prepare", action="append", default=[], metavar="CODE",
        help="Python run once, whose imports and names each sandbox has",
    )  # fmt: skip
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=VALUE",
        help="of each sandbox: memory, output, storage, files, tasks, call_depth",
    )  # fmt: skip
    parser.add_argument("--sandboxes", type=int, default=100, metavar="N", help="at once (100)")
    add_outbound_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.cli import networkoptions, runoptions
    from boxer.cli.commands.serve import address_of
    from boxer.runtime import Limits
    from boxer.sandboxes import Settings, open_sandboxes, serve_mcp_http, serve_mcp_stdio

    own_limits, net_limits = networkoptions.split_limits(options.limit)
    network = networkoptions.read_outbound(options, net_limits)
    settings = Settings(
        limits=runoptions.read_limits(own_limits, Limits(time=None, cpu=None)),
        env=runoptions.read_environment(options.env),
        network=network if network.allow else None,
        mounts=tuple(mount_of(text) for text in options.volume),
        most=options.sandboxes,
    )
    where = None if options.http is None else address_of(options.http)
    key = os.environ.get(VARIABLE)
    if where is not None and where[0] not in LOOPBACK and not key:
        raise ServeError(
            f"Whoever reaches {where[0]} could run code.",
            hint=f"Set {VARIABLE} to a secret, which clients send as a bearer token.",
        )
    sandboxes = open_sandboxes((options.box,), options.prepare, settings)
    try:
        if where is None:
            serve_mcp_stdio(sandboxes)
        else:
            serve_mcp_http(sandboxes, *where, key or None)
    finally:
        sandboxes.close()
    return 0
