"""Boxes that run detached: their records, and the process that watches each of them.

What a service runs is `boxer run` again, in a process of its own (`life`); all about a box itself
is there. A service's supervisor is a process of its user's, and nothing above it: no daemon.
"""

from typing import TYPE_CHECKING

from boxer.lazy import load_lazily

if TYPE_CHECKING:
    from boxer.services.control import ask
    from boxer.services.logreading import Entry, read_log
    from boxer.services.records import Health, Record, State
    from boxer.services.restarting import RestartPolicy, parse_policy
    from boxer.services.showing import as_json, described, look, port_lines, ports_text, since
    from boxer.services.signals import parse_signal
    from boxer.services.starting import start
    from boxer.services.store import Service, ServiceStore, check_name, new_id, new_name

__getattr__, __dir__ = load_lazily(
    __name__,
    {
        "control": ("ask",),
        "logreading": ("Entry", "read_log"),
        "records": ("Health", "Record", "State"),
        "restarting": ("RestartPolicy", "parse_policy"),
        "showing": ("as_json", "described", "look", "port_lines", "ports_text", "since"),
        "signals": ("parse_signal",),
        "starting": ("start",),
        "store": ("Service", "ServiceStore", "check_name", "new_id", "new_name"),
    },
)

__all__ = [
    "Entry",
    "Health",
    "Record",
    "RestartPolicy",
    "Service",
    "ServiceStore",
    "State",
    "as_json",
    "ask",
    "check_name",
    "described",
    "look",
    "new_id",
    "new_name",
    "parse_policy",
    "parse_signal",
    "port_lines",
    "ports_text",
    "read_log",
    "since",
    "start",
]
