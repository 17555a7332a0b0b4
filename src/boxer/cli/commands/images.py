"""`boxer images`: the named boxes of this user."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("images", help="list named boxes", allow_abbrev=False)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.console import draw_table
    from boxer.describe import ImageStore

    rows = [
        (
            image.reference.name,
            image.reference.tag,
            image.digest[:12],
            datetime.fromtimestamp(image.created, UTC).strftime("%Y-%m-%d"),
            f"{image.size / 1e6:.1f} MB",
        )
        for image in ImageStore().list()
    ]
    draw_table(rows, sys.stdout, ("name", "tag", "digest", "created", "size"))
    return 0
