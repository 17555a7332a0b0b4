"""Sandboxes: machines with a name, an owner's data and an end.

Belongs here: which there are, when they end, where a paused one is. Does not: any protocol.

Invariants
1. A sandbox's name is drawn, 20 letters and digits; its token is another secret. Neither tells of
   any other.
2. There are `most` of them, paused ones among them; each ends when its time is over, whoever waits.
3. A paused sandbox is a file of the user's alone while it is at rest, else a machine that stands
   still.
4. All methods may be called from any thread; one sandbox changes its state once at a time.
"""

from __future__ import annotations

import re
import secrets
import shutil
import string
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxer.errors import BoxerError, MachineBusyError, SandboxError
from boxer.library import Machine, Template
from boxer.runtime import Limits, Mount, Network

DEFAULT_TIMEOUT, LONGEST_TIMEOUT = 300, 24 * 3600
ALPHABET = string.ascii_lowercase + string.digits
RUNNING, PAUSED = "running", "paused"
MOST_METADATA = 64 << 10


@dataclass(frozen=True, slots=True)
class Settings:
    """What each sandbox is given. most: how many there are at once. folder: where paused ones lie,
    default a temporary one of this process."""

    limits: Limits = field(default_factory=Limits)
    env: Mapping[str, str] = field(default_factory=dict)
    network: Network | None = None
    mounts: tuple[Mount, ...] = ()
    most: int = 1000
    timeout: int = DEFAULT_TIMEOUT
    folder: Path | None = None


class Sandbox:
    """One sandbox. data: of whoever speaks a protocol with it."""

    def __init__(self, template: str, machine: Machine, metadata: dict[str, str]) -> None:
        self.name = "".join(secrets.choice(ALPHABET) for _ in range(20))
        self.token = secrets.token_urlsafe(24)
        self.template = template
        self.metadata = metadata
        self.started = self.ends = time.time()
        self.state = RUNNING
        self.env: dict[str, str] = {}
        self.pauses = False  # when its time is over, instead of ending
        self.resumes = False  # when it is asked for something while it is paused
        self.cwd: str | None = None
        self.data: dict[str, Any] = {}
        self.lock = threading.RLock()
        self.file: Path | None = None
        self.closed = False
        self._machine: Machine | None = machine

    @property
    def machine(self) -> Machine:
        """Raises `SandboxError` where it is paused or has ended."""
        machine = self._machine
        if machine is None or self.state != RUNNING:
            raise SandboxError(f"The sandbox `{self.name}` is {self.state}.")
        return machine

    def fail_if_closed(self) -> None:
        if self.closed:
            raise SandboxError(f"The sandbox `{self.name}` was not found.")


