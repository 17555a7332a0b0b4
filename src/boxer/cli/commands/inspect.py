"""`boxer inspect`: what a box holds."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from boxer.errors import BoxerError, Where

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("inspect", help="show what a box holds", allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--licenses", action="store_true", help="every part and its licence")
    parser.add_argument("--sbom", action="store_true", help="a bill of materials: CycloneDX, JSON")
    parser.add_argument("box", metavar="BOX", help="a file, or NAME[:TAG]")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.blobstore import sha256
    from boxer.boxfile import read_box
    from boxer.console import draw_json, draw_table
    from boxer.describe import describe_box, licences, load_bytes, sbom

    data = load_bytes(options.box, is_run=False)
    try:
        info = read_box(data).info
    except BoxerError as error:
        raise error.at(Where(options.box)) from None
    if options.sbom:
        draw_json(json.loads(sbom(info, sha256(data))), sys.stdout)
    elif options.licenses:
        parts = licences(info)
        if options.json:
            draw_json([asdict(part) for part in parts], sys.stdout)
        else:
            rows = [(part.name, part.version, part.license, part.kind) for part in parts]
            draw_table(rows, sys.stdout, ("name", "version", "license", "kind"))
    elif options.json:
        draw_json(json.loads(info.to_json()), sys.stdout)
    else:
        draw_table(describe_box(info, len(data)), sys.stdout)
    return 0
