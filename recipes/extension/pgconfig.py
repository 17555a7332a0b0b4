"""The pg_config that a Python package's build sees: where libpq of the SDK lies, and its version.

Belongs here: what setup.py files ask of it. A program of its own, as `pkgconfig.py`; what there is
stands in sdk.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SDK = Path(__file__).resolve().parent
# Asked of every PostgreSQL, and nothing in a box.
EMPTY = ("cflags", "libs", "configure")


def main(arguments: list[str]) -> int:
    table: dict[str, Any] = json.loads((SDK / "sdk.json").read_text())["packages"]["libpq"]
    include, folder = (str(SDK / "include" / table["include"]), str(SDK / "lib" / "libraries"))
    answers = {
        "version": f"PostgreSQL {table['version']}",
        "includedir": include,
        "pkgincludedir": include,
        "includedir-server": include,
        "libdir": folder,
        "cppflags": f"-I{include}",  # psycopg2 before 2.9.6 takes no answer for a failure
        "ldflags": f"-L{folder}",
        "bindir": str(SDK / "bin"),
        **dict.fromkeys(EMPTY, ""),
    }
    for argument in arguments:
        name = argument.removeprefix("--")
        if name not in answers:
            print(f"pg_config: a box's SDK does not know {argument}", file=sys.stderr)
            return 1
        print(answers[name])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
