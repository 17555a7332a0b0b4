"""What is written down of a service: once, when it is made, and again with every change.

Belongs here: the two values and their JSON. Does not: where they lie (`store`), what they mean to a
person (`showing`).

Invariant: a record of a newer Boxer is read as far as it is known here; what it lacks is as it was
before there was such a field.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

from boxer.blobstore import write_atomically, write_file
from boxer.errors import ServiceStateError

SECOND = 1_000_000_000

Status = Literal["created", "running", "restarting", "exited"]


@dataclass(frozen=True, slots=True)
class Health:
    """A check of a service's health. command: its words. Times in seconds; docker's defaults."""

    command: list[str]
    interval: float = 30.0
    timeout: float = 30.0
    start_period: float = 0.0
    start_interval: float = 5.0
    retries: int = 3


@dataclass(frozen=True, slots=True)
class Record:
    """box: as it was named. digest: of the file that is run. words: what stands behind `run` when a
    life begins, without the box and what follows it. variables: K=V. folder: where that is.
    working_dir: the folder in the box where its program begins, "": it is not known.
    arguments: behind the box. created: seconds since 1970. stop_timeout: negative: no end."""

    name: str
    id: str
    box: str
    digest: str
    created: float
    words: list[str]
    variables: list[str]
    arguments: list[str]
    command: str
    folder: str
    working_dir: str = ""
    restart: str = "no"
    stop_signal: int = 15
    stop_timeout: float = 10.0
    remove: bool = False
    interactive: bool = False
    terminal: bool = False
    health: Health | None = None
    labels: dict[str, str] | None = None
    log_size: int = 10 << 20
    log_files: int = 3


@dataclass(slots=True)
class State:
    """pid: of the life, supervisor: of who watches it. started, finished: seconds since 1970, 0:
    not yet. ports: {"ip", "host", "box", "protocol"} each. stopped: somebody asked for the end.
    limit, crash: what ended it, if not the program. health: None: there is no check;
    unchecked: why one that there is does not run."""

    status: Status = "created"
    pid: int = 0
    supervisor: int = 0
    started: float = 0.0
    finished: float = 0.0
    exit_code: int = 0
    restarts: int = 0
    stopped: bool = False
    error: str | None = None
    limit: str | None = None
    crash: str | None = None
    ports: list[dict[str, Any]] | None = None
    health: str | None = None
    failing: int = 0
    checks: list[dict[str, Any]] | None = None
    unchecked: str | None = None


T = TypeVar("T", Record, State)


def write_record(folder: Path, record: Record) -> None:
    """Raises `WriteError`."""
    write_atomically(folder / "service.json", json.dumps(asdict(record)).encode())


def read_record(folder: Path) -> Record:
    """Raises FileNotFoundError, `ServiceStateError`."""
    record = _read(folder / "service.json", Record)
    if isinstance(record.health, dict):
        return Record(**{**_shallow(record), "health": _made(Health, record.health)})
    return record


def write_state(folder: Path, state: State) -> None:
    """Whole or not at all, and without waiting for the disk. Raises OSError."""
    data = json.dumps(asdict(state)).encode()
    write_file(folder / "state.json", lambda descriptor: _write(descriptor, data))


def read_state(folder: Path) -> State:
    """Raises `ServiceStateError`."""
    try:
        return _read(folder / "state.json", State)
    except FileNotFoundError:
        return State()


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _read(path: Path, kind: type[T]) -> T:
    text = path.read_bytes()
    try:
        made: T = _made(kind, json.loads(text))
    except (ValueError, TypeError):
        raise ServiceStateError(
            f"`{path}` is damaged.", hint=f"Remove it with all beside it: `rm -r {path.parent}`."
        ) from None
    return made


def _made(kind: type[Any], value: dict[str, Any]) -> Any:
    names = {field.name for field in fields(kind)}
    return kind(**{name: part for name, part in value.items() if name in names})


def _shallow(record: Record) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}
