"""The process that watches a service: `python -m boxer.services ROOT NAME LOCK REPORT`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from boxer.services.store import ServiceStore
from boxer.services.supervisor import Supervisor


def main(arguments: list[str]) -> int:
    """LOCK, REPORT: descriptors of the service's lock, and of who waits for its beginning."""
    root, name, lock, report = arguments[0], arguments[1], int(arguments[2]), int(arguments[3])
    os.set_inheritable(lock, False)
    os.set_inheritable(report, False)

    def told(message: dict[str, Any]) -> None:
        try:
            os.write(report, json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            pass  # who asked has gone; the service has not
        finally:
            os.close(report)

    store = ServiceStore(Path(root))
    service = store.get(name)
    Supervisor(store, service, lock, told).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
