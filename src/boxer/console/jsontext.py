"""JSON for programs that is also safe for a person to look at."""

from __future__ import annotations

import json
from typing import Any, TextIO

from boxer.escape import escape_json


def draw_json(value: Any, stream: TextIO) -> None:
    """Writes a value, indented; readable letters of all scripts stay as they are."""
    stream.write(escape_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n")
