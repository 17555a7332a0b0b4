"""`boxer network`: networks of boxes on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boxer.errors import BoxerError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.networks import NetworkRecord, NetworkStore


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "network", help="networks on which boxes reach one another by name", allow_abbrev=False
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    create = commands.add_parser("create", help="make one", allow_abbrev=False)
    create.add_argument("name", metavar="NAME")
    create.set_defaults(run=_create)
    listed = commands.add_parser("ls", help="list them", allow_abbrev=False)
    listed.add_argument("-q", "--quiet", action="store_true", help="names only")
    listed.add_argument("--json", action="store_true", help="as JSON")
    listed.set_defaults(run=_list)
    removed = commands.add_parser("rm", help="remove those without boxes", allow_abbrev=False)
    removed.add_argument("names", nargs="+", metavar="NAME")
    removed.set_defaults(run=_remove)
    shown = commands.add_parser("inspect", help="who is on them, as JSON", allow_abbrev=False)
    shown.add_argument("names", nargs="+", metavar="NAME")
    shown.set_defaults(run=_inspect)


def _create(options: argparse.Namespace) -> int:
    from boxer.networks import NetworkStore

    print(NetworkStore().create(options.name).name)
    return 0


def _list(options: argparse.Namespace) -> int:
    from boxer.console import draw_json, draw_table
    from boxer.networks import NetworkStore

    store = NetworkStore()
    records = list(store.list())
    if options.json:
        draw_json([_described(store, record) for record in records], sys.stdout)
    elif options.quiet:
        for record in records:
            print(record.name)
    else:
        rows = [(r.name, r.addresses, str(len(store.members(r.name)))) for r in records]
        draw_table(rows, sys.stdout, ("name", "addresses", "boxes"))
    return 0


def _remove(options: argparse.Namespace) -> int:
    """Each for itself, as docker does."""
    from boxer.console import draw_error
    from boxer.networks import NetworkStore

    status = 0
    for name in options.names:
        try:
            NetworkStore().remove(name)
            print(name)
        except BoxerError as error:
            draw_error(error, sys.stderr)
            status = error.exit_status
    return status


def _inspect(options: argparse.Namespace) -> int:
    from boxer.networks import NetworkStore

    store = NetworkStore()
    print(json.dumps([_described(store, store.get(name)) for name in options.names], indent=2))
    return 0


def _described(store: NetworkStore, record: NetworkRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "addresses": record.addresses,
        "created": datetime.fromtimestamp(int(record.created), UTC).isoformat(),
        "boxes": [
            {
                "name": member.name,
                "address": member.address,
                "names": list(member.names),
                "ports": list(member.ports),
            }
            for member in store.members(record.name)
        ],
    }
