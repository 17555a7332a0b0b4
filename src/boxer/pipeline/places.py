"""Which line of a Dockerfile says what is told of a box as a whole.

Belongs here: the lines of what is noticed once all stages are built. Does not: errors of single
instructions, which know their lines (`stages`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from boxer.dockerfile import Cmd, Entrypoint, Instruction, Label, User
from boxer.errors import (
    AccountError,
    BoxerError,
    ForeignProgramError,
    FreezeError,
    UnsupportedModuleError,
    WarmupError,
    Where,
)
from boxer.pipeline.warmup import INIT, PREIMPORT
from boxer.plan import Plan, StagePlan


@dataclass(frozen=True, slots=True)
class Places:
    """Of what the last stage has, and the stages that it begins with."""

    planned: Plan

    def of(self, *kinds: type[Instruction], naming: str = "") -> Where:
        """The last instruction of these kinds with that text in it; where there is none, the FROM
        of the last stage."""
        return self._last(naming, kinds) or self.planned.stages[-1].where

    def command(self, word: str) -> Where:
        """Which of CMD and ENTRYPOINT has the word, or is the last one."""
        kinds = (Cmd, Entrypoint)
        return self._last(word, kinds) or self.of(*kinds)

    def image(self) -> Where:
        """The FROM that names the image."""
        return self._stages()[0].where

    def of_error(self, error: BoxerError, init: str | None) -> Where | None:
        """None: of one that is not about the Dockerfile. init: what was to be called, where no
        label says so."""
        match error:
            case AccountError():
                return self.of(User)
            case WarmupError() if PREIMPORT in error.message:
                return self.of(Label, naming=PREIMPORT)
            case WarmupError() | FreezeError():
                return None if init else self.of(Label, naming=INIT)
            case ForeignProgramError():
                return self.of(Cmd, Entrypoint)
            case UnsupportedModuleError():
                return self.of()
        return None

    def _last(self, text: str, kinds: tuple[type[Instruction], ...]) -> Where | None:
        found = [
            entry.where
            for entry in self._instructions()
            if isinstance(entry, kinds) and text.lower() in entry.text.lower()
        ]
        return found[-1] if found else None

    def _instructions(self) -> Iterator[Instruction]:
        for stage in self._stages():
            yield from (step.instruction for step in stage.steps)

    def _stages(self) -> list[StagePlan]:
        """The last one behind those that it begins with."""
        known = {stage.index: stage for stage in self.planned.stages}
        found = [self.planned.stages[-1]]
        while isinstance(found[0].base, int):
            found.insert(0, known[found[0].base])
        return found
