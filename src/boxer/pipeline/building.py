"""The whole way from a Dockerfile to a box. Read this first: it is the order of everything.

sources -> dockerfile -> plan -> stages (instructions) -> assemble (link, freeze, write) -> file
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from boxer.blobstore import check_place, write_atomically
from boxer.boxfile import BoxInfo
from boxer.dockerfile import Copy, Dockerfile, Run, parse
from boxer.errors import BoxerError, EpochError
from boxer.images import BaseSource, bases_here, with_known_images, with_python_bases
from boxer.instructions import Context, with_labels
from boxer.packages import base_program, with_extensions
from boxer.pipeline.assemble import Finished, assemble
from boxer.pipeline.checking import stop_at_findings
from boxer.pipeline.commandcheck import check_command, missing_check, tell_differences
from boxer.pipeline.cprogram import find_cprogram, idle_programs, with_program
from boxer.pipeline.events import BuildFinished, BuildStarted, Listener, Notice, ignore, notices
from boxer.pipeline.imports import Imports, program_imports
from boxer.pipeline.javascript import check_scripts
from boxer.pipeline.places import Places
from boxer.pipeline.sources import Sources, find_sources
from boxer.pipeline.stages import Bases, Built, StageBuilder
from boxer.pipeline.warmup import warmup
from boxer.plan import Plan, plan, unused_build_args

# Without SOURCE_DATE_EPOCH (reproducible-builds.org). Not 1970: a zip archive, and so Python's own
# zipfile, cannot hold times before 1980-01-01.
DEFAULT_EPOCH = 315_532_800
# The end of year 9999, the last a timestamp of RFC 3339 can name.
LAST_EPOCH = 253_402_300_799


@dataclass(frozen=True, slots=True)
class BuildResult:
    """data: the box. digest: its sha256, hex. output: the file it was written to, if any."""

    data: bytes
    info: BoxInfo
    digest: str
    output: Path | None


def build(
    context: Path,
    *,
    dockerfile: Path | None = None,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
    output: Path | None = None,
    init: str | None = None,
    epoch: int | None = None,
    cache: bool = True,
    labels: Mapping[str, str] | None = None,
    secrets: Mapping[str, bytes] | None = None,
    bases: BaseSource | None = None,
    events: Listener = ignore,
) -> BuildResult:
    """Builds a box.

    dockerfile: default CONTEXT/Dockerfile. target: the stage to build, default the last. output:
    where to write the box; without it the box is in the result only. init: `module:callable` that
    is called before the freeze, default the label `boxer.init`. epoch: the time of everything
    in the box, seconds since 1970, default SOURCE_DATE_EPOCH, else 1980-01-01. cache: whether an
    unchanged RUN on unchanged input is taken from earlier builds, and kept for later ones. labels:
    more of them. secrets: what `RUN --mount=type=secret` shows, by id; a change of one runs nothing
    again, as in BuildKit. bases: default the ones on this machine.
    Raises a `BoxerError` for whatever is wrong with the input; nothing is left of the output then.
    """
    began = time.monotonic()
    if output is not None:
        check_place(output)
    moment = source_date_epoch() if epoch is None else epoch
    sources = find_sources(context, dockerfile)
    parsed = with_known_images(parse(sources.text, str(sources.path)), notices(events))
    parsed = with_python_bases(parsed, notices(events))
    known = Bases(bases or bases_here(), events)
    planned = plan(parsed, build_args or {}, target, known.environment)
    stop_at_findings(sources)
    _announce(sources, parsed, planned, events)
    for name, near in unused_build_args(parsed, build_args or {}).items():
        hint = f"Did you mean `{near}`?" if near else f"Write `ARG {name}` where it is to be seen."
        events(Notice(f"`--build-arg {name}`: no ARG is called so.", None, hint))
    files = Context(context, sources.ignore)
    built = StageBuilder(known, files, moment, events, cache, secrets).build(planned)
    built = replace(built, config=with_labels(built.config, tuple((labels or {}).items())))
    data, info = finish(built, planned, moment, init, events)
    digest = hashlib.sha256(data).hexdigest()
    if output is not None:
        write_atomically(output, data)
    events(BuildFinished(output, digest, len(data), time.monotonic() - began, _remark(built)))
    return BuildResult(data, info, digest, output)


def _remark(built: Built) -> str:
    """Said once more at the end: the box has another Python than the Dockerfile asks for."""
    python = built.base.info.python
    if not built.python_asked or python is None:
        return ""
    return (
        f"The Dockerfile asks for Python {built.python_asked}; the box has Python {python.series}."
    )


def finish(
    built: Built, planned: Plan, epoch: int, init: str | None, events: Listener
) -> tuple[bytes, BoxInfo]:
    """The bytes of the box and its description. What is wrong with it as a whole has the line of
    the Dockerfile that says so."""
    places = Places(planned)
    try:
        data, info = assemble(_finished(built, epoch, init, places, events), events)
    except BoxerError as error:
        if place := places.of_error(error, init):
            error.at(place)
        raise
    tell_differences(info.distributions, places, events)
    return data, info


def source_date_epoch() -> int:
    """SOURCE_DATE_EPOCH, or the default. Raises `EpochError` for what is no number of seconds."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return DEFAULT_EPOCH
    if not (text.isascii() and text.isdecimal() and len(text) < 13 and int(text) <= LAST_EPOCH):
        raise EpochError(
            f"SOURCE_DATE_EPOCH is `{text}`, which is no time.",
            hint="Give seconds since 1970: `export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)`.",
        )
    return int(text)


