"""A box as an object.

Belongs here: what people embed. Does not: how any of it is done (`runtime`, `pipeline`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from boxer.boxfile import Box as BoxFile
from boxer.boxfile import BoxInfo, needed_hosts, read_box, read_info
from boxer.describe import box_digest, load_bytes
from boxer.errors import BoxerError, Where
from boxer.library.machine import Machine
from boxer.library.template import Template
from boxer.runtime import (
    Frozen,
    Limits,
    Mount,
    Network,
    OpenNetwork,
    Pool,
    RunResult,
    StartedInstance,
    Stream,
    run,
    run_options,
)


class Box:
    """A box that is ready to run: its code is compiled, its memory image mapped.

    Made by `load` and `build`. May be used by many threads at once.
    file: what it was read from. frozen: what machines are made from.
    """

    def __init__(self, file: BoxFile) -> None:
        self.file = file
        self.frozen = Frozen.of(file)

    @property
    def info(self) -> BoxInfo:
        """Its settings, its base, what is installed in it."""
        return self.file.info

    def run(
        self,
        arguments: Sequence[str] = (),
        *,
        stdin: bytes | Stream = b"",
        stdout: Stream = Stream.CAPTURE,
        stderr: Stream = Stream.CAPTURE,
        env: Mapping[str, str] | None = None,
        mounts: Sequence[Mount] = (),
        limits: Limits | None = None,
        entrypoint: str | None = None,
        working_dir: str | None = None,
        user: str | None = None,
        network: Network | OpenNetwork | None = None,
    ) -> RunResult:
        """Runs it once, on a fresh machine.

        arguments: replace CMD, as behind `docker run IMAGE`. env: laid over the box's own.
        user: "uid[:gid]", numbers. network: default none. A program that fails is a result, not an
        error. Raises `MountError`, `LimitValueError`, `PortTakenError`.
        """
        return run(
            self.frozen, arguments, env=env, mounts=mounts, stdin=stdin, stdout=stdout,
            stderr=stderr, limits=limits, entrypoint=entrypoint, working_dir=working_dir, user=user,
            network=network,
        )  # fmt: skip

    def pool(
        self,
        size: int | None = None,
        *,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        output: Stream = Stream.CAPTURE,
        mounts: Sequence[Mount] = (),
        network: Network | None = None,
        host: Mapping[str, Any] | None = None,
    ) -> Pool:
        """A pool of machines. size: how many run at once, by default one a processor. mounts: a
        machine with them serves one call. network: what they may reach, without ports.
        host: objects whose methods the box may call (`from boxer.host import NAME`), by name.
        Raises `HostFunctionError`."""
        machines = size or os.cpu_count() or 1
        offered, ask = self._offered(host)
        return Pool(
            self.frozen, machines, limits, env, output, mounts, network, ask=ask, offered=offered
        )

    def template(
        self,
        *cells: str,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Template:
        """What machines are started from that run cells and programs at once. cells: of Python,
        run once; what they import and set up, each machine has. limits, env: of its machines.
        Raises `GuestError` for what a cell raises."""
        return Template(self.file, self.frozen, cells, limits, env)

    def start(
        self,
        *,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        mounts: Sequence[Mount] = (),
        network: Network | None = None,
        host: Mapping[str, Any] | None = None,
    ) -> Machine:
        """A machine that goes on from call to call. limits: of each. mounts: it can be neither
        forked nor committed then. network: what it may reach, without ports. host: as of `pool`.
        Raises `MountError`, `HostFunctionError`."""
        offered, ask = self._offered(host)
        options = replace(run_options(limits, env, network), ask=ask)
        machine = Machine(self.file, StartedInstance(self.frozen, options, mounts))
        if offered is not None:
            machine.call("boxer.host:offer", offered)
        return machine

    def _offered(self, host: Mapping[str, Any] | None) -> tuple[Any, Any]:
        """What the box is told of functions of the host, and who answers."""
        from boxer.extensions import Extensions  # late: few have any

        needed = needed_hosts(self.info)
        if not host and not needed:
            return None, None
        extensions = host if isinstance(host, Extensions) else Extensions(host or {})
        extensions.check(needed)
        return extensions.offered, extensions.session


def load(box: str | os.PathLike[str]) -> Box:
    """A box of a file or of the user's store (`NAME[:TAG]`); one that names a registry and is not
    in the store is fetched (`boxer[registry]`).

    Raises `ImageMissingError`, `NotABoxError`, `DamagedBoxError`, `UnsupportedBoxError`,
    `RegistryError`, `SignatureError`, `PolicyError`.
    """
    name = _fetched(box)
    data = load_bytes(name)
    try:
        return Box(read_box(data))
    except BoxerError as error:
        raise error.at(Where(name)) from None


def settings_of(box: str | os.PathLike[str]) -> BoxInfo:
    """What `load(box).info` is, for less. Raises as `load`."""
    return read_info(load_bytes(_fetched(box)))


def digest_of(box: str | os.PathLike[str]) -> str:
    """The sha256 of a box's file. Raises as `load` where there is none, or it may not run."""
    return box_digest(_fetched(box))


def _fetched(box: str | os.PathLike[str]) -> str:
    name = os.fspath(box)
    if "/" in name and not os.path.isfile(name):  # noqa: PTH113 - as it is, without a Path
        from boxer.registry import fetch

        fetch(name)
    return name


def load_box(data: bytes) -> Box:
    """A box of its bytes. Raises as `load`, but for what is not found."""
    return Box(read_box(data))


def build(
    context: str | os.PathLike[str] = ".",
    *,
    dockerfile: str | os.PathLike[str] | None = None,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
    init: str | None = None,
    labels: Mapping[str, str] | None = None,
    secrets: Mapping[str, bytes] | None = None,
) -> Box:
    """Builds a box from a folder with a Dockerfile.

    target: the stage, default the last. init: `module:callable` to call before the freeze. secrets:
    by id, for `RUN --mount=type=secret`.
    Raises `BoxerError` with file and line.
    """
    from boxer.pipeline import build as build_box  # late: no loading of a box should wait for it

    result = build_box(
        Path(context),
        dockerfile=None if dockerfile is None else Path(dockerfile),
        build_args=build_args,
        target=target,
        init=init,
        labels=labels,
        secrets=secrets,
    )
    return Box(read_box(result.data))
