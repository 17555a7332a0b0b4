"""Stages: which are needed, on what they build, and the variables each line sees.

Belongs here: FROM, AS, --target, COPY --from, the scopes of ARG and ENV. Does not: what an
instruction does (`instructions`), which base an image name means (`images`).

Invariants (BuildKit)
1. An ARG before the first FROM is seen by FROM lines only, and by a stage that repeats its name.
2. A line sees the values from before that line. Of an ENV and an ARG of one name the later one wins
   while the image is built; what runs in it sees the ENV alone.
3. Only stages the target needs are planned, each after those it needs.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from boxer.dockerfile import (
    MOST_INSTRUCTIONS,
    Arg,
    Copy,
    Dockerfile,
    Env,
    From,
    Instruction,
    OnBuild,
    Run,
    mount_fields,
    mount_text,
    parse_trigger,
)
from boxer.errors import InputTooLargeError, StageError, Where
from boxer.plan.expand import MOST_VARIABLES, Expander, Room

# Always defined, without an ARG (docs.docker.com/reference/dockerfile, "Predefined ARGs").
PREDEFINED = frozenset(
    name
    for upper in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (upper, upper.lower())
)
# "Automatic platform ARGs": seen by FROM lines, and by stages that name them. x86-64 is what most
# Dockerfiles branch on; a box is no machine of any of these.
PLATFORM = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETOSVERSION": "",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
    "BUILDPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "BUILDOSVERSION": "",
    "BUILDARCH": "amd64",
    "BUILDVARIANT": "",
}


@dataclass(frozen=True, slots=True)
class BaseImage:
    """An image from outside the Dockerfile. env: the variables it brings."""

    reference: str
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """An expanded instruction. args: the ARGs in force, which a RUN sees as variables."""

    instruction: Instruction
    args: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StagePlan:
    """base: an image from outside, or the index of an earlier stage."""

    index: int
    name: str | None
    base: BaseImage | int
    where: Where
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """stages: in the order to build them; the last one is the target."""

    stages: tuple[StagePlan, ...]


@dataclass(slots=True)
class _Stage:
    index: int
    source: From
    body: list[Instruction]
    image: str = ""
    needs: set[int] = field(default_factory=set)
    env: dict[str, str] = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)
    plan: StagePlan | None = None


BaseEnvironment = Callable[[str, Where], Mapping[str, str]]


def plan(
    dockerfile: Dockerfile,
    build_args: Mapping[str, str],
    target: str | None,
    base_environment: BaseEnvironment,
) -> Plan:
    """Plans a build. base_environment: the variables an image reference brings; it raises for an
    image there is none of. Raises `StageError`, `VariableError`."""
    planner = _Planner(dockerfile, build_args, base_environment, target)
    wanted = planner.target(target)
    stages: list[StagePlan] = []
    for index in planner.order(wanted):
        stages.append(planner.stage(index))
    return Plan(tuple(stages))


class _Planner:
    def __init__(
        self,
        dockerfile: Dockerfile,
        build_args: Mapping[str, str],
        base_environment: BaseEnvironment,
        target: str | None,
    ) -> None:
        self._escape = dockerfile.escape
        self._file = dockerfile.file
        self._given = build_args
        self._base_environment = base_environment
        self._automatic = _automatic(dockerfile, build_args, target)
        self._globals: dict[str, str] = {}
        self._room = Room()
        self._triggered = 0
        self._stages = self._split(dockerfile)
        self._name_images()

    def _split(self, dockerfile: Dockerfile) -> list[_Stage]:
        stages: list[_Stage] = []
        for entry in dockerfile.instructions:
            if isinstance(entry, From):
                stages.append(_Stage(len(stages), entry, []))
            elif stages:
                stages[-1].body.append(entry)
            elif isinstance(entry, Arg):
                self._global_arg(entry)
        return stages

    def _global_arg(self, entry: Arg) -> None:
        for name, default in entry.pairs:
            expander = Expander(self._escape, {**self._automatic, **self._globals}, self._room)
            value = self._given.get(name)
            if value is None and default is not None:
                value = expander.word(default, entry.where)
            if value is not None:
                self._globals[name] = value

    def _name_images(self) -> None:
        expander = Expander(self._escape, {**self._automatic, **self._globals}, self._room)
        for stage in self._stages:
            stage.image = expander.word(stage.source.image, stage.source.where)
            if not stage.image:
                raise StageError(
                    f"The image name `{stage.source.image}` is empty once expanded.",
                    where=stage.source.where,
                    hint="Give the ARG before this FROM a default value.",
                )
            base = self._earlier(stage.image, stage.index)
            if base is not None:
                stage.needs.add(base)
                stage.body = self._triggers(self._stages[base], stage) + stage.body
            for entry in stage.body:
                for name in _sources(entry):
                    self._need(stage, name, entry.where)

    def _triggers(self, base: _Stage, stage: _Stage) -> list[Instruction]:
        """What the ONBUILDs of the stage below ask for, before the stage's own instructions."""
        triggers = [entry for entry in base.body if isinstance(entry, OnBuild)]
        self._triggered += len(triggers)
        if self._triggered > MOST_INSTRUCTIONS:
            raise InputTooLargeError(
                f"ONBUILD asks for more than {MOST_INSTRUCTIONS} instructions.",
                where=stage.source.where,
            )
        where = stage.source.where
        return [parse_trigger(entry.trigger, self._escape, where) for entry in triggers]

    def _need(self, stage: _Stage, name: str, where: Where) -> None:
        if "$" in name:
            raise StageError(
                f"`from={name}` names no stage: no variable is expanded there.",
                where=where,
                hint=f"Name a stage above, `FROM {name} AS tools` with an ARG before the first"
                " FROM, and write `from=tools`.",
            )
        index = self._earlier(name, stage.index)
        if index is not None:
            stage.needs.add(index)
        elif name.isdecimal() or name.lower() in self._names():
            raise StageError(
                f"The stage `{name}` is not built before this line.",
                where=where,
                hint="A stage can copy only from stages above it.",
            )

    def _names(self) -> set[str]:
        return {s.source.stage_name for s in self._stages if s.source.stage_name}

    def _earlier(self, name: str, before: int) -> int | None:
        """The index of a stage above, by name or number; the nearest of several of one name."""
        for stage in reversed(self._stages[:before]):
            if stage.source.stage_name == name.lower():
                return stage.index
        if name.isdecimal() and len(name) < 6 and int(name) < before:
            return int(name)
        return None

    def target(self, name: str | None) -> int:
        if name is None:
            return len(self._stages) - 1
        index = self._earlier(name, len(self._stages))
        if index is None:
            names = ", ".join(f"`{n}`" for n in sorted(self._names())) or "none with a name"
            raise StageError(
                f"There is no stage `{name}`.",
                where=Where(self._file),
                hint=f"Stages of this Dockerfile: {names}.",
            )
        return index

    def order(self, wanted: int) -> list[int]:
        """The stages the wanted one needs, itself last. A stage only needs earlier ones."""
        needed = {wanted}
        for stage in reversed(self._stages[: wanted + 1]):
            if stage.index in needed:
                needed |= stage.needs
        return sorted(needed)

    def stage(self, index: int) -> StagePlan:
        stage = self._stages[index]
        base = self._earlier(stage.image, index)
        image: BaseImage | int
        args = {name: value for name, value in self._given.items() if name in PREDEFINED}
        if base is not None:
            image = base
            env = dict(self._stages[base].env)
            args = dict(self._stages[base].args)
        else:
            env = dict(self._base_environment(stage.image, stage.source.where))
            image = BaseImage(stage.image, dict(env))
        steps = self._expand(stage, env, args)
        return StagePlan(index, stage.source.stage_name, image, stage.source.where, steps)

    def _expand(self, stage: _Stage, env: dict[str, str], args: dict[str, str]) -> tuple[Step, ...]:
        steps = []
        for entry in stage.body:
            expander = Expander(self._escape, {**env, **args}, self._room)
            expanded = self._resolve_sources(expander.instruction(entry), stage)
            if isinstance(expanded, Env):
                env.update(expanded.pairs)
                args = {name: args[name] for name in args if name not in dict(expanded.pairs)}
            if isinstance(expanded, Arg):
                args = dict(args)  # steps before this one keep theirs
                self._stage_arg(expanded, args, env)
            else:
                steps.append(Step(expanded, args))
            if len(env) + len(args) > MOST_VARIABLES:
                raise InputTooLargeError(
                    f"The stage has more than {MOST_VARIABLES} variables.", where=entry.where
                )
        stage.env, stage.args = env, args
        return tuple(steps)

    def _stage_arg(self, entry: Arg, args: dict[str, str], env: Mapping[str, str]) -> None:
        for name, default in entry.pairs:
            value = self._given.get(name)
            if value is None and default is not None:
                value = Expander(self._escape, {**env, **args}, self._room).word(
                    default, entry.where
                )
            if value is None:
                value = self._globals.get(name, self._automatic.get(name))
            if value is not None:
                args[name] = value

    def _resolve_sources(self, entry: Instruction, stage: _Stage) -> Instruction:
        """A stage named by COPY --from, or a mount, becomes its number."""
        if isinstance(entry, Run):
            mounts = tuple(self._numbered(mount, stage) for mount in entry.mounts)
            return entry if mounts == tuple(entry.mounts) else replace(entry, mounts=mounts)
        if not isinstance(entry, Copy) or entry.from_stage is None:
            return entry
        index = self._earlier(entry.from_stage, stage.index)
        return entry if index is None else replace(entry, from_stage=str(index))

    def _numbered(self, mount: str, stage: _Stage) -> str:
        """A --mount with the stage it is of, if any, by its number."""
        fields = []
        for key, value in mount_fields(mount):
            index = self._earlier(value or "", stage.index) if key == "from" else None
            fields.append((key, value if index is None else str(index)))
        return mount_text(fields)


