"""`python -m boxer`."""

import sys

from boxer.cli import main

sys.exit(main())
