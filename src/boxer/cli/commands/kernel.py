"""`boxer kernel`: notebooks whose cells run in a box."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.cli.networkoptions import add_outbound_options

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("kernel", help="a Jupyter kernel whose cells run in a box")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    installing = actions.add_parser("install", help="have Jupyter offer it")
    installing.add_argument("--name", default="boxer", help="Jupyter's name for it (boxer)")
    installing.add_argument("--display-name", metavar="TEXT", help="what people see")
    installing.add_argument(
        "--prefix", metavar="FOLDER", help="of an environment, instead of for this user"
    )
    _add_options(installing)
    installing.set_defaults(run=install)
    running = actions.add_parser("run", help="what Jupyter starts")
    running.add_argument("-f", "--connection", required=True, metavar="FILE")
    _add_options(running)
    running.set_defaults(run=run)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("box", metavar="BOX", help="a file, or NAME[:TAG], with Python in it")
    parser.add_argument("-e", "--env", action="append", default=[], metavar="K[=V]")
    parser.add_argument(
        "-v", "--volume", action="append", default=[], metavar="HOST:BOX[:ro]",
        help="a folder that the machine has",
    )  # fmt: skip
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=VALUE",
        help="of the machine: memory, storage, files, tasks, call_depth",
    )  # fmt: skip
    add_outbound_options(parser)


def install(options: argparse.Namespace) -> int:
    from boxer.cli import networkoptions
    from boxer.library import load
    from boxer.sandboxes import install_kernel

    load(options.box)  # what is wrong is said now
    box = str(Path(options.box).resolve()) if Path(options.box).is_file() else options.box
    arguments = [box]
    for name, values in (("-e", options.env), ("-v", options.volume), ("--limit", options.limit)):
        arguments += [word for value in values for word in (name, value)]
    _, net_limits = networkoptions.split_limits(options.limit)
    networkoptions.read_outbound(options, net_limits)
    for host in options.allow_net or []:
        arguments += ["--allow-net", host]
    title = options.display_name or f"Box {Path(options.box).stem}"
    print(install_kernel(arguments, options.name, title, options.prefix))
    return 0


def run(options: argparse.Namespace) -> int:
    from boxer.cli import networkoptions, runoptions
    from boxer.cli.sandboxing import mount_of
    from boxer.library import load
    from boxer.runtime import Limits
    from boxer.sandboxes import run_kernel

    own_limits, net_limits = networkoptions.split_limits(options.limit)
    network = networkoptions.read_outbound(options, net_limits)
    limits = runoptions.read_limits(own_limits, Limits(time=None, cpu=None))
    env = runoptions.read_environment(options.env)
    template = load(options.box).template(limits=limits, env=env)
    mounts = [mount_of(text) for text in options.volume]
    run_kernel(
        lambda: template.start(mounts=mounts, network=network if network.allow else None),
        options.connection,
    )
    return 0