def _announce(sources: Sources, parsed: Dockerfile, planned: Plan, events: Listener) -> None:
    events(BuildStarted(sources.context, sources.path, len(planned.stages)))
    for warning in parsed.warnings:
        events(Notice(warning.message, warning.where))


def _with_program_of_check(built: Built, epoch: int) -> Built:
    """With the program that HEALTHCHECK calls and an image with tools has anyway: `curl`. Other
    boxes are not to grow by it."""
    name = missing_check(built.config, built.tree) if built.is_whole else None
    data = base_program(built.base, name) if name and "/" not in name else None
    if data is None:
        return built
    tree = built.tree.copy()
    tree.add_file(f"/usr/bin/{name}", data, 0o755, 0, 0, epoch)
    return replace(built, tree=tree)


def _with_volumes(built: Built, epoch: int) -> Built:
    """With the folders of VOLUME that no instruction makes: where an image runs they are there."""
    missing = [path for path in built.config.volumes if built.tree.get(path) is None]
    if not missing:
        return built
    tree = built.tree.copy()
    for path in missing:
        tree.make_directories(path, mtime=epoch)
    return replace(built, tree=tree)


def _finished(
    built: Built, epoch: int, init: str | None, places: Places, events: Listener
) -> Finished:
    """What is frozen: a C program, or the base's own modules and those its program will import."""
    built = _with_volumes(_with_program_of_check(built, epoch), epoch)
    program_file = find_cprogram(built.config, built.tree, bool(built.base.module))
    if program_file is not None:
        return Finished(*with_program(built.base, built.tree, program_file), built.config, epoch)
    for path in idle_programs(built.tree, linked=True):
        message = f"`{path}` is a program of its own, which cannot be linked with the box's."
        hint = "Compile it again; or run it in a RUN and keep what it writes, or name it as CMD."
        events(Notice(message, places.of(Copy, Run, naming=posixpath.basename(path)), hint))
    base = built.base.info
    program = Imports()
    if base.python is not None:
        program = program_imports(built.config, built.tree, base.python.stdlib)
    else:
        check_scripts(built.config, built.tree)
    check_command(built.config, built.tree, program, built.python_asked, places, events)
    steps = warmup(built.config, tuple(base.preimport), program, init)
    return Finished(*with_extensions(built.base, built.tree), built.config, epoch, steps)
