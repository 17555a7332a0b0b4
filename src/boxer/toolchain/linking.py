"""From objects and libraries to a program.

Belongs here: which files of the stage are linked, in which order, and the linker's arguments. Does
not: compiling (`frontend`).

Invariant: the linker is given objects by paths of ours, and no archive, bitcode or script of the
stage: bitcode may hold assembly, archives and scripts may name files of this machine.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from boxer.toolchain.archives import MAGIC, THIN, read_archive
from boxer.toolchain.arguments import RefusedError
from boxer.toolchain.options import table
from boxer.toolchain.sdk import Done, Sdk, run_zig
from boxer.wasmformat import with_object

OBJECT = b"\0asm"
_ELF = b"\x7fELF"
_PLACES = ("/usr/local/lib", "/usr/lib", "/lib")
# A main of two parameters and the weak one of three are both known to the start code.
_MISMATCH = re.compile(r"[^\n]*function signature mismatch: main\n(?:>>>[^\n]*\n){2}")

# Reads a file of the stage, by its absolute path; None where there is none.
Reader = Callable[[str], bytes | None]


@dataclass(slots=True)
class Link:
    """One link. folder: where objects are laid for the linker. names: of the stage, by theirs."""

    sdk: Sdk
    folder: Path
    cwd: str
    read: Reader
    arguments: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    searched: list[str] = field(default_factory=list)

    def add_object(self, path: Path, name: str) -> None:
        """An object that was compiled by this command."""
        self.names[str(path)] = name
        self.arguments.append(str(path))

    def add(self, argument: str) -> None:
        """One argument of the command line: a file, -lNAME, -LPATH, --whole-archive. Raises
        RefusedError."""
        if argument.startswith("-L"):
            self.searched.append(posixpath.join(self.cwd, argument[2:]))
        elif argument.startswith("-l"):
            self._library(argument[2:])
        elif argument.startswith("--"):
            self.arguments.append(argument)
        else:
            data = self.read(posixpath.join(self.cwd, argument))
            if data is None:
                raise RefusedError(f"no such file: `{argument}`")
            self._file(argument, data)

    def run(self, target: Path, epoch: int) -> Done:
        lib = self.sdk.folder / "lib"
        machine = [lib / name for name in ("start.o", "libmachine.a", "libz.a")]
        machine += [lib / "c++" / "libc++.a"]
        machine += [lib / name for name in ("libjumps.a", "libc.a", "libcompiler_rt.a")]
        command = ["wasm-ld", *self.sdk.link_flags, *self.arguments, *map(str, machine)]
        done = run_zig(self.sdk, [*command, "-o", str(target)], self.folder, epoch)
        if done.status == 0:
            self._keep_object(target, epoch)
        said = _MISMATCH.sub("", done.err)
        for path, name in self.names.items():
            said = said.replace(path, name)
        return Done(done.status, done.out, said.replace(f"{lib}/", ""))

    def _keep_object(self, target: Path, epoch: int) -> None:
        """A box whose base has a program of its own is linked with this one's object."""
        made = self.folder / "object"
        command = ["wasm-ld", "-r", *self.arguments, "-o", str(made)]
        if run_zig(self.sdk, command, self.folder, epoch).status == 0:
            target.write_bytes(with_object(target.read_bytes(), made.read_bytes()))

    def _library(self, name: str) -> None:
        file = name[1:] if name.startswith(":") else f"lib{name}.a"
        for folder in (*self.searched, *_PLACES):
            path = posixpath.join(folder, file)
            data = self.read(path)
            if data is not None:
                self._file(path, data)
                return
        if name not in table().own_libraries:
            raise RefusedError(f"unable to find library -l{name}")

    def _file(self, name: str, data: bytes) -> None:
        if data.startswith((MAGIC, THIN)):
            members = read_archive(data, name)
            whole = self._is_whole()
            self.arguments += [] if whole else ["--start-lib"]
            for member in members:
                self._lay(f"{name}({member.name})", member.data)
            self.arguments += [] if whole else ["--end-lib"]
        else:
            self._lay(name, data)

    def _is_whole(self) -> bool:
        switches = [each for each in self.arguments if each.endswith("whole-archive")]
        return switches[-1:] == ["--whole-archive"]

    def _lay(self, name: str, data: bytes) -> None:
        if data.startswith(_ELF):
            raise RefusedError(f"`{name}` is for another processor (ELF): compile it in the RUN")
        if not data.startswith(OBJECT):
            raise RefusedError(f"`{name}` is no object of this compiler")
        path = self.folder / f"in{len(self.names)}.o"
        path.write_bytes(data)
        self.add_object(path, name)
