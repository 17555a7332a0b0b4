"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from boxer.escape import escape


def draw_table(
    rows: Sequence[Sequence[str]], stream: TextIO, heads: Sequence[str] | None = None
) -> None:
    """Writes rows in columns; a cell of several lines continues below itself."""
    cells = [[escape(cell).split("\n") for cell in row] for row in rows]
    if heads:
        cells.insert(0, [[head.upper()] for head in heads])
    if not cells:
        return
    widths = [max(len(line) for row in cells for line in row[i]) for i in range(len(cells[0]))]
    for row in cells:
        for height in range(max(len(cell) for cell in row)):
            parts = [
                (cell[height] if height < len(cell) else "").ljust(width)
                for cell, width in zip(row, widths, strict=True)
            ]
            stream.write("  ".join(parts).rstrip() + "\n")
