"""A frozen machine: compiled code and a memory image, from which machines are made.

Belongs here: which kind of machine is made where. Does not: what they are used for.

Invariants
1. The image is parted from the code once, and shared by all machines over it.
2. Folders are mounted in native machines alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from boxer.boxfile import Box, MemoryImage, Segment
from boxer.errors import EngineError, LimitValueError, MountError
from boxer.runtime import mapped
from boxer.runtime.calls import read_reply, reply_of
from boxer.runtime.code import Code, load_code
from boxer.runtime.copied import CopiedInstance
from boxer.runtime.entry import Instance, RunOptions
from boxer.runtime.mapped import MappedImage, MappedInstance
from boxer.runtime.mounts import Mount

# The export that freezes a machine once more.
REFREEZE = "boxer_refreeze"
# The export that freezes one once more for runs of a command line.
SETTLE = "boxer_settle"
# Bytes that a call may add to its machine's memory before that has to grow: as many as a reset puts
# back (MOST_KEPT, native/tracking.c).
HEADROOM = 48 << 20


@dataclass(frozen=True, slots=True)
class Frozen:
    """image: a mapped one where this machine has the native library. resettable: its machines may
    serve a second instance."""

    code: Code
    image: MappedImage | MemoryImage
    resettable: bool = False

    @classmethod
    def of(cls, box: Box) -> Frozen:
        """Compiles the box's code unless that is cached. Raises `UnsupportedModuleError`."""
        code = load_code(box.code, box.info.code_digest)
        if not mapped.is_available():
            return cls(code, box.image)
        try:
            image = MappedImage.of(box.image)
        except EngineError:  # no file may be so large, on disk or in memory (setrlimit(2))
            return cls(code, box.image)
        return cls(code, image, mapped.is_resettable(box.info.code_digest, box.code))

    @property
    def is_mapped(self) -> bool:
        return isinstance(self.image, MappedImage)

    def after(self, request: bytes, options: RunOptions) -> tuple[Frozen, Any]:
        """The machine frozen again after it has answered a request, and what it has answered.
        Raises what that came to."""
        instance = self.machine(options.limits.memory_bytes)
        try:
            reply = reply_of(instance.call(options, request))
            result = read_reply(reply, options.limits.output_bytes)
            reply_of(instance.enter(REFREEZE, options))
            if isinstance(instance, MappedInstance):
                image = instance.new_image(HEADROOM)
                return Frozen(self.code, image, self.resettable), result
            memory = instance.memory()
            return Frozen(self.code, MemoryImage(len(memory), (Segment(0, memory),))), result
        finally:
            instance.close()

    def settled(self, options: RunOptions) -> Frozen | None:
        """The machine frozen again with what runs of these arguments compile. None: there is
        nothing to be kept of it, or no native library."""
        instance = self.machine(options.limits.memory_bytes)
        try:
            if not isinstance(instance, MappedInstance):
                return None
            if instance.enter(SETTLE, options).status != 0:
                return None
            return Frozen(self.code, instance.new_image(), self.resettable)
        finally:
            instance.close()

    @property
    def digest(self) -> str:
        """The image's sha256, where it is mapped; else nothing."""
        return self.image.digest if isinstance(self.image, MappedImage) else ""

    def machine_as(
        self, memory_limit: int, size: int, pieces: Sequence[tuple[int, bytes]]
    ) -> Instance:
        """A machine whose memory has `size` bytes, and differs from the image in these pieces.
        Raises as `machine`, and `EngineError`."""
        image = self.image
        if not isinstance(image, MappedImage):
            raise EngineError("Snapshots of machines need Boxer's native library.")
        if size == image.size:
            machine = MappedInstance(self.code, image, memory_limit)
            machine.put(pieces)
            return machine
        if size > memory_limit:
            raise LimitValueError(
                f"The machine has `{size >> 20}` MiB of memory, the limit is"
                f" `{memory_limit >> 20}` MiB."
            )
        memory = bytearray(size)
        shared = min(size, image.size)
        memory[:shared] = image.place[:shared]
        for at, data in pieces:
            memory[at : at + len(data)] = data
        whole = MappedImage.of(MemoryImage(size, (Segment(0, bytes(memory)),)))
        return MappedInstance(self.code, whole, memory_limit)

    def machine(self, memory_limit: int, mounts: Sequence[Mount] = ()) -> Instance:
        """A fresh machine. memory_limit: bytes. Raises `LimitValueError`, `MountError`."""
        if isinstance(self.image, MappedImage):
            return MappedInstance(self.code, self.image, memory_limit, mounts)
        if mounts:
            raise MountError(
                "Nothing can be mounted: Boxer's native library is missing, or a file for the box's"
                " memory cannot be had.",
                hint="A wheel of Boxer brings the library, and so does `make setup`; `ulimit -f`"
                " and full disks keep files away.",
            )
        return CopiedInstance(self.code, self.image, memory_limit)
