"""`python -m wheels FOLDER`: makes all wheels, prints their names and sizes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from recipes.failures import RecipeError
from recipes.progress import Progress
from wheels import make_wheels


def main() -> int:
    """Returns the exit status: 0 done, 1 a failure that was explained."""
    parser = argparse.ArgumentParser(prog="python -m wheels", description=__doc__)
    parser.add_argument("folder", type=Path)
    try:
        made = make_wheels(parser.parse_args().folder.absolute(), Progress())
    except RecipeError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"\nhint: {error.hint}", file=sys.stderr)
        return 1
    for wheel in made:
        print(f"{wheel.stat().st_size / 1e6:8.2f} MB  {wheel.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
