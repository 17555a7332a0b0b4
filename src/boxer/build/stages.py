"""The stages of a Dockerfile, built one after the other.

Belongs here: on what a stage builds, and the events of its steps. Does not: an instruction's work
(`steps`), which stages there are (`plan`), what becomes of the last one (`assemble`).

Invariants
1. A stage starts from a copy: neither a base nor an earlier stage is ever changed by a later one.
2. Bases are loaded through one `BaseSource`, each once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

from boxer.bases import Base, BaseReference, BaseSource
from boxer.boxfile import ImageConfig
from boxer.build.commands import Commands
from boxer.build.events import (
    Listener,
    Notice,
    StageFinished,
    StageStarted,
    StepFinished,
    StepOutput,
    StepStarted,
)
from boxer.errors import BoxerError, UnknownBaseError, Where
from boxer.extensions import find_builder
from boxer.filetree import Tree
from boxer.plan import BaseImage, Plan, StagePlan, Step
from boxer.steps import Context, Ports, StageState, apply


@dataclass(frozen=True, slots=True)
class Built:
    """A stage that is done. base: the one at the root of its chain of FROMs."""

    base: Base
    tree: Tree
    config: ImageConfig


class Bases:
    """The bases of one build, by the names the Dockerfile gives them."""

    def __init__(self, source: BaseSource, events: Listener) -> None:
        self._source = source
        self._events = events
        self._known: dict[str, Base] = {}

    def load(self, reference: str, where: Where | None = None) -> Base:
        """Raises `unknown-base`, `base-missing`, `base-damaged`, with the place."""
        if reference not in self._known:
            try:
                found: BaseReference = self._source.resolve(reference)
                self._known[reference] = self._source.load(found)
            except BoxerError as error:
                raise (error if where is None else error.at(where)) from None
            if found.notice:
                self._events(Notice(found.notice, where))
        return self._known[reference]

    def environment(self, reference: str, where: Where) -> Mapping[str, str]:
        """The variables a base brings; what `plan` asks for."""
        return ImageConfig.from_oci(self.load(reference, where).info.config).environment()


class StageBuilder:
    """Builds the stages of a plan in its order."""

    def __init__(self, bases: Bases, context: Context, epoch: int, events: Listener) -> None:
        self._bases = bases
        self._context = context
        self._epoch = epoch
        self._events = events
        self._done: dict[int, Built] = {}

    def build(self, plan: Plan) -> Built:
        """The last stage of the plan. Raises what its steps raise."""
        for number, stage in enumerate(plan.stages, 1):
            self._done[stage.index] = self._stage(number, stage)
        return self._done[plan.stages[-1].index]

    def _stage(self, number: int, stage: StagePlan) -> Built:
        below = self._below(stage)
        shown = stage.base.reference if isinstance(stage.base, BaseImage) else f"stage {stage.base}"
        self._events(StageStarted(number, stage.name, shown, len(stage.steps), stage.where))
        began = time.monotonic()
        state = StageState(below.tree.copy(), below.config, epoch=self._epoch)
        for place, step in zip(count(1), stage.steps, strict=False):
            self._step(number, place, step, state, below.base)
        self._events(StageFinished(number, time.monotonic() - began))
        return replace(below, tree=state.tree, config=state.config)

    def _below(self, stage: StagePlan) -> Built:
        if not isinstance(stage.base, BaseImage):
            return self._done[stage.base]
        base = self._bases.load(stage.base.reference, stage.where)
        return Built(base, base.tree, ImageConfig.from_oci(base.info.config))

    def _step(self, stage: int, place: int, step: Step, state: StageState, base: Base) -> None:
        instruction = step.instruction
        self._events(StepStarted(stage, place, instruction.text, instruction.where))
        began = time.monotonic()
        listener = _StepListener(stage, place, self._events)
        commands = Commands(base) if base.module else None
        wheels = find_builder(base)
        apply(step, state, self._context, Ports(listener, commands, self._tree_of, wheels))
        self._events(StepFinished(stage, place, time.monotonic() - began))

    def _tree_of(self, name: str) -> Tree | None:
        """What COPY --from means: a stage by its number, else an image."""
        if name.isdecimal():
            built = self._done.get(int(name))
            return None if built is None else built.tree
        try:
            return self._bases.load(name).tree
        except UnknownBaseError:
            return None


@dataclass(frozen=True, slots=True)
class _StepListener:
    """What `steps` reports, as events of a build."""

    stage: int
    number: int
    events: Listener

    def output(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        self.events(StepOutput(self.stage, self.number, stream, data))

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        self.events(Notice(message, where, hint))
