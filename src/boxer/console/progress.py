"""The progress of a build, drawn from its events: one line for each step and phase, on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from boxer.console.errors import colours
from boxer.escape import escape
from boxer.pipeline import (
    BuildFinished,
    Event,
    Notice,
    PhaseFinished,
    PhaseStarted,
    StageStarted,
    StepFinished,
    StepOutput,
    StepProgress,
    StepStarted,
)


class Progress:
    """A listener for `boxer.build`. quiet: notices only."""

    def __init__(self, stream: TextIO, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._stages: dict[int, StageStarted] = {}
        self._kept: dict[int, int] = {}
        self._hidden = ""
        self._grey, self._plain = ("\x1b[2m", "\x1b[0m") if colours(stream) else ("", "")

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepFinished) and (event.kept or event.cached):
            self._kept[event.stage] = event.number
        match event:
            case Notice():
                place = f"{event.where}: " if event.where else ""
                self._line(f"note: {place}{event.message}")
                if event.hint:
                    self._line(f"      {event.hint}")
            case _ if self._quiet:
                pass
            case StageStarted():
                self._stages[event.number] = event
                name = f" as {event.name}" if event.name else ""
                self._line(f"[{event.number}] FROM {event.base}{name}")
            case StepStarted():
                steps = self._stages[event.stage].steps if event.stage in self._stages else 0
                self._line(f"[{event.stage} {event.number}/{steps}] {_first_line(event.text)}")
            case StepOutput():
                for line in event.data.decode("utf-8", "replace").splitlines():
                    self._line(f"    {self._grey}{escape(line)}{self._plain}", safe=True)
            case StepProgress():
                self._line(f"    {event.text}")
            case StepFinished(cached=True):
                self._line("    cached")
            case StepFinished() if event.seconds >= 1:
                self._line(f"    {event.seconds:.1f} s")
            case PhaseStarted():
                self._line(f"[box] {event.phase.value}")
            case PhaseFinished() if event.seconds >= 1:
                self._line(f"    {event.seconds:.1f} s")
            case BuildFinished():
                size = f"{event.size / 1e6:.1f} MB"
                self._line(f"built {event.output or 'the box'} ({size}) in {event.seconds:.1f} s")
                if event.remark:
                    self._line(f"note: {event.remark}")
            case _:
                pass

    def hide(self, folder: Path) -> None:
        """Names of files in that folder are shown without it."""
        self._hidden = f"{folder}/"

    def farewell(self) -> str:
        """What a person is told who ends the build."""
        kept = sum(self._kept.values())
        if not kept:
            return "The build was ended."
        steps = "1 step is" if kept == 1 else f"{kept} steps are"
        return f"The build was ended. {steps} kept; the next build goes on there."

    def _line(self, text: str, safe: bool = False) -> None:
        if self._hidden:
            text = text.replace(self._hidden, "")
        self._stream.write((text if safe else escape(text)) + "\n")
        self._stream.flush()


def _first_line(text: str) -> str:
    line, _, rest = text.partition("\n")
    return f"{line} ..." if rest else line
