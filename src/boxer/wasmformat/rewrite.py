"""Parting a module into code and memory, and putting the two together.

Belongs here: which sections each part has. Does not: what is in the memory (`link`, `preinit`),
what else a box holds (`boxfile`).

Invariants
1. Sections that are kept are kept byte for byte, the code section above all.
2. `code_only` is canonical: the code-only form of a base and of each box made on it are the same
   bytes, so that one compiled module serves them all.
3. Nothing runs before `_start`: a module with a start function is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from boxer.errors import UnsupportedModuleError
from boxer.wasmformat.entries import (
    PAGE,
    DataSegment,
    Export,
    Kind,
    MemoryType,
    data_segments,
    encode_data,
    encode_exports,
    encode_memory,
    exports,
    imports,
    memory,
)
from boxer.wasmformat.module import ORDER, Module, Section, SectionId

HOST = "wasi_snapshot_preview1"
_PARTED = frozenset({SectionId.DATA, SectionId.DATA_COUNT, SectionId.START})
# What a custom section tells the engine of the code: which way branches go. It stands before the
# code, and is a part of it.
HINTS = "metadata.code.branch_hint"


def code_part(
    module: Module, memory_pages: int | None = None, exported: Iterable[Export] | None = None
) -> Module:
    """The module without data and custom sections, but for hints of the code.

    memory_pages, exported: what to put in place of the module's own (a box has other ones than
    the base it was made on, and gets the base's back with these).
    Raises `UnsupportedModuleError` for a module that no box can be made of.
    """
    check_supported(module)
    own = memory(module)
    pages = own.minimum if memory_pages is None else memory_pages
    return _assembled(
        module,
        {
            SectionId.MEMORY: encode_memory(MemoryType(pages, own.maximum)),
            SectionId.EXPORT: encode_exports(exports(module) if exported is None else exported),
        },
    )


def code_only(module: Module) -> bytes:
    return code_part(module).emit()


def code_digest(module: Module) -> str:
    """sha256 of `code_only`, hex."""
    return digest_of(code_part(module))


def digest_of(module: Module) -> str:
    """sha256 of the module's bytes, hex."""
    digest = hashlib.sha256()
    for chunk in module.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def with_image(
    module: Module, pages: int, segments: Sequence[DataSegment], exported: Iterable[str]
) -> Module:
    """The module with a memory of `pages` that holds `segments`, exporting only `exported`."""
    kept = frozenset(exported)
    own = memory(module)
    if own.maximum is not None and own.maximum < pages:
        raise UnsupportedModuleError(
            f"The memory needs {pages} pages, the module allows {own.maximum}."
        )
    replaced = {
        SectionId.MEMORY: encode_memory(MemoryType(pages, own.maximum)),
        SectionId.EXPORT: encode_exports(e for e in exports(module) if e.name in kept),
    }
    if segments:
        replaced[SectionId.DATA] = encode_data(segments)
    return _assembled(module, replaced)


def with_custom(module: Module, title: str, contents: bytes) -> Module:
    """The module with a custom section in front of all others, where a reader finds it at once."""
    return Module((Section.custom(title, contents), *module.sections))


def without_custom(module: Module, title: str) -> Module:
    """The module without its custom sections of that name."""
    return Module(
        tuple(
            section
            for section in module.sections
            if section.id != SectionId.CUSTOM or section.reader().name() != title
        )
    )


def check_supported(module: Module) -> None:
    """Raises `UnsupportedModuleError` unless the module asks only preview 1 of its host and can
    be parted into code and memory."""
    for entry in imports(module):
        if entry.module != HOST or entry.kind != Kind.FUNCTION:
            raise UnsupportedModuleError(
                f"The module imports `{entry.module}.{entry.name}`; a box imports functions of"
                f" {HOST} only."
            )
    if module.section(SectionId.START) is not None:
        raise UnsupportedModuleError("The module has a start function.")
    memory(module)


def initial_segments(module: Module) -> tuple[DataSegment, ...]:
    """The module's data, checked against the size of its memory."""
    size = memory(module).minimum * PAGE
    segments = data_segments(module)
    for segment in segments:
        if segment.end > size:
            raise UnsupportedModuleError("A data segment lies outside of the memory.")
    return segments


def _assembled(module: Module, replaced: dict[SectionId, bytes]) -> Module:
    sections = []
    for identifier in ORDER:
        own = module.section(identifier)
        if identifier == SectionId.CODE and (hints := module.custom(HINTS)) is not None:
            sections.append(Section.custom(HINTS, hints))
        if identifier in replaced:
            sections.append(Section.make(identifier, replaced[identifier]))
        elif own is not None and identifier not in _PARTED:
            sections.append(own)
    return Module(tuple(sections))
