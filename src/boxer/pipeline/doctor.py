"""What a build will come to, line by line, before anything is run.

Belongs here: the assessment of a whole Dockerfile: bases, RUNs, requirements files of the context.
Does not: what a command comes to (`userland.assessment`), BuildKit's lint rules
(`dockerfile.linting`).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from boxer.dockerfile import Add, Cmd, Copy, Dockerfile, Entrypoint, From, Instruction, Run, parse
from boxer.errors import BoxerError, UnknownBaseError, Where
from boxer.images import resolve, tools_of, with_known_images, with_python_bases
from boxer.packages import decoded
from boxer.pipeline.sources import Sources, find_sources
from boxer.userland import Assessment, Verdict, assess_packages, assess_run, fetched_program

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
    heard: dict[Where, str] = {}

    def hear(message: str, where: Where | None, hint: str | None) -> None:
        if where is not None:
            heard[where] = message

    parsed = with_known_images(parse(sources.text, str(sources.path)), hear)
    parsed = with_python_bases(parsed, hear)
    stages = {entry.stage_name for entry in parsed.instructions if isinstance(entry, From)}
    lines: list[Line] = []
    for entry in parsed.instructions:
        found = _assessments(entry, stages, parsed, sources)
        if entry.where in heard:
            found.insert(0, Assessment("changed", heard[entry.where]))
        text = " ".join(entry.text.split("\n", 1)[0].split())
        lines += [
            Line(entry.where, text, said.verdict, said.why, said.hint)
            for said in found or [Assessment("works")]
        ]
    return lines + _requirement_lines(sources)


def _assessments(
    entry: Instruction, stages: set[str | None], parsed: Dockerfile, sources: Sources
) -> list[Assessment]:
    match entry:
        case From():
            return _base(entry, stages)
        case Run():
            return assess_run(entry)
        case Copy():
            return _copy(entry, stages, sources)
        case Cmd() | Entrypoint():
            return _command(entry)
        case _:
            return []


def _base(entry: From, stages: set[str | None]) -> list[Assessment]:
    if entry.image.lower() in stages or "$" in entry.image:
        return []
    try:
        notice = resolve(entry.image).notice
    except UnknownBaseError as error:
        return [Assessment("fails", error.message, error.hint)]
    return [Assessment("changed", notice)] if notice else []


def _copy(entry: Copy, stages: set[str | None], sources: Sources) -> list[Assessment]:
    if entry.from_stage is not None:
        name = entry.from_stage
        known = name.isdecimal() or name.lower() in stages or bool(tools_of(name))
        if known or "$" in name:
            return []
        try:
            resolve(name)
        except BoxerError as error:
            return [Assessment("fails", error.message, "Boxer fetches no images.")]
        return []
    found = []
    for source in entry.sources:
        if source.startswith(_REMOTE):
            if isinstance(entry, Add) and fetched_program(source) is None:
                why = f"`{source}` is fetched by nobody: a build gets packages only."
                found.append(Assessment("fails", why, "Download it before the build."))
        elif not any(character in source for character in "*?[$"):
            path = sources.context / source.strip("/")
            if not path.exists():
                why = f"`{source}` is not in the build context."
                found.append(Assessment("fails", why, "Make it, or correct the path."))
    return found


def _command(entry: Cmd | Entrypoint) -> list[Assessment]:
    argv = entry.command.argv
    script = entry.command.script or ""
    if argv and posixpath.basename(argv[0]) in ("sh", "bash") and argv[1:2] == ("-c",):
        script = argv[2] if len(argv) > 2 else ""
    program = argv[0] if argv and not script else script.removeprefix("exec ").split(" ")[0]
    name = posixpath.basename(program)
    if _BACKGROUND.search(script):
        why = "A box is one process: nothing can run in the background (`&`)."
        return [
            Assessment("fails", why, "Start one program; put the others into boxes of their own.")
        ]
    if name in _STARTERS:
        why = f"`{name}` starts processes of its own; a box is one process."
        return [Assessment("fails", why, "Start the application itself.")]
    if name == "celery":
        why = "A worker fetches its tasks over the network, which a box has not."
        return [Assessment("fails", why, "Call the tasks as functions: `boxer run` for each.")]
    served = set(argv or ()) | set(script.replace("&&", " ").replace(";", " ").split())
    if served & _SERVERS:
        why = "It serves inside the box; no port of the host is given to a box yet."
        return [
            Assessment("changed", why, "Call the application from inside, as a test client does.")
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
                Line(Where(str(path), number), requirement, said.verdict, said.why,
                     said.hint)
                for said in assess_packages([requirement])
            ]  # fmt: skip
    return found
