"""What a build will come to, line by line, told without stopping at the first thing that fails.

Belongs here: the report. It is the build that judges: its stages are built as `building` does it,
packages and all, each step's failure is a line, and the box is frozen where none failed and thrown
away. Does not: any instruction's work (`stages`), BuildKit's lint rules (`dockerfile.linting`).

Invariant: the report says that the build stops exactly where `boxer build` would raise.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from boxer.dockerfile import Cmd, Dockerfile, Entrypoint, Env, From, Instruction, parse
from boxer.errors import BoxerError, RunFailedError, TreeError, UnknownBaseError, Where
from boxer.images import BaseSource, bases_here, resolve, with_known_images, with_python_bases
from boxer.instructions import Context
from boxer.pipeline.building import finish, source_date_epoch
from boxer.pipeline.commands import NOT_RUN
from boxer.pipeline.doctornetwork import outbound_of, run_line
from boxer.pipeline.events import Event, Notice, StepStarted
from boxer.pipeline.sources import find_sources
from boxer.pipeline.stages import Bases, StageBuilder
from boxer.plan import Step, plan

Verdict = Literal["works", "changed", "fails", "unknown"]

_SERVERS = frozenset(("uvicorn", "gunicorn", "hypercorn", "waitress-serve", "fastapi", "flask",
                      "runserver", "daphne", "granian", "streamlit", "mcpo"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assessment:
    """verdict: works; changed, with a notice; fails; unknown, since something before it fails."""

    verdict: Verdict
    why: str = ""
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report. text: the instruction's first line."""

    where: Where
    text: str
    verdict: Verdict
    why: str = ""
    hint: str | None = None


@dataclass(slots=True)
class Report:
    """lines: in the order of the Dockerfile. stops: whether the build would stop."""

    lines: list[Line] = field(default_factory=list)
    stops: bool = False


def examine(
    context: Path, dockerfile: Path | None = None, bases: BaseSource | None = None
) -> Report:
    """The report. bases: default the ones on this machine. Raises what reading the Dockerfile
    raises."""
    sources = find_sources(context, dockerfile)
    heard = _Heard()
    parsed = with_known_images(parse(sources.text, str(sources.path)), heard.notice)
    parsed = with_python_bases(parsed, heard.notice)
    known = Bases(bases or bases_here(), heard)
    try:
        planned = plan(parsed, {}, None, known.environment)
        files = Context(context, sources.ignore)
        epoch = source_date_epoch()
        built = StageBuilder(known, files, epoch, heard, failed=heard.failed).build(planned)
        if not heard.stops:
            finish(built, planned, epoch, None, heard)
    except UnknownBaseError:
        for entry, unknown in _unknown_bases(parsed):
            heard.stop(unknown, entry.where)
    except BoxerError as error:
        heard.stop(error, _last(parsed, error))
    return Report(list(_lines(parsed, heard)), heard.stops)


def _unknown_bases(parsed: Dockerfile) -> Iterator[tuple[From, UnknownBaseError]]:
    """All of them: a build would tell of the first."""
    names = {e.stage_name for e in parsed.instructions if isinstance(e, From)}
    for entry in parsed.instructions:
        if isinstance(entry, From):
            try:
                resolve(entry.image)
            except UnknownBaseError as error:
                if entry.image.lower() not in names:
                    yield entry, error


def _last(parsed: Dockerfile, error: BoxerError) -> Where:
    """Where an error belongs that names no line of the Dockerfile: its last one."""
    places = [entry.where for entry in parsed.instructions]
    return error.where if error.where in places else places[-1]


class _Heard:
    """What the build says, by the instructions' places."""

    def __init__(self) -> None:
        self.said: dict[Where, list[Assessment]] = {}
        self.stops = False
        self._place: Where | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self._place = event.where
        elif isinstance(event, Notice):
            self.notice(event.message, event.where, event.hint)

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        verdict: Verdict = "unknown" if message.startswith(NOT_RUN) else "changed"
        self._add(where or self._place, Assessment(verdict, message, hint))

    def failed(self, step: Step, error: BoxerError) -> None:
        """A step's failure; one that may come of a failure before it is not sure."""
        follows = self.stops and isinstance(error, (RunFailedError, TreeError))
        self.stop(error, step.instruction.where, "unknown" if follows else "fails")

    def stop(self, error: BoxerError, where: Where, verdict: Verdict = "fails") -> None:
        self.stops = True
        self._add(where, Assessment(verdict, error.message, error.hint))

    def _add(self, where: Where | None, said: Assessment) -> None:
        if where is not None and said not in self.said.setdefault(where, []):
            self.said[where].append(said)


def _lines(parsed: Dockerfile, heard: _Heard) -> list[Line]:
    lines = []
    command = run_line(parsed)
    last = _last_command(parsed)
    for entry in parsed.instructions:
        found = [*heard.said.get(entry.where, []), *_variables(entry), *_command(entry, command)]
        if entry is last and command:
            found.append(Assessment("works", "It is given its network when it runs:", command))
        text = " ".join(entry.text.split("\n", 1)[0].split())
        lines += [
            Line(entry.where, text, said.verdict, said.why, said.hint)
            for said in found or [Assessment("works")]
        ]
    return lines


def _last_command(parsed: Dockerfile) -> Instruction | None:
    kinds = (Cmd, Entrypoint)
    return next((each for each in reversed(parsed.instructions) if isinstance(each, kinds)), None)


def _variables(entry: Instruction) -> list[Assessment]:
    """The hosts an ENV names."""
    if not isinstance(entry, Env):
        return []
    said = []
    for each in outbound_of(entry):
        why = f"{each.variable} names {each.host}, which a run may connect to if it is granted."
        if each.is_own:
            why = f"{each.variable} names {each.host}: in a box that is the box itself."
        said.append(Assessment("works", why, each.option))
    return said


def _command(entry: Instruction, line: str | None) -> list[Assessment]:
    """What is to be said of a CMD: no build stops for it. line: that gives it its network."""
    if not isinstance(entry, (Cmd, Entrypoint)):
        return []
    argv = entry.command.argv
    script = entry.command.script or ""
    if argv and posixpath.basename(argv[0]) in ("sh", "bash") and argv[1:2] == ("-c",):
        script = argv[2] if len(argv) > 2 else ""
    program = argv[0] if argv and not script else script.removeprefix("exec ").split(" ")[0]
    name = posixpath.basename(program)
    if name == "celery":
        why = "When it runs: a worker fetches its tasks from a broker, which has to be granted."
        return [Assessment("works", why, "boxer run --allow-net-inside BROKER:PORT BOX")]
    served = set(argv or ()) | set(script.replace("&&", " ").replace(";", " ").split())
    if served & _SERVERS and not line:
        why = "It serves a port of the box; what it is, no EXPOSE says."
        return [Assessment("works", why, "boxer run -p 8000:8000 BOX, with its own port")]
    return []