def _automatic(
    dockerfile: Dockerfile, given: Mapping[str, str], target: str | None
) -> dict[str, str]:
    """The ARGs that nobody has to give a value; a --build-arg replaces it all the same."""
    last = [entry.stage_name for entry in dockerfile.instructions if isinstance(entry, From)][-1]
    values = {**PLATFORM, "TARGETSTAGE": target or last or "default"}
    return {name: given.get(name, value) for name, value in values.items()}


def unused_build_args(dockerfile: Dockerfile, given: Mapping[str, str]) -> dict[str, str]:
    """Names of --build-args that no ARG asks for, each with the nearest name that one does, or an
    empty one."""
    asked = {name for e in dockerfile.instructions if isinstance(e, Arg) for name, _ in e.pairs}
    triggers = " ".join(e.trigger for e in dockerfile.instructions if isinstance(e, OnBuild))
    known = {*asked, *PREDEFINED, *PLATFORM, "TARGETSTAGE", "SOURCE_DATE_EPOCH"}
    unused = [
        name
        for name in given
        if name not in known and not name.startswith("BUILDKIT_") and name not in triggers
    ]
    return {
        name: next(iter(difflib.get_close_matches(name, sorted(asked), 1)), "") for name in unused
    }


def _sources(entry: Instruction) -> list[str]:
    """Stages or images an instruction takes files from."""
    if isinstance(entry, Copy):
        return [entry.from_stage] if entry.from_stage else []
    if isinstance(entry, Run):
        fields = (field for mount in entry.mounts for field in mount_fields(mount))
        return [value for key, value in fields if key == "from" and value]
    return []