class Sandboxes:
    """All of a server. templates: by name; `default` is what an unknown name means, too, where
    `any_name`."""

    def __init__(
        self, templates: Mapping[str, Template], settings: Settings, any_name: bool = True
    ) -> None:
        self.settings = settings
        self._templates = dict(templates)
        self._any_name = any_name
        self._all: dict[str, Sandbox] = {}
        self._users: dict[str, dict[str, Any]] = {}
        self._snapshots: dict[str, tuple[str, Machine]] = {}
        self._lock = threading.Lock()
        self._reserved = 0
        self._closed = threading.Event()
        self._folder: Path | None = None
        threading.Thread(target=self._end_those_due, name="boxer-sandboxes", daemon=True).start()

    # --- which there are ---

    def get(self, name: str) -> Sandbox:
        """Raises `SandboxError`."""
        found = self._all.get(name)
        if found is None or found.closed:
            raise SandboxError(f"The sandbox `{name}` was not found.")
        return found

    def all(self) -> list[Sandbox]:
        """Those there are, the oldest first."""
        with self._lock:
            return sorted(self._all.values(), key=lambda one: (one.started, one.name))

    def template_of(self, name: str) -> tuple[str, Template]:
        """Raises `SandboxError`."""
        if name in self._templates:
            return name, self._templates[name]
        if self._any_name and re.fullmatch(r"[A-Za-z0-9_.:/-]{0,128}", name):
            return "default", self._templates["default"]
        raise SandboxError(f"There is no template `{name}`.")

    # --- begin, end ---

    def create(
        self,
        template: str = "default",
        *,
        env: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Sandbox:
        """A new one, of a template or a snapshot. timeout: seconds. Raises `SandboxError`."""
        snapshot = self._snapshots.get(template)
        if snapshot is not None:
            sandbox = self._add(snapshot[0], snapshot[1].fork, env, metadata, timeout)
            if env:
                sandbox.machine.cell(f"__import__('os').environ.update({dict(env)!r})")
            return sandbox
        name, made_of = self.template_of(template)
        users = None if env else self._users_of(name, made_of)
        sandbox = self._add(name, lambda: self._start(made_of, env or {}), env, metadata, timeout)
        if users is not None:
            sandbox.data["users"] = users
        return sandbox

    def is_quick(self, template: str) -> bool:
        """Whether `create` starts one at once, without waiting for anything."""
        if template in self._snapshots or self.settings.mounts:
            return False
        return (template if template in self._templates else "default") in self._users

    def _users_of(self, name: str, template: Template) -> dict[str, Any]:
        """What all its machines say of their users, until something is done in them. It is asked of
        one that nobody else has."""
        known = self._users.get(name)
        if known is None:
            with self._start(template, {}) as machine:
                known = self._users[name] = machine.files.users()
        return {**known, "users": dict(known.get("users") or {})}

    def _start(self, template: Template, env: Mapping[str, str]) -> Machine:
        settings = self.settings
        return template.start(
            limits=settings.limits,
            env={**settings.env, **env},
            mounts=settings.mounts,
            network=settings.network,
        )

    def fork(self, name: str, *, timeout: float | None = None) -> Sandbox:
        """Another one that goes on from this one's state. Raises `SandboxError`,
        `MachineBusyError` while something runs in it."""
        parent = self.get(name)
        with parent.lock:
            machine = parent.machine
            copy = self._add(parent.template, machine.fork, parent.env, parent.metadata, timeout)
        copy.cwd = parent.cwd
        return copy

    def kill(self, name: str) -> bool:
        """Ends one. False: there was none."""
        sandbox = self.remove(name)
        if sandbox is None:
            return False
        self.end(sandbox)
        return True

    def remove(self, name: str) -> Sandbox | None:
        """Nobody finds it any more; `end` is still to be called."""
        with self._lock:
            sandbox = self._all.pop(name, None)
        if sandbox is not None:
            sandbox.closed = True
        return sandbox

    def end(self, sandbox: Sandbox) -> None:
        """Ends its machine, once it was removed."""
        machine, sandbox._machine = sandbox._machine, None
        if machine is not None:
            machine.close()
        with sandbox.lock:
            if sandbox.file is not None:
                sandbox.file.unlink(missing_ok=True)

    def set_timeout(self, name: str, seconds: float) -> None:
        """It ends so many seconds from now. Raises `SandboxError`."""
        self.get(name).ends = time.time() + self._bounded(seconds)

    def close(self) -> None:
        """Ends them all."""
        self._closed.set()
        for sandbox in self.all():
            self.kill(sandbox.name)
        for _, machine in self._snapshots.values():
            machine.close()
        self._snapshots.clear()
        for template in self._templates.values():
            template.close()
        if self._folder is not None and self.settings.folder is None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # --- pause, snapshots ---

    def pause(self, name: str) -> bool:
        """It stands still: as a file, or, while something runs in it, as it is. False: it is
        paused already."""
        sandbox = self.get(name)
        with sandbox.lock:
            if sandbox.state == PAUSED:
                return False
            machine = sandbox.machine
            file = self._place() / f"{sandbox.name}.machine"
            try:
                if self.settings.mounts:
                    raise MachineBusyError("mounted folders")
                machine.save(file)
            except MachineBusyError:
                machine.pause()
                sandbox.state = PAUSED
                return True
            sandbox.state, sandbox.file, sandbox._machine = PAUSED, file, None
            machine.close()
            return True

    def resume(self, name: str, timeout: float | None = None) -> Sandbox:
        """Goes on with one that is paused; one that runs is left as it is. Raises
        `SandboxError`."""
        sandbox = self.get(name)
        with sandbox.lock:
            sandbox.fail_if_closed()
            if sandbox.state == PAUSED:
                if sandbox._machine is not None:
                    sandbox._machine.resume()
                elif sandbox.file is not None:
                    sandbox._machine = self._restored(sandbox, sandbox.file)
                    sandbox.file = None
                sandbox.state = RUNNING
                sandbox.ends = time.time() + self._bounded(timeout)
            elif timeout is not None:
                sandbox.ends = max(sandbox.ends, time.time() + self._bounded(timeout))
        return sandbox

    def snapshot(self, name: str, label: str | None = None) -> str:
        """Keeps its state, for `create` to begin from; as long as this server lives. Raises as
        `fork`."""
        sandbox = self.get(name)
        with self._lock:
            if len(self._snapshots) >= self.settings.most:
                raise SandboxError("There are too many snapshots.")
        with sandbox.lock:
            copy = sandbox.machine.fork()
        key = label or "snapshot-" + "".join(secrets.choice(ALPHABET) for _ in range(16))
        with self._lock:
            old = self._snapshots.pop(key, None)
            self._snapshots[key] = (sandbox.template, copy)
        if old is not None:
            old[1].close()
        return key

    def snapshots(self) -> list[str]:
        """Their names."""
        with self._lock:
            return list(self._snapshots)

    def forget_snapshot(self, key: str) -> bool:
        """False: there was none."""
        with self._lock:
            old = self._snapshots.pop(key, None)
        if old is not None:
            old[1].close()
        return old is not None

    # --- inner ---

    def _add(
        self,
        template: str,
        start: Callable[[], Machine],
        env: Mapping[str, str] | None,
        metadata: Mapping[str, str] | None,
        timeout: float | None,
    ) -> Sandbox:
        bounded = self._bounded(timeout)
        if sum(len(k) + len(v) for k, v in (metadata or {}).items()) > MOST_METADATA:
            raise SandboxError("The metadata is longer than 64 KiB.")
        with self._lock:
            if len(self._all) + self._reserved >= self.settings.most:
                raise SandboxError(f"There are {self.settings.most} sandboxes already.")
            self._reserved += 1
        try:
            sandbox = Sandbox(template, start(), dict(metadata or {}))
        finally:
            with self._lock:
                self._reserved -= 1
        sandbox.env = dict(env or {})
        sandbox.ends = sandbox.started + bounded
        with self._lock:
            self._all[sandbox.name] = sandbox
        return sandbox

    def _place(self) -> Path:
        """Where paused ones lie, made with the first one."""
        with self._lock:
            if self._folder is None:
                given = self.settings.folder
                self._folder = given or Path(tempfile.mkdtemp(prefix="boxer-sandboxes-"))
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._folder

    def _restored(self, sandbox: Sandbox, file: Path) -> Machine:
        _, template = self.template_of(sandbox.template)
        machine = template.restore(
            file,
            limits=self.settings.limits,
            env={**self.settings.env, **sandbox.env},
            network=self.settings.network,
        )
        file.unlink(missing_ok=True)
        return machine

    def _bounded(self, timeout: float | None) -> float:
        seconds = self.settings.timeout if timeout is None else timeout
        if not 0 <= seconds <= LONGEST_TIMEOUT:
            raise SandboxError(f"A sandbox lives for {LONGEST_TIMEOUT} s at most.")
        return seconds

    def _end_those_due(self) -> None:
        while not self._closed.wait(0.2):
            now = time.time()
            for sandbox in self.all():
                if sandbox.ends > now or sandbox.state == PAUSED:
                    continue
                try:
                    if sandbox.pauses:
                        self.pause(sandbox.name)
                    else:
                        self.kill(sandbox.name)
                except BoxerError:
                    self.kill(sandbox.name)
