"""From a source to an object, in two steps, with a look in between.

Belongs here: clang's arguments, the steps. Does not: the user's (`arguments`), linking
(`linking`).

First the front end, over the overlay, writes LLVM's text. Then that is read for assembly: clang's
assembler reads files past the overlay (`.incbin`, `.include`), and there is none for this machine
that a C program would hold. Only then is the text made an object.

The front end's own arguments come from clang itself (`-###`) over an empty file: its driver looks
for the source on this machine, where it is not.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boxer.toolchain.arguments import Job, RefusedError, Source
from boxer.toolchain.overlay import HEADERS
from boxer.toolchain.sdk import Done, Sdk, run_zig

TARGET = "wasm32-unknown-linux-musl"
# The flags of the SDK (`recipes/programsdk.py`), by clang's own names instead of zig's.
_MACHINE = (
    f"--target={TARGET}",
    *("-mcpu=lime1", "-mexception-handling", "-fwasm-exceptions"),
    *("-mllvm", "-wasm-enable-sjlj", "-mllvm", "-wasm-use-legacy-eh=false"),
    *("-fno-pic", "-fno-strict-aliasing", "-fno-crash-diagnostics"),
)
_JUMPS = (
    "-Dsigsetjmp(env,mask)=setjmp(env)",
    "-Dsiglongjmp(env,value)=longjmp(env,value)",
)
_CXX = ("-mllvm", "-wasm-enable-eh")
_DIRECTIVES = re.compile(rb'"[^"]*"|\basm\b[^"]*"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Bench:
    """Where one command works. folder: of this machine. overlay: in it. cwd: the stage's.
    searched: folders of the stage that a compiler looks for headers in by itself."""

    sdk: Sdk
    folder: Path
    overlay: Path
    cwd: str
    epoch: int
    searched: tuple[str, ...]


def preprocess(bench: Bench, job: Job, source: Source) -> tuple[Done, bytes]:
    """The source after the preprocessor, or with -M the rule of its dependencies."""
    target = bench.folder / "preprocessed"
    mode = ["-E"] if job.mode == "-E" else [_rule(job), *_targets(job, source)]
    done = _front_end(bench, job, source, [*mode, "-o", str(target)])
    return done, target.read_bytes() if target.is_file() else b""


def check(bench: Bench, job: Job, source: Source) -> Done:
    return _front_end(bench, job, source, ["-fsyntax-only"])


def compile_object(bench: Bench, job: Job, source: Source, target: Path) -> Done:
    """Raises RefusedError for a source that holds assembly."""
    text = target.with_suffix(".ll")
    arguments = ["-S", "-emit-llvm", *_dependencies(bench, job, source), "-o", str(text)]
    done = _front_end(bench, job, source, arguments)
    if done.status:
        return done
    _refuse_assembly(text.read_bytes(), source)
    kind = "-S" if job.mode == "-S" else "-c"
    level = [option for option in job.options if option.startswith("-O")] or ["-O2"]
    flags = [*_MACHINE, *_CXX, *level, "-Xclang", "-disable-llvm-passes", "-w"]
    end = [kind, "-x", "ir", str(text), "-o", str(target)]
    made = run_zig(bench.sdk, ["clang", *flags, *end], bench.folder, bench.epoch)
    text.unlink()
    return Done(made.status, made.out, done.err + made.err)


def dependency_file(bench: Bench) -> Path:
    """Where -MD and -MMD leave their rule."""
    return bench.folder / "dependencies"


def _front_end(bench: Bench, job: Job, source: Source, arguments: Sequence[str]) -> Done:
    empty = bench.folder / "empty"
    empty.touch()
    flags = [*_MACHINE, *_JUMPS, "-nostdinc", "-O2", f"-fdebug-compilation-dir={bench.cwd}"]
    if source.language == "c++":
        flags += [*_CXX, "-nostdinc++", *bench.sdk.cxx_definitions]
    command = ["clang", "-###", *flags, *job.options, *_folders(bench, source), *arguments]
    asked = run_zig(
        bench.sdk, [*command, "-x", source.language, str(empty)], bench.folder, bench.epoch
    )
    line = next((line for line in asked.err.splitlines() if ' "-cc1" ' in line), None)
    if asked.status or line is None:
        said = [line for line in asked.err.splitlines() if "error:" in line]
        return Done(1, "", "\n".join(said) + "\n")
    front = shlex.split(line)[1:-1]
    front[front.index("-main-file-name") + 1] = posixpath.basename(source.path)
    over = ["-working-directory", bench.cwd, "-ivfsoverlay", str(bench.overlay)]
    done = run_zig(bench.sdk, [*front, *over, source.path], bench.folder, bench.epoch)
    return done if done.status <= 1 else Done(1, done.out, done.err or _crashed(source))


def _folders(bench: Bench, source: Source) -> list[str]:
    """The folders of headers, behind those that were asked for."""
    own = [f"{HEADERS}/{name}" for name in ("machine", "compiler")]
    plus = [f"{HEADERS}/c++"] if source.language == "c++" else []
    return [part for path in (*bench.searched, *plus, *own) for part in ("-isystem", path)]


def _dependencies(bench: Bench, job: Job, source: Source) -> list[str]:
    if not {"-MD", "-MMD"} & set(job.dependencies):
        return []
    return [*job.dependencies, *_targets(job, source), "-MF", str(dependency_file(bench))]


def _rule(job: Job) -> str:
    return "-MM" if "-MM" in job.dependencies else "-M"


def _targets(job: Job, source: Source) -> list[str]:
    """What the rule is for: what was asked, else the object by the source's name."""
    extra = ["-MP"] if "-MP" in job.dependencies and job.mode == "-M" else []
    stem = posixpath.splitext(posixpath.basename(source.path))[0]
    target = job.output if job.output and job.mode == "-c" else f"{stem}.o"
    named = job.dependency_targets or [("-MT", target)]
    return [*extra, *(part for pair in named for part in pair)]


def _refuse_assembly(text: bytes, source: Source) -> None:
    r"""LLVM's text has quotes in strings as `\22`, so what is between two is one string."""
    for match in _DIRECTIVES.finditer(text):
        template = match[1]
        if template is not None and template.strip():
            shown = template.split(b"\\0A")[0].decode("utf-8", "replace")[:60]
            raise RefusedError(
                f"`{source.path}` holds assembly (`{shown}`), which is another machine's"
            )


def _crashed(source: Source) -> str:
    return f"{source.path}: the compiler stopped\n"
