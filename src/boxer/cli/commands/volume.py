"""`boxer volume`: folders that outlive the runs which have them."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.describe import Volume


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("volume", help="list, make or remove volumes")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("ls", help="what there is", allow_abbrev=False)
    listing.add_argument("-q", "--quiet", action="store_true", help="names only")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=run_list)
    creating = actions.add_parser("create", help="make one", allow_abbrev=False)
    creating.add_argument("name", nargs="?", metavar="NAME")
    creating.set_defaults(run=run_create)
    removing = actions.add_parser("rm", help="remove volumes and what is in them")
    removing.add_argument("-f", "--force", action="store_true", help="those not there are no error")
    removing.add_argument("names", nargs="+", metavar="NAME")
    removing.set_defaults(run=run_remove)
    inspecting = actions.add_parser("inspect", help="where they lie, as JSON")
    inspecting.add_argument("names", nargs="+", metavar="NAME")
    inspecting.set_defaults(run=run_inspect)
    pruning = actions.add_parser("prune", help="remove those without a name", allow_abbrev=False)
    pruning.add_argument("-a", "--all", action="store_true", help="the others, too")
    pruning.add_argument("-f", "--force", action="store_true", help=argparse.SUPPRESS)
    pruning.set_defaults(run=run_prune)


def run_list(options: argparse.Namespace) -> int:
    from boxer.console import draw_table
    from boxer.describe import VolumeStore

    volumes = list(VolumeStore().list())
    if options.json:
        print(json.dumps([_described(volume) for volume in volumes], indent=2))
    elif options.quiet:
        for volume in volumes:
            print(volume.name)
    else:
        rows = [(volume.name, _when(volume)[:10], str(volume.data)) for volume in volumes]
        draw_table(rows, sys.stdout, ("name", "created", "folder"))
    return 0


def run_create(options: argparse.Namespace) -> int:
    from boxer.describe import VolumeStore

    store = VolumeStore()
    volume = store.create(options.name)
    print(volume.name)
    return 0


def run_remove(options: argparse.Namespace) -> int:
    from boxer.describe import VolumeStore

    store = VolumeStore()
    there = {volume.name for volume in store.list()}
    for name in options.names:
        if name in there or not options.force:
            store.remove(name)
            print(name)
    return 0


def run_inspect(options: argparse.Namespace) -> int:
    from boxer.describe import VolumeStore

    store = VolumeStore()
    print(json.dumps([_described(store.get(name)) for name in options.names], indent=2))
    return 0


def run_prune(options: argparse.Namespace) -> int:
    from boxer.describe import VolumeStore
    from boxer.errors import VolumeError

    store = VolumeStore()
    for volume in list(store.list()):
        if options.all or volume.is_anonymous:
            try:
                store.remove(volume.name)
            except VolumeError:
                continue  # a run has it
            print(volume.name)
    return 0


def _described(volume: Volume) -> dict[str, str]:
    """As `docker volume inspect` names these things."""
    return {
        "CreatedAt": _when(volume),
        "Driver": "local",
        "Mountpoint": str(volume.data),
        "Name": volume.name,
        "Scope": "local",
    }


def _when(volume: Volume) -> str:
    return datetime.fromtimestamp(volume.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
