"""`boxer doctor`: what will work of a Dockerfile and what will not, before it is built."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "doctor", help="tell what of a Dockerfile will work", allow_abbrev=False
    )
    parser.add_argument("-f", "--file", type=Path, help="the Dockerfile (CONTEXT/Dockerfile)")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument("context", type=Path, metavar="CONTEXT")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Exit status 1 where the build would stop."""
    from boxer.console import draw_json, draw_table
    from boxer.pipeline import examine

    report = examine(options.context, options.file)
    lines = report.lines
    if options.json:
        entries = [
            {
                "file": line.where.file,
                "line": line.where.line,
                "text": line.text,
                "verdict": line.verdict,
                "why": line.why,
                "hint": line.hint,
            }
            for line in lines
        ]
        draw_json(entries, sys.stdout)
    else:
        rows = []
        for line in lines:
            said = "\n".join(part for part in (line.why, line.hint) if part)
            text = line.text if len(line.text) <= 48 else f"{line.text[:45]}..."
            place = f"{Path(line.where.file).name}:{line.where.line}"
            rows.append((line.verdict, place, text, said))
        draw_table(rows, sys.stdout, ("verdict", "where", "what", "why"))
    return 1 if report.stops else 0
