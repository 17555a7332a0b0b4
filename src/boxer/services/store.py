"""The services of a user: a folder for each, below `$XDG_STATE_HOME/boxer`.

Belongs here: names, making, finding, removing. Does not: running (`supervisor`).

    services/NAME/service.json   what it is (`Record`), written once
    services/NAME/state.json     how it is (`State`), by its supervisor
    services/NAME/lock           held by its supervisor
    services/NAME/control        the socket it is asked by
    services/NAME/log, log.1 ..  what it wrote (`logs`)
    boxes/sha256/DIGEST          the files they run

Invariants
1. A folder gets its name when all is in it, by a rename, which fails where the name is taken: of
   two who want a name one gets it.
2. Whoever changes what belongs to a service holds its lock, and so does whoever removes it.
3. The folders are the user's alone: they hold values of variables.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from boxer.blobstore import Blobs, is_held, locked, make_folder, state_folder, take
from boxer.errors import (
    NameTakenError,
    ServiceMissingError,
    ServiceOptionError,
    ServiceStateError,
    WriteError,
)
from boxer.services.records import (
    Record,
    State,
    read_record,
    read_state,
    write_record,
    write_state,
)

# docker's (RestrictedNamePattern); it can be no path and no option.
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}")
_ID = re.compile(r"[0-9a-f]{1,64}")
_UNFINISHED, _REMOVED = ".new-", ".old-"
# How long who wants a lock waits for a supervisor that is about to end, seconds.
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Service:
    folder: Path
    record: Record

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def control(self) -> Path:
        return self.folder / "control"

    def is_watched(self) -> bool:
        """Whether its supervisor lives."""
        return is_held(self.folder / "lock")

    def state(self) -> State:
        """How it is. Raises `ServiceStateError`."""
        return read_state(self.folder)

    def set_state(self, state: State) -> None:
        """Raises OSError."""
        write_state(self.folder, state)

    def take_lock(self, patience: float = _PATIENCE) -> int | None:
        """A descriptor that holds its lock; None: its supervisor has it and keeps it.

        Raises OSError: it was removed meanwhile.
        """
        until = time.monotonic() + patience
        while True:
            descriptor = take(self.folder / "lock")
            if descriptor is not None:
                return self._checked(descriptor)
            if time.monotonic() >= until:
                return None
            time.sleep(0.02)

    def _checked(self, lock: int) -> int:
        """The name may be another's by now, or nobody's."""
        try:
            if read_record(self.folder).id == self.record.id:
                return lock
            raise FileNotFoundError(errno.ENOENT, "another has its name")
        except BaseException:
            os.close(lock)
            raise


class ServiceStore:
    """root: `$XDG_STATE_HOME/boxer`, by default below ~/.local/state."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or state_folder()
        self.blobs = Blobs(self.root / "boxes")
        self._services = self.root / "services"

    def create(self, record: Record, box: bytes) -> tuple[Service, int]:
        """Makes a service that runs a box, and gives the descriptor that holds its lock. The
        record's digest is set here.

        Raises `NameTakenError`, `ServiceOptionError`, `WriteError`.
        """
        check_name(record.name)
        self._make_root()
        if (self._services / record.name).exists():
            raise self._taken(record.name)
        with locked(self.root / "lock"):  # a box that nothing names yet is not removed meanwhile
            return self._create(replace(record, digest=self.blobs.put(box)))

    def _create(self, record: Record) -> tuple[Service, int]:
        draft = self._services / f"{_UNFINISHED}{secrets.token_hex(8)}"
        folder = self._services / record.name
        lock = None
        try:
            draft.mkdir(mode=0o700)
            lock = take(draft / "lock")
            assert lock is not None, "nobody else knows of it"
            write_record(draft, record)
            draft.rename(folder)
        except BaseException as error:
            if lock is not None:
                os.close(lock)
            shutil.rmtree(draft, ignore_errors=True)
            if not isinstance(error, OSError):
                raise
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise self._taken(record.name) from None
            raise WriteError(
                f"`{folder}` cannot be made: {error.strerror}.",
                hint=f"See how much room there is: `df -h {self.root}`; XDG_STATE_HOME names"
                " another place.",
            ) from None
        return Service(folder, record), lock

    def get(self, name: str) -> Service:
        """By name, or the beginning of an id. Raises `ServiceMissingError`, `ServiceStateError`."""
        if _NAME.fullmatch(name):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                folder = self._services / name
                return Service(folder, read_record(folder))
        if _ID.fullmatch(name):
            found = [one for one in self.list() if one.record.id.startswith(name)]
            if len(found) == 1:
                return found[0]
            if found:
                names = ", ".join(f"`{one.name}`" for one in found)
                raise ServiceMissingError(f"`{name}` begins the ids of {names}.")
        raise self._missing(name)

    def list(self) -> Iterator[Service]:
        """All of them, the newest first; those whose record is damaged are left out."""
        found = []
        for folder in self._folders():
            with contextlib.suppress(FileNotFoundError, ServiceStateError):
                found.append(Service(folder, read_record(folder)))
        yield from sorted(found, key=lambda service: service.record.created, reverse=True)

    def damaged(self) -> Iterator[ServiceStateError]:
        """What is wrong with those that `list` leaves out."""
        for folder in self._folders():
            try:
                read_record(folder)
            except FileNotFoundError:
                continue
            except ServiceStateError as error:
                yield error

    def remove(self, service: Service, lock: int) -> None:
        """Removes it, and the file it ran if no other runs it. lock: held, and closed here."""
        try:
            gone = self._services / f"{_REMOVED}{secrets.token_hex(8)}"
            with contextlib.suppress(FileNotFoundError):
                service.folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        except OSError as error:
            raise WriteError(f"`{service.folder}` cannot be removed: {error.strerror}.") from None
        finally:
            os.close(lock)
        with locked(self.root / "lock"):
            if all(other.record.digest != service.record.digest for other in self.list()):
                self.blobs.remove(service.record.digest)

    def sweep(self) -> None:
        """Removes what processes that were killed have left: folders without a name, and services
        that were to be gone with their end."""
        for pattern in (f"{_UNFINISHED}*", f"{_REMOVED}*"):
            for folder in self._services.glob(pattern):
                if not is_held(folder / "lock") and _is_old(folder):
                    shutil.rmtree(folder, ignore_errors=True)
        for service in list(self.list()):
            if service.record.remove and not service.is_watched():
                with contextlib.suppress(OSError, WriteError):
                    lock = service.take_lock(0)
                    if lock is not None:
                        self.remove(service, lock)

    def _folders(self) -> Sequence[Path]:
        try:
            return sorted(one for one in self._services.iterdir() if _NAME.fullmatch(one.name))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _make_root(self) -> None:
        make_folder(self.root)
        try:
            self.root.chmod(0o700)
        except OSError as error:
            raise WriteError(
                f"`{self.root}` is not yours: {error.strerror}.",
                hint="XDG_STATE_HOME names another place.",
            ) from None
        make_folder(self._services)

    def _taken(self, name: str) -> NameTakenError:
        return NameTakenError(
            f"There is a box with the name `{name}`.",
            hint=f"`boxer start {name}` starts it again, `boxer rm -f {name}` removes it; or take"
            " another name.",
        )

    def _missing(self, name: str) -> ServiceMissingError:
        names = [service.name for service in self.list()]
        there = ", ".join(f"`{one}`" for one in names[:10]) + (" .." if len(names) > 10 else "")
        return ServiceMissingError(
            f"There is no box `{name}` that runs or has run detached.",
            hint=f"There are {there}: `boxer ps -a`."
            if names
            else "`boxer run -d --name NAME BOX` starts one; `boxer images` lists boxes to run.",
        )


def check_name(name: str) -> None:
    """Raises `ServiceOptionError`."""
    if not _NAME.fullmatch(name):
        raise ServiceOptionError(
            f"`{name}` is no name for a running box.",
            hint="Letters, digits, `_`, `.` and `-`, two at least, a letter or digit first.",
        )


def new_id() -> str:
    return secrets.token_hex(32)


def new_name(box: str) -> str:
    """A name for a service that was given none: its box's and a few digits."""
    stem = re.sub(r"[^a-zA-Z0-9_.-]+", "-", box.rpartition("/")[2].partition(":")[0])
    stem = stem.removesuffix(".wasm").strip("-._")[:40] or "box"
    return f"{stem}-{secrets.token_hex(3)}"


def _is_old(folder: Path) -> bool:
    """One that is being made has no lock for a moment."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and time.time() - status.st_mtime > 60
