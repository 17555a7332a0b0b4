"""How services look to a person, and to a program.

Belongs here: states in docker's words. Does not: drawing (`console`).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from boxer.services.records import Record, State
from boxer.services.store import Service

# A service whose supervisor was killed is no longer what its state says.
DEAD = "dead"
KILLED = 137


def look(service: Service) -> tuple[State, str]:
    """Its state, and what that is: created, running, restarting, exited or dead.

    Raises `ServiceStateError`.
    """
    state = service.state()
    if state.status not in ("running", "restarting") or service.is_watched():
        return state, state.status
    again = service.state()  # it may have ended between the two looks
    return again, DEAD if again.status in ("running", "restarting") else again.status


def described(status: str, state: State, now: float | None = None) -> str:
    """`Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`."""
    moment = time.time() if now is None else now
    if status == "running":
        health = f" ({_health(state)})" if state.health or state.unchecked else ""
        return f"Up {since(moment - state.started)}{health}"
    if status == "restarting":
        return f"Restarting ({state.exit_code}) {since(moment - state.finished)} ago"
    if status == "exited":
        return f"Exited ({state.exit_code}) {since(moment - state.finished)} ago"
    return "Dead: it was killed with all that watched it" if status == DEAD else "Created"


def since(seconds: float) -> str:
    """As docker writes durations."""
    rest = max(0, int(seconds))
    for size, name, least in (
        (604800, "weeks", 2), (86400, "days", 2), (3600, "hours", 2), (60, "minutes", 2),
        (1, "seconds", 1),
    ):  # fmt: skip
        if rest >= least * size:
            count = rest // size
            return f"{count} {name if count != 1 else name[:-1]}"
    return "Less than a second"


def ports_text(state: State) -> str:
    """`127.0.0.1:8080->80/tcp`, each."""
    return ", ".join(
        f"{_bracketed(port['ip'])}:{port['host']}->{port['box']}/{port['protocol']}"
        for port in state.ports or ()
    )


def port_lines(state: State, wanted: str | None = None) -> list[str]:
    """As `docker port` has them: `80/tcp -> 127.0.0.1:8080`; of one port the address alone."""
    found = []
    for port in state.ports or ():
        inside = f"{port['box']}/{port['protocol']}"
        outside = f"{_bracketed(port['ip'])}:{port['host']}"
        if wanted is None:
            found.append(f"{inside} -> {outside}")
        elif inside == (wanted if "/" in wanted else f"{wanted}/tcp"):
            found.append(outside)
    return found


def as_json(service: Service, state: State, status: str) -> dict[str, Any]:
    """All that is known but values of variables; names as `docker ps` and `inspect` have them."""
    record = service.record
    return {
        "ID": record.id,
        "Names": record.name,
        "Image": record.box,
        "Digest": f"sha256:{record.digest}",
        "Command": record.command,
        "State": status,
        "Status": described(status, state),
        "CreatedAt": _moment(record.created),
        "StartedAt": _moment(state.started),
        "FinishedAt": _moment(state.finished),
        "ExitCode": KILLED if status == DEAD else state.exit_code,
        "Error": state.error,
        "Limit": state.limit,
        "Crash": state.crash,
        "Pid": state.pid if status == "running" else 0,
        "SupervisorPid": state.supervisor if status in ("running", "restarting") else 0,
        "RestartPolicy": record.restart,
        "RestartCount": state.restarts,
        "Ports": ports_text(state) if status == "running" else "",
        "Publishers": state.ports or [] if status == "running" else [],
        "Health": _health_json(record, state, status),
        "AutoRemove": record.remove,
        "Labels": record.labels or {},
        "StopTimeout": record.stop_timeout,
        "LogPath": str(service.folder / "log"),
    }


def _health(state: State) -> str:
    if state.unchecked:
        return "health is not checked"
    return "health: starting" if state.health == "starting" else str(state.health)


def _health_json(record: Record, state: State, status: str) -> dict[str, Any] | None:
    if record.health is None:
        return None
    return {
        "Status": state.health if status == "running" and state.health else "none",
        "NotChecked": state.unchecked,
        "FailingStreak": state.failing,
        "Log": [
            {
                "Start": _moment(check["start"]),
                "End": _moment(check["end"]),
                "ExitCode": check["exit_code"],
                "Output": check["output"],
            }
            for check in state.checks or ()
        ],
    }


def _moment(seconds: float) -> str | None:
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
