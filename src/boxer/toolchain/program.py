"""One call of a compiler in a RUN, from its arguments to the files it leaves.

Belongs here: the order of a call, and the names of what comes out. Does not: any of the work.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path

from boxer.ending import temporary_folder
from boxer.errors import TreeError
from boxer.filetree import READ, Directory, File, permitted
from boxer.toolchain.arguments import Job, RefusedError, Source, parse_arguments
from boxer.toolchain.frontend import (
    TARGET,
    Bench,
    check,
    compile_object,
    dependency_file,
    preprocess,
)
from boxer.toolchain.library import archive
from boxer.toolchain.linking import Link
from boxer.toolchain.overlay import Layout, overlay
from boxer.toolchain.request import CompilerRequest, CompilerResult
from boxer.toolchain.sdk import Done, find_sdk, run_zig

_STDIN = "/dev/stdin"
_SEARCHED = ("/usr/local/include", "/usr/include")


class SdkCompiler:
    """The SDK's compiler, as RUN's commands know it (`userland.Compiler`)."""

    def run(self, request: CompilerRequest) -> CompilerResult:
        """Runs `cc`, `c++` or `ar`: argv[0] of the request. The tree is not changed.

        Raises `BaseMissingError` where this machine has no SDK.
        """
        try:
            if request.argv[0] == "ar":
                done = archive(request.argv[1:], _Reader(request).relative)
                files = {name: (data, 0o644) for name, data in done.files.items()}
                return CompilerResult(0, done.out, b"", files)
            with temporary_folder("boxer-cc-") as folder:
                return _Call(request, folder.resolve()).run()
        except RefusedError as error:
            text = f"{request.argv[0]}: error: {error}\n"
            return CompilerResult(1, b"", text.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Files of a stage, as its user may read them."""

    request: CompilerRequest

    def absolute(self, path: str) -> bytes | None:
        try:
            node = self.request.tree.get(posixpath.normpath(path))
        except TreeError:
            return None
        if not isinstance(node, File) or not permitted(node, self.request.user, READ):
            return None
        return node.data

    def relative(self, path: str) -> bytes | None:
        return self.absolute(posixpath.join(self.request.cwd, path))


class _Call:
    """One compiler call. folder: an empty one of this machine."""

    def __init__(self, request: CompilerRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._sdk = find_sdk()
        self._reader = _Reader(request)
        self._out = ""
        self._err = ""
        self._files: dict[str, tuple[bytes, int]] = {}

    def run(self) -> CompilerResult:
        tool, *arguments = self._request.argv
        job = parse_arguments(arguments, tool == "c++", self._reader.relative)
        if job.mode == "question":
            return self._answer(job.question)
        if not job.linked:
            raise RefusedError("no input files")
        status = self._work(job)
        out, err = (text.encode("utf-8", "replace") for text in (self._out, self._err))
        return CompilerResult(status, out, err, self._files if status == 0 else {})

    def _work(self, job: Job) -> int:
        for source in job.sources:
            if source.path != "-" and self._reader.relative(source.path) is None:
                raise RefusedError(f"no such file or directory: '{source.path}'")
        job.sources = [self._named(source) for source in job.sources]
        bench = self._bench() if job.sources else None
        if job.mode == "link":
            return self._link(bench, job)
        if bench is None:
            return 0  # a linker's input, and nothing to link
        if job.output and len(job.sources) > 1 and job.mode in ("-c", "-S"):
            raise RefusedError("cannot specify -o when generating multiple output files")
        return max(self._one(bench, job, source) for source in job.sources)

    def _one(self, bench: Bench, job: Job, source: Source) -> int:
        if job.mode == "-fsyntax-only":
            return self._note(check(bench, job, source))
        if job.mode in ("-E", "-M"):
            done, text = preprocess(bench, job, source)
            target = job.output or (job.dependency_file if job.mode == "-M" else None)
            if target and target != "-":
                self._files[target] = (text, 0o644)
            else:
                self._out += text.decode("utf-8", "replace")
            return self._note(done)
        stem = posixpath.splitext(posixpath.basename(source.path))[0]
        name = job.output or stem + (".o" if job.mode == "-c" else ".s")
        made = self._folder / "made.o"
        status = self._note(compile_object(bench, job, source, made))
        if status == 0:
            self._files[name] = (made.read_bytes(), 0o644)
            self._dependencies(bench, job, posixpath.splitext(name)[0])
        return status

    def _link(self, bench: Bench | None, job: Job) -> int:
        link = Link(self._sdk, self._folder, self._request.cwd, self._reader.absolute)
        sources = iter(job.sources)
        # Folders of libraries count wherever they stand.
        for entry in job.linked:
            if isinstance(entry, str) and entry.startswith("-L"):
                link.add(entry)
        for entry in job.linked:
            if isinstance(entry, str):
                if not entry.startswith("-L"):
                    link.add(entry)
                continue
            assert bench is not None
            source = next(sources)
            made = self._folder / f"made{len(link.names)}.o"
            if self._note(compile_object(bench, job, source, made)):
                return 1
            self._dependencies(bench, job, posixpath.splitext(posixpath.basename(source.path))[0])
            link.add_object(made, source.path)
        target = self._folder / "program"
        status = self._note(link.run(target, self._request.epoch))
        if status == 0:
            self._files[job.output or "a.out"] = (target.read_bytes(), 0o755)
        return status

    def _dependencies(self, bench: Bench, job: Job, stem: str) -> None:
        rule = dependency_file(bench)
        if rule.is_file():
            self._files[job.dependency_file or f"{stem}.d"] = (rule.read_bytes(), 0o644)
            rule.unlink()

    def _named(self, source: Source) -> Source:
        return Source(_STDIN, source.language) if source.path == "-" else source

    def _bench(self) -> Bench:
        request = self._request
        contents = self._folder / "files"
        contents.mkdir()
        table = overlay(
            request.tree,
            request.user,
            Layout(contents, request.epoch),
            self._sdk.headers,
            {_STDIN: request.stdin},
        )
        file = self._folder / "overlay.json"
        file.write_bytes(table)
        searched = tuple(p for p in _SEARCHED if isinstance(request.tree.get(p), Directory))
        return Bench(self._sdk, self._folder, file, request.cwd, request.epoch, searched)

    def _note(self, done: Done) -> int:
        self._out += done.out
        self._err += done.err.replace(f"{self._folder}/", "")
        return 0 if done.status == 0 else 1

    def _answer(self, question: str) -> CompilerResult:
        if question == "-dumpmachine":
            said = f"{TARGET}\n"
        elif question.startswith(("-dump", "--version")):
            done = run_zig(self._sdk, ["clang", "--version"], self._folder, self._request.epoch)
            line = done.out.partition("\n")[0]
            version = line.rpartition(" ")[2]
            asked = question.startswith("-dump")
            said = f"{version}\n" if asked else f"{line}\nTarget: {TARGET}\n"
        else:
            said = ""
        return CompilerResult(0, said.encode())
