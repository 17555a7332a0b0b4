"""How an error looks: what happened, where, with the line, and what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

from boxer.errors import BoxerError, Where
from boxer.escape import escape

_RED, _BOLD, _CYAN, _PLAIN = "\x1b[31m", "\x1b[1m", "\x1b[36m", "\x1b[0m"
_MOST_LINES = 5


def colours(stream: TextIO) -> bool:
    """Whether the stream is a terminal that wants colour (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def draw_error(error: BoxerError, stream: TextIO) -> None:
    """Writes the error: what happened, the place, an empty line, the hint."""
    red, bold, cyan, plain = (_RED, _BOLD, _CYAN, _PLAIN) if colours(stream) else ("",) * 4
    head = f"{red}{bold}error[{error.reference}]{plain}: {escape(error.message)}"
    lines = [head]
    if error.where is not None:
        lines.append(f"  {cyan}-->{plain} {escape(str(error.where))}")
        lines += [f"  {escape(line)}" for line in _source(error.where)]
    if error.hint:
        lines += ["", f"{cyan}hint{plain}: {escape(error.hint)}"]
    stream.write("\n".join(lines) + "\n")


def _source(where: Where) -> list[str]:
    """The lines the error speaks of, numbered; none when they cannot be read."""
    if where.line is None:
        return []
    try:
        text = Path(where.file).read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    last = min(where.last_line or where.line, where.line + _MOST_LINES - 1, len(text))
    numbers = range(where.line, last + 1)
    return [f"{number:>4} | {text[number - 1]}" for number in numbers]
