"""`python -m boxer`."""

import signal
import sys

# Ctrl-C while modules are loaded is no traceback; `cli` hears it from then on.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from boxer.cli import main

sys.exit(main())
