"""What a step's result depends on, as one digest: the keys of the build cache.

Belongs here: the chain of keys of a stage. Does not: what is kept under them (`stepcache`).

A key covers the base, the compilers, every instruction before it and the bytes that came in from
the context, a mount or another stage. So equal keys mean equal trees and settings.

Invariants
1. Nothing of this machine but those bytes is in a key, apart from the package index that is set.
2. The program's own code is in every key: another Boxer makes its own results.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable

from boxer.dockerfile import Copy, Run
from boxer.errors import BoxerError, Where
from boxer.filetree import Directory, Node, Tree
from boxer.images import sdk_digest
from boxer.instructions import Context, mount_sources
from boxer.plan import Step

_NOWHERE = Where("")
_ROOMS = (
    "boxer.instructions",
    "boxer.toolchain",
    "boxer.userland",
    "boxer.packages",
    "boxer.filetree",
    "boxer.images",
    "boxer.link",
    "boxer.pipeline",
)

StageKey = Callable[[str], str | None]


def first_key(base_digest: str, reference: str, epoch: int) -> str:
    """The key of a stage before its first instruction, on a base."""
    return _digest(_code_digest(), base_digest, reference, str(epoch))


def step_keys(
    first: str, steps: Sequence[Step], context: Context, epoch: int, stage_key: StageKey
) -> list[str | None]:
    """The keys after each step; None from the first one whose sources cannot be read, which will
    say so itself. stage_key: the last key of another stage, by its number."""
    keys: list[str | None] = []
    key: str | None = first
    for step in steps:
        if key is not None:
            key = _next_key(key, step, context, epoch, stage_key)
        keys.append(key)
    return keys


def _next_key(
    before: str, step: Step, context: Context, epoch: int, stage_key: StageKey
) -> str | None:
    instruction = replace(step.instruction, where=_NOWHERE, text="")
    parts = [before, type(instruction).__name__, repr(instruction)]
    try:
        if isinstance(instruction, Copy):
            stage, sources = instruction.from_stage, instruction.sources
            parts += _source(stage, sources, context, epoch, stage_key, instruction.parents)
        if isinstance(instruction, Run):
            parts.append(repr(sorted(step.args.items())))
            parts += [sdk_digest(), *_index_settings()]
            for stage, source in mount_sources(instruction.mounts, instruction.where):
                parts += _source(stage, (source,), context, epoch, stage_key)
    except BoxerError:
        return None
    return _digest(*parts)


def _source(
    stage: str | None,
    sources: Sequence[str],
    context: Context,
    epoch: int,
    stage_key: StageKey,
    parents: bool = False,
) -> list[str]:
    """parents: where a file lies is part of the result, as with `COPY --parents`."""
    if stage is not None:
        return [stage_key(stage) or stage]
    found = [match for source in sources for match in context.find(source, parents)]
    return [
        part
        for match in found
        for part in (match.path if parents else match.name, _content(match.node, epoch))
    ]


def _content(node: Node, epoch: int) -> str:
    """The digest of a node and all below it; times after the epoch count as the epoch."""
    tree = Tree(Directory(entries={"it": node}))
    total = hashlib.sha256()
    for path, entry in tree.walk():
        moment = min(entry.mtime, epoch)
        head = f"{len(path)} {path} {entry.st_mode:o} {entry.uid} {entry.gid} {moment} "
        total.update(head.encode("utf-8", "surrogateescape"))
        data = getattr(entry, "data", None) or getattr(entry, "target", "").encode(
            "utf-8", "surrogateescape"
        )
        total.update(hashlib.sha256(data).digest())
    return total.hexdigest()


def _index_settings() -> list[str]:
    names = sorted(n for n in os.environ if n.startswith(("PIP_", "UV_")))
    return [f"{name}={os.environ[name]}" for name in names]


def _digest(*parts: str) -> str:
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


@functools.cache
def _code_digest() -> str:
    """Of the rooms that a step's result depends on."""
    total = hashlib.sha256()
    for room in _ROOMS:
        for data in _sources_of(resources.files(room)):
            total.update(hashlib.sha256(data).digest())
    return total.hexdigest()


def _sources_of(folder: Traversable) -> list[bytes]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and not entry.name.startswith("_"):
            found += _sources_of(entry)
        elif entry.name.endswith((".py", ".toml", ".sh")):
            found.append(entry.read_bytes())
    return found
