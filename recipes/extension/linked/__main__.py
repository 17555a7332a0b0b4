"""`python -m linked HINTS.json MODULE.wasm`: a module linked with names is made ready.

A part of the SDK of extension modules: it imports nothing of ours but its neighbours.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from . import arguments, hints

table, module = Path(sys.argv[1]), Path(sys.argv[2])
hinted = hints.hinted(module.read_bytes(), hints.load(json.loads(table.read_text())))
module.write_bytes(arguments.widened(hinted))
