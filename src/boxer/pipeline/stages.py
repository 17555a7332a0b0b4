"""The stages of a Dockerfile, built one after the other.

Belongs here: on what a stage builds, and the events of its steps. Does not: an instruction's work
(`instructions`), which stages there are (`plan`), what becomes of the last one (`assemble`).

Invariants
1. A stage starts from a copy: neither a base nor an earlier stage is ever changed by a later one.
2. Bases are loaded through one `BaseSource`, each once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Literal

from boxer.boxfile import ImageConfig
from boxer.dockerfile import Copy, Run
from boxer.errors import BoxerError, UnknownBaseError, Where
from boxer.filetree import File, Tree
from boxer.images import Base, BaseReference, BaseSource, Python, tools_of
from boxer.instructions import Context, StageState, apply, with_path
from boxer.packages import base_program, find_builder
from boxer.pipeline.cachekeys import first_key, step_keys
from boxer.pipeline.commands import Commands, NotRun
from boxer.pipeline.entry import BUILT_IN
from boxer.pipeline.events import (
    Listener,
    Notice,
    StageFinished,
    StageStarted,
    StepFinished,
    StepOutput,
    StepProgress,
    StepStarted,
)
from boxer.pipeline.stepcache import Kept, StepCache
from boxer.plan import BaseImage, Plan, StagePlan, Step
from boxer.userland import (
    IMAGE_FOLDERS,
    Compiler,
    Ports,
    add_package_programs,
    add_tool,
    package_of_image,
)


@dataclass(frozen=True, slots=True)
class Built:
    """A stage that is done. base: the one at the root of its chain of FROMs. python_asked: as
    in `Ports`. is_whole: as in `BaseReference`."""

    base: Base
    tree: Tree
    config: ImageConfig
    python_asked: str = ""
    is_whole: bool = False


# Hears of a step that fails.
Failed = Callable[[Step, BoxerError], None]


class Bases:
    """The bases of one build, by the names the Dockerfile gives them."""

    def __init__(self, source: BaseSource, events: Listener) -> None:
        self._source = source
        self._events = events
        self._known: dict[str, Base] = {}
        self._found: dict[str, BaseReference] = {}

    def load(self, reference: str, where: Where | None = None) -> Base:
        """Raises `unknown-base`, `base-missing`, `base-damaged`, with the place."""
        if reference not in self._known:
            try:
                found: BaseReference = self._source.resolve(reference)
                self._known[reference] = self._source.load(found)
                self._found[reference] = found
            except BoxerError as error:
                raise (error if where is None else error.at(where)) from None
            if found.notice:
                self._events(Notice(found.notice, where))
        return self._known[reference]

    def meant(self, reference: str) -> BaseReference:
        """What a reference that was loaded was taken for."""
        return self._found[reference]

    def environment(self, reference: str, where: Where) -> Mapping[str, str]:
        """The variables a base brings; what `plan` asks for."""
        return _config(self.load(reference, where)).environment()


class StageBuilder:
    """Builds the stages of a plan in its order."""

    def __init__(
        self,
        bases: Bases,
        context: Context,
        epoch: int,
        events: Listener,
        cached: bool = True,
        secrets: Mapping[str, bytes] | None = None,
        failed: Failed | None = None,
    ) -> None:
        """failed: hears of a step that fails, and the build goes on, to see what else does; without
        it the step's error is raised. Nothing is kept from there on, and no program is run."""
        self._failed = failed
        self._sound = True
        self._bases = bases
        self._context = context
        self._epoch = epoch
        self._events = events
        self._done: dict[int, Built] = {}
        self._names: dict[int, str] = {}
        self._cached = cached
        self._secrets = secrets or {}
        self._keys: dict[int, str | None] = {}

    def build(self, plan: Plan) -> Built:
        """The last stage of the plan. Raises what its steps raise."""
        self._names = {stage.index: stage.name or _ordinal(stage) for stage in plan.stages}
        for number, stage in enumerate(plan.stages, 1):
            self._done[stage.index] = self._stage(number, stage)
        return self._done[plan.stages[-1].index]

    def _stage(self, number: int, stage: StagePlan) -> Built:
        below = self._below(stage)
        below_it = stage.base
        shown = below_it.reference if isinstance(below_it, BaseImage) else self._names[below_it]
        self._events(StageStarted(number, stage.name, shown, len(stage.steps), stage.where))
        began = time.monotonic()
        state = StageState(below.tree.copy(), below.config, epoch=self._epoch)
        keys = self._step_keys(stage, below)
        cache = StepCache(below.base.tree) if self._cached and _runs(stage) else None
        done = self._restore(number, stage, keys, cache, state)
        for step in stage.steps[:done]:
            below = self._with_interpreter(below, step, state)
        for place, step in zip(count(1), stage.steps, strict=False):
            if place > done:
                listener = _StepListener(number, place, self._events)
                started = time.monotonic()
                self._try_step(listener, step, state, below)
                below = self._with_interpreter(below, step, state)
                seconds = time.monotonic() - started
                key = keys[place - 1] if self._sound else None
                kept = _keep(cache, key, step, state, listener)
                self._events(StepFinished(number, place, seconds, kept=kept))
        self._events(StageFinished(number, time.monotonic() - began))
        return replace(below, tree=state.tree, config=state.config)

    def _step_keys(self, stage: StagePlan, below: Built) -> list[str | None]:
        if isinstance(stage.base, BaseImage):
            first: str | None = first_key(below.base.digest, stage.base.reference, self._epoch)
        else:
            first = self._keys[stage.base]
        keys: list[str | None] = [None] * len(stage.steps)
        if self._cached and first is not None:
            keys = step_keys(first, stage.steps, self._context, self._epoch, self._stage_key)
        self._keys[stage.index] = keys[-1] if keys else first
        return keys

    def _stage_key(self, name: str) -> str | None:
        return self._keys.get(int(name)) if name.isdecimal() else None

    def _restore(
        self,
        number: int,
        stage: StagePlan,
        keys: list[str | None],
        cache: StepCache | None,
        state: StageState,
    ) -> int:
        """Takes over the last result that is kept; how many of the stage's steps it has done."""
        for place in range(len(stage.steps), 0, -1):
            key, instruction = keys[place - 1], stage.steps[place - 1].instruction
            if cache is None or key is None or not isinstance(instruction, Run):
                continue
            kept = cache.get(key)
            if kept is not None:
                state.tree, state.config = kept.tree, kept.config
                state.command_set = kept.command_set
                self._announce_kept(number, stage.steps[:place], kept)
                return place
        return 0

    def _announce_kept(self, stage: int, steps: Sequence[Step], kept: Kept) -> None:
        for place, step in zip(count(1), steps, strict=False):
            instruction = step.instruction
            self._events(StepStarted(stage, place, instruction.text, instruction.where))
            self._events(StepFinished(stage, place, 0.0, cached=True))
        for message, hint in kept.notices:
            self._events(Notice(message, steps[-1].instruction.where, hint))

    def _below(self, stage: StagePlan) -> Built:
        if not isinstance(stage.base, BaseImage):
            return self._done[stage.base]
        base = self._bases.load(stage.base.reference, stage.where)
        tree = base.tree
        meant = self._bases.meant(stage.base.reference)
        asked = meant.asked
        tools = tools_of(stage.base.reference) if base.module else ()
        package = package_of_image(meant.flavour) if base.info.python is not None else None
        if tools or package or (base.module and asked):
            tree = tree.copy()
        if package:
            add_package_programs(tree, package, self._epoch)
        for tool in tools:
            for folder in IMAGE_FOLDERS:
                add_tool(tree, tool, folder, self._epoch)
        if base.info.python is not None and asked:
            _add_names(tree, base.info.python, asked, self._epoch)
        return Built(base, tree, _config(base), asked, meant.is_whole)

    def _with_interpreter(self, below: Built, step: Step, state: StageState) -> Built:
        """A stage without a program, onto which a COPY puts a Python, is one of that Python's base:
        `FROM scratch` and `COPY --from=build / /`."""
        copy = step.instruction
        if below.base.module or not isinstance(copy, Copy) or copy.from_stage is None:
            return below
        donor = self._built_of(copy.from_stage)
        python = donor.base.info.python if donor else None
        if donor is None or python is None:
            return below
        program = state.tree.get(python.program)
        if not isinstance(program, File) or not program.data.startswith(BUILT_IN):
            return below
        info = donor.base.info
        message = f"`{python.program}` is copied: the box is one of {info.name} {python.series}."
        self._events(Notice(message, copy.where))
        return replace(below, base=donor.base, python_asked=donor.python_asked)

    def _try_step(
        self, listener: _StepListener, step: Step, state: StageState, below: Built
    ) -> None:
        try:
            self._step(listener, step, state, below)
        except BoxerError as error:
            if self._failed is None:
                raise
            self._failed(step, error)
            self._sound = False

    def _step(self, listener: _StepListener, step: Step, state: StageState, below: Built) -> None:
        instruction = step.instruction
        self._events(
            StepStarted(listener.stage, listener.number, instruction.text, instruction.where)
        )
        ports = Ports(
            listener,
            commands=Commands(below.base) if self._sound else NotRun(listener),
            stage_tree=self._tree_of,
            stage_name=self._name_of,
            wheels=find_builder(below.base),
            programs=partial(base_program, below.base),
            compiler=_compiler() if isinstance(instruction, Run) and self._sound else None,
            secrets=self._secrets,
            python=below.base.info.python,
            python_asked=below.python_asked,
        )
        apply(step, state, self._context, ports)

    def _name_of(self, name: str) -> str:
        """How a person calls what COPY --from means."""
        index = int(name) if name.isdecimal() else -1
        shown = self._names.get(index, name)
        return shown if shown.startswith("the stage") else f"`{shown}`"

    def _tree_of(self, name: str) -> Tree | None:
        built = self._built_of(name)
        return None if built is None else built.tree

    def _built_of(self, name: str) -> Built | None:
        """What COPY --from means: a stage by its number, else an image."""
        if name.isdecimal():
            return self._done.get(int(name))
        if tools_of(name):
            return None  # `instructions` knows what it holds
        try:
            base = self._bases.load(name)
        except UnknownBaseError:
            return None
        return Built(base, base.tree, _config(base))


