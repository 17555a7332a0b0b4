"""A box file, read and written.

Belongs here: a module, its memory image and its description put into one file and taken out
again. Does not: how the memory came to be (`preinit`), running it (`runtime`).

Invariants
1. `read_box(write_box(m, i, d))` gives the code-only form of `m`, an equal `i` and an equal `d`.
2. Nothing in a file is believed: sizes are compared with the bytes that are there before anything
   is allocated, and the code must have the digest the description states.
3. The file's own code section is that of its base, byte for byte.
4. For whatever bytes: a box, or `NotABoxError`, `DamagedBoxError`, `UnsupportedBoxError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from boxer.boxfile.image import MemoryImage
from boxer.boxfile.info import BoxInfo
from boxer.errors import (
    BadFieldError,
    DamagedBoxError,
    DamagedWasmError,
    NotABoxError,
    NotWasmError,
    UnsupportedModuleError,
)
from boxer.wasmformat import (
    PAGE,
    Buffer,
    Module,
    code_part,
    digest_of,
    initial_segments,
    memory,
    with_custom,
    with_image,
)

SECTION = "boxer"
# What hosts that can switch native stacks look for (abi/boot.toml, `tasks`).
TURNS = ("__indirect_function_table", "boxer_task_begin", "boxer_tasks")
# What a finished box exports: the two names every WASI preview 1 command has, and those.
EXPORTS = ("memory", "_start", *TURNS)
# A description of 10,000 distributions takes about 1 MB.
LARGEST_INFO = 4 << 20
# As many as engines take; Boxer writes fewer (`preinit`).
MOST_SEGMENTS = 100_000
_BUILD = "Build a box: `boxer build -o app.wasm .`"


@dataclass(frozen=True, slots=True)
class Box:
    """code: the code-only module, the same bytes for all boxes on one base."""

    info: BoxInfo
    code: bytes
    image: MemoryImage


def read_info(data: Buffer) -> BoxInfo:
    """The description of a box, without looking at its code and memory.

    Raises `NotABoxError`, `DamagedBoxError`, `UnsupportedBoxError`.
    """
    with _blaming_the_file():
        return _info(Module.parse(data))


def read_box(data: Buffer) -> Box:
    """Parts a box into what it is made of. The image's segments are views of `data`.

    Raises `NotABoxError`, `DamagedBoxError`, `UnsupportedBoxError`.
    """
    with _blaming_the_file():
        module = Module.parse(data)
        info = _info(module)
        segments = initial_segments(module)
        if len(segments) > MOST_SEGMENTS:
            raise DamagedBoxError(f"The box's memory is in `{len(segments)}` pieces.")
        image = MemoryImage(memory(module).minimum * PAGE, segments)
        code = code_part(module, info.code.memory_pages, info.code.exports)
        if digest_of(code) != info.code.digest:
            raise DamagedBoxError("The box's code is not the code its description names.")
        return Box(info, code.emit(), image)


def write_box(base_module: Module | Buffer, image: MemoryImage, info: BoxInfo) -> bytes:
    """The bytes of a box. Raises `UnsupportedModuleError` where the base cannot hold the image."""
    base = base_module if isinstance(base_module, Module) else Module.parse(base_module)
    module = with_image(base, image.pages, image.segments, EXPORTS)
    return with_custom(module, SECTION, info.to_json()).emit()


def _info(module: Module) -> BoxInfo:
    contents = module.custom(SECTION)
    if contents is None:
        raise NotABoxError(
            "The file is a WebAssembly module, but no box: Boxer did not write it.",
            hint=_BUILD,
        )
    if len(contents) > LARGEST_INFO:
        raise DamagedBoxError(f"The box's description is `{len(contents)}` bytes large.")
    return BoxInfo.from_json(bytes(contents))


@contextmanager
def _blaming_the_file() -> Iterator[None]:
    """Says of the box what the lower rooms say of modules and fields."""
    try:
        yield
    except NotWasmError as error:
        raise NotABoxError(f"{error.message} It is no box.", hint=_BUILD) from None
    except (DamagedWasmError, BadFieldError, UnsupportedModuleError) as error:
        raise DamagedBoxError(f"The box is damaged. {error.message}", hint=_BUILD) from None
