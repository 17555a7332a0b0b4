"""The log of a service: one line for each thing that happened.

Belongs here: what makes it so. Does not: what is told.

Invariant: what clients and guests say (paths, messages of errors) makes no line of its own, and
reaches a terminal as text.
"""

from __future__ import annotations

import logging

from boxer.escape import escape


def _as_one_line(record: logging.LogRecord) -> bool:
    record.msg, record.args = escape(record.getMessage()).replace("\n", "\\n"), ()
    return True


logger = logging.getLogger("boxer.serve")
logger.addFilter(_as_one_line)
