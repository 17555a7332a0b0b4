"""From a finished stage to the bytes of a box: compile, link, freeze, write.

Belongs here: the order of the last four phases. Does not: the stages before (`pipeline`).

Invariant: the bytes depend on the base, the tree, the settings and the epoch alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from boxer.boxfile import BoxInfo, Code, Component, ImageConfig, MemoryImage, write_box
from boxer.errors import UnsupportedModuleError
from boxer.filetree import Tree
from boxer.images import Base, default_base
from boxer.link import Start, initial_memory, machine_config, tree_image
from boxer.pipeline.deflated import Deflated
from boxer.pipeline.distributions import distributions
from boxer.pipeline.events import Listener, Notice, Phase, PhaseFinished, PhaseStarted
from boxer.pipeline.freezing import Frozen, freeze_imports
from boxer.runtime import Code as Compiled
from boxer.runtime import is_compiled, load_code
from boxer.wasmformat import Module, code_only, data_segments, stack_size


@dataclass(frozen=True, slots=True)
class Finished:
    """What the stages came to. imports: modules to import before the freeze."""

    base: Base
    tree: Tree
    config: ImageConfig
    epoch: int
    imports: tuple[str, ...] = ()


def assemble(finished: Finished, events: Listener) -> tuple[bytes, BoxInfo]:
    """The bytes of the box and its description.

    Raises `UnsupportedModuleError` for a base that is none, `TooLargeError`, `FreezeError`.
    """
    if not finished.base.module:
        raise UnsupportedModuleError(
            "The box has no program: neither the base of its last stage nor its command is one.",
            hint=f"Begin it with `FROM {default_base()}`, or COPY a program that `boxer cc` made.",
        )
    module = Module.parse(finished.base.module)
    code = Code.of(module)
    compiled = _compile(module, code.digest, events)
    with _phase(Phase.LINK, events):
        link = linker(finished, module)
    with _phase(Phase.FREEZE, events):
        stack, epoch = stack_size(module), finished.epoch
        frozen = freeze_imports(compiled, link, finished.imports, stack, epoch, events)
    info = describe(finished, code, frozen)
    with _phase(Phase.WRITE, events):
        return write_box(module, frozen.image, info), info


def linker(finished: Finished, module: Module) -> Callable[[tuple[str, ...]], MemoryImage]:
    """What gives the machine before its first instruction, by the modules it is to import."""
    base = finished.base
    deflated = Deflated(base.digest, base.tree)
    tree = tree_image(finished.tree, deflated, deflated.blocks)
    # LLD puts .rodata first, into a segment of its own.
    segments = data_segments(module)
    constants = segments[0].end if len(segments) > 1 else 0

    def link(imports: tuple[str, ...]) -> MemoryImage:
        start = Start(base.info.program, imports, finished.epoch, constants=constants)
        return initial_memory(module, tree, machine_config(finished.config, finished.tree, start))

    return link


def describe(finished: Finished, code: Code, frozen: Frozen) -> BoxInfo:
    base = finished.base.info
    return BoxInfo(
        config=finished.config,
        base_name=base.name,
        base_version=base.version,
        base_digest=base.recipe_digest,
        code=code,
        kernel_abi=base.kernel_abi,
        boxer_version=version("boxer"),
        created=finished.epoch,
        distributions=distributions(finished.tree),
        components=tuple(
            Component(entry.name, entry.version, entry.license) for entry in base.components
        ),
        preinitialised=frozen.imports,
        left_to_run=frozen.left,
        assumed=frozen.assumed,
    )


def _compile(module: Module, digest: str, events: Listener) -> Compiled:
    with _phase(Phase.COMPILE, events, cached=is_compiled(digest)):
        wait = Notice("Another build compiles the base's code; this one waits for it.")
        return load_code(code_only(module), digest, waiting=lambda: events(wait))


@contextmanager
def _phase(phase: Phase, events: Listener, cached: bool = False) -> Iterator[None]:
    events(PhaseStarted(phase))
    began = time.monotonic()
    yield
    events(PhaseFinished(phase, time.monotonic() - began, cached))