def _config(base: Base) -> ImageConfig:
    return with_path(ImageConfig.from_oci(base.info.config))


def _ordinal(stage: StagePlan) -> str:
    return f"the stage of line {stage.where.line}" if stage.where else f"stage {stage.index}"


def _keep(
    cache: StepCache | None, key: str | None, step: Step, state: StageState, heard: _StepListener
) -> bool:
    if cache is None or key is None or not isinstance(step.instruction, Run):
        return False
    kept = Kept(state.tree, state.config, state.command_set, tuple(heard.notices))
    return cache.put(key, step.instruction.text, kept)


def _add_names(tree: Tree, python: Python, asked: str, epoch: int) -> None:
    """The names of the Python that was asked for, which paths of a Dockerfile are written with:
    `COPY --from=builder /usr/local/lib/python3.9/site-packages ..`."""
    for folder in ("lib", "bin"):
        path = f"{python.prefix}/{folder}/python{asked}"
        if tree.get(path, follow=False) is None:
            tree.add_symlink(path, f"python{python.series}", 0, 0, epoch)


def _compiler() -> Compiler:
    from boxer.toolchain import SdkCompiler  # late: only a RUN compiles

    return SdkCompiler()


def _runs(stage: StagePlan) -> bool:
    return any(isinstance(step.instruction, Run) for step in stage.steps)


@dataclass(frozen=True, slots=True)
class _StepListener:
    """What `instructions` reports, as events of a build."""

    stage: int
    number: int
    events: Listener
    notices: list[tuple[str, str | None]] = field(default_factory=list)

    def output(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        self.events(StepOutput(self.stage, self.number, stream, data))

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        self.notices.append((message, hint))
        self.events(Notice(message, where, hint))

    def progress(self, text: str) -> None:
        self.events(StepProgress(self.stage, self.number, text))
