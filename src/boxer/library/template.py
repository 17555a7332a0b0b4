"""A template: a box whose machines begin ready for cells and programs.

Belongs here: how it is made and started. Does not: machines (`machine`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from boxer.boxfile import Box as BoxFile
from boxer.library.machine import Machine
from boxer.library.snapshots import read_snapshot
from boxer.runtime import (
    Frozen,
    Limits,
    Mount,
    Network,
    Spares,
    StartedInstance,
    call_request,
    patient,
    run_options,
)

WARM_UP = "boxer._attend:warm_up"


class Template:
    """What machines are started from, each in the state the template's cells left. May be used by
    many threads at once. Made by `Box.template`."""

    def __init__(
        self,
        file: BoxFile,
        frozen: Frozen,
        cells: Sequence[str],
        limits: Limits | None,
        env: Mapping[str, str] | None,
    ) -> None:
        options = run_options(patient(limits or Limits()), env)
        request = call_request(WARM_UP, (list(cells),), {})
        self.file = file
        self.frozen, _ = frozen.after(request, options)
        self._limits, self._env = limits, dict(env or {})
        self._spares = Spares(self.frozen)

    def start(
        self,
        *,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        mounts: Sequence[Mount] = (),
        network: Network | None = None,
    ) -> Machine:
        """A machine of its own. limits, env: over the template's. mounts: it can be neither forked
        nor saved then. Raises `MountError`."""
        options = run_options(limits or self._limits, {**self._env, **(env or {})}, network)
        return Machine(
            self.file, StartedInstance(self.frozen, options, mounts, spares=self._spares)
        )

    def close(self) -> None:
        """Throws away the machines that lie ready for those that start next. More can be
        started."""
        self._spares.clear()

    def restore(
        self,
        path: str | os.PathLike[str],
        *,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        network: Network | None = None,
    ) -> Machine:
        """The machine that `Machine.save` wrote. Raises `DamagedBoxError`, also where it was
        started from something else; OSError where there is no such file."""
        snapshot = read_snapshot(Path(path), self.frozen)
        options = run_options(limits or self._limits, {**self._env, **(env or {})}, network)
        return Machine(self.file, StartedInstance(self.frozen, options, snapshot=snapshot))
