"""`python -m boxer.cli`: the same as `boxer`."""

import sys

from boxer.cli import main

if __name__ == "__main__":
    sys.exit(main())
