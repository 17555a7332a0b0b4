"""What a build will come to, line by line, before anything is run.

Belongs here: the forecast of a whole Dockerfile: bases, RUNs, requirements files of the context.
Does not: what a command comes to (`instructions.forecast`), BuildKit's lint rules
(`dockerfile.linting`).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from boxer.bases import resolve
from boxer.dockerfile import Add, Cmd, Copy, Dockerfile, Entrypoint, From, Instruction, Run, parse
from boxer.errors import BoxerError, UnknownBaseError, Where
from boxer.instructions import fetched_program, known_image
from boxer.instructions.forecast import Forecast, Verdict, forecast_packages, forecast_run
from boxer.instructions.pip.requirements import decoded
from boxer.pipeline.distribution import with_python_bases
from boxer.pipeline.events import Event, Notice
from boxer.pipeline.images import with_known_images
from boxer.pipeline.sources import Sources, find_sources

_REMOTE = ("http://", "https://", "git@", "git://", "ssh://")
_BACKGROUND = re.compile(r"(?<![&>|<])&(?![&>])")
_STARTERS = frozenset(("supervisord", "uwsgi", "nginx", "cron", "crond", "honcho", "circusd"))
_SERVERS = frozenset(("uvicorn", "gunicorn", "hypercorn", "waitress-serve", "fastapi", "flask",
                      "runserver", "daphne", "granian", "streamlit", "mcpo"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report. text: the instruction's first line, or a requirement."""

    where: Where
    text: str
    verdict: Verdict
    why: str = ""
    hint: str | None = None


def examine(context: Path, dockerfile: Path | None = None) -> list[Line]:
    """The report, in the order of the lines. Raises what reading the Dockerfile raises."""
    sources = find_sources(context, dockerfile)
    notices: dict[Where, str] = {}

    def hear(event: Event) -> None:
        if isinstance(event, Notice) and event.where is not None:
            notices[event.where] = event.message

    parsed = with_known_images(parse(sources.text, str(sources.path)), hear)
    parsed = with_python_bases(parsed, hear)
    stages = {entry.stage_name for entry in parsed.instructions if isinstance(entry, From)}
    lines: list[Line] = []
    for entry in parsed.instructions:
        found = _forecasts(entry, stages, parsed, sources)
        if entry.where in notices:
            found.insert(0, Forecast("changed", notices[entry.where]))
        text = " ".join(entry.text.split("\n", 1)[0].split())
        lines += [
            Line(entry.where, text, forecast.verdict, forecast.why, forecast.hint)
            for forecast in found or [Forecast("works")]
        ]
    return lines + _requirement_lines(sources)


def _forecasts(
    entry: Instruction, stages: set[str | None], parsed: Dockerfile, sources: Sources
) -> list[Forecast]:
    match entry:
        case From():
            return _base(entry, stages)
        case Run():
            return forecast_run(entry)
        case Copy():
            return _copy(entry, stages, sources)
        case Cmd() | Entrypoint():
            return _command(entry)
        case _:
            return []


def _base(entry: From, stages: set[str | None]) -> list[Forecast]:
    if entry.image.lower() in stages or "$" in entry.image:
        return []
    try:
        notice = resolve(entry.image).notice
    except UnknownBaseError as error:
        return [Forecast("fails", error.message, error.hint)]
    return [Forecast("changed", notice)] if notice else []


def _copy(entry: Copy, stages: set[str | None], sources: Sources) -> list[Forecast]:
    if entry.from_stage is not None:
        name = entry.from_stage
        known = name.isdecimal() or name.lower() in stages or known_image(name) is not None
        if known or "$" in name:
            return []
        try:
            resolve(name)
        except BoxerError as error:
            return [Forecast("fails", error.message, "Boxer fetches no images.")]
        return []
    found = []
    for source in entry.sources:
        if source.startswith(_REMOTE):
            if isinstance(entry, Add) and fetched_program(source) is None:
                why = f"`{source}` is fetched by nobody: a build gets packages only."
                found.append(Forecast("fails", why, "Download it before the build."))
        elif not any(character in source for character in "*?[$"):
            path = sources.context / source.strip("/")
            if not path.exists():
                why = f"`{source}` is not in the build context."
                found.append(Forecast("fails", why, "Make it, or correct the path."))
    return found


def _command(entry: Cmd | Entrypoint) -> list[Forecast]:
    words = entry.command.words
    script = entry.command.script or ""
    if words and posixpath.basename(words[0]) in ("sh", "bash") and words[1:2] == ("-c",):
        script = words[2] if len(words) > 2 else ""
    program = words[0] if words and not script else script.removeprefix("exec ").split(" ")[0]
    name = posixpath.basename(program)
    if _BACKGROUND.search(script):
        why = "A box is one process: nothing can run in the background (`&`)."
        return [
            Forecast("fails", why, "Start one program; put the others into boxes of their own.")
        ]
    if name in _STARTERS:
        why = f"`{name}` starts processes of its own; a box is one process."
        return [Forecast("fails", why, "Start the application itself.")]
    if name == "celery":
        why = "A worker fetches its tasks over the network, which a box has not."
        return [Forecast("fails", why, "Call the tasks as functions: `boxer run` for each.")]
    served = set(words or ()) | set(script.replace("&&", " ").replace(";", " ").split())
    if served & _SERVERS:
        why = "It serves inside the box; no port of the host is given to a box yet."
        return [
            Forecast("changed", why, "Call the application from inside, as a test client does.")
        ]
    return []


def _requirement_lines(sources: Sources) -> list[Line]:
    found = []
    for path in sorted(sources.context.glob("requirements*.txt")):
        for number, text in enumerate(decoded(path.read_bytes()).splitlines(), 1):
            requirement = text.split("#")[0].strip()
            if not requirement or requirement.startswith("-"):
                continue
            found += [
                Line(Where(str(path), number), requirement, forecast.verdict, forecast.why,
                     forecast.hint)
                for forecast in forecast_packages([requirement])
            ]  # fmt: skip
    return found
