"""`python -m wheels FOLDER`: makes all wheels, prints their names and sizes."""

from __future__ import annotations

import sys
from pathlib import Path

from wheels import WheelError, make_wheels


def main() -> int:
    try:
        made = make_wheels(Path(sys.argv[1] if len(sys.argv) > 1 else "dist").resolve())
    except WheelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for wheel in made:
        print(f"{wheel.stat().st_size / 1e6:8.2f} MB  {wheel.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
