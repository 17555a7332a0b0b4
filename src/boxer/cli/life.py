"""`boxer run` as the life of a detached box: what its supervisor gives it, and is told.

Belongs here: this side of it. Does not: the other one (`services`, whose `life` describes it).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boxer.errors import BoxerError
    from boxer.runtime import Port, RunResult

_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Life:
    """variables: K=V. report: the descriptor it is told by. orders: that of what is asked for."""

    variables: list[str]
    report: int
    orders: int
    ports: Sequence[Port] = ()

    def began(self) -> None:
        """The program is entered next."""
        ports = [
            {"ip": port.address, "host": port.host, "box": port.box, "protocol": port.protocol}
            for port in self.ports
        ]
        self._tell({"running": {"ports": ports}})

    def failed(self, error: BoxerError) -> None:
        told = {"reference": error.reference, "message": error.message, "hint": error.hint}
        self._tell({"error": told})

    def ended(self, result: RunResult) -> None:
        self._tell({"ended": {"limit": result.limit, "crash": result.crash}})

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            os.write(self.report, json.dumps(message).encode() + b"\n")
        except OSError:
            sys.exit(1)  # nobody is there any more


def read_life(text: str) -> Life:
    """What `--life VARIABLES,REPORT,ORDERS,PARENT` gives. The process ends with its parent from now
    on, or at once if that is gone. The launcher may have read the variables before."""
    variables, report, orders, parent = map(int, text.split(","))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    data = os.pread(variables, os.fstat(variables).st_size, 0)
    for descriptor in (report, orders):
        os.set_inheritable(descriptor, False)
    os.close(variables)
    texts = data.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return Life(texts, report, orders)
