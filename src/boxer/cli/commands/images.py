"""`boxer images`: the named boxes of this user."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.describe import StoredImage

_UNITS = (
    ("year", 31_536_000),
    ("month", 2_592_000),
    ("week", 604_800),
    ("day", 86_400),
    ("hour", 3600),
    ("minute", 60),
)


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("images", help="list named boxes", allow_abbrev=False)
    parser.add_argument("-q", "--quiet", action="store_true", help="names only")
    parser.add_argument(
        "--digests", action="store_true", help="what registries know them by (NAME@DIGEST)"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.console import draw_table
    from boxer.describe import ImageStore

    images = list(ImageStore().list())
    if options.json:
        print(json.dumps([_described(image) for image in images], indent=2))
        return 0
    if options.quiet:
        for image in images:
            print(image.reference)
        return 0
    rows = [
        (
            image.reference.name,
            image.reference.tag,
            f"sha256:{image.manifest}" if options.digests else image.digest[:12],
            _ago(time.time() - image.created),
            f"{image.size / 1e6:.1f} MB",
        )
        for image in images
    ]
    draw_table(rows, sys.stdout, ("name", "tag", "digest", "created", "size"))
    return 0


def _described(image: StoredImage) -> dict[str, object]:
    """digest: of the file; manifest: what registries know it by. created: when the box got the
    name; the time in the box is in `boxer inspect`."""
    return {
        "name": image.reference.name,
        "tag": image.reference.tag,
        "digest": f"sha256:{image.digest}",
        "manifest": f"sha256:{image.manifest}",
        "size": image.size,
        "created": datetime.fromtimestamp(int(image.created), UTC).isoformat(),
    }


def _ago(seconds: float) -> str:
    """As docker says it: the largest unit that fits."""
    for unit, length in _UNITS:
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
