"""A compiler's command line in a RUN: what is asked, and what is refused.

Belongs here: the policy of a RUN. Does not: which options there are (`options`), doing anything.

What the table of options does not list is refused, since an option can name a file of this machine
or have the compiler run or write something.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from boxer.toolchain.options import Kind, Option, table

Mode = Literal["link", "-c", "-S", "-E", "-M", "-fsyntax-only", "question"]

_C = (".c", ".i")
_CXX = (".cc", ".cp", ".cpp", ".cxx", ".c++", ".C", ".CPP", ".ii")
_ASSEMBLER = (".s", ".S", ".sx", ".asm")
_RESPONSE_DEPTH = 4
_WORD = re.compile(r"[\w+=.,:-]+")


class RefusedError(Exception):
    """An argument or a file that is not taken in a RUN; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class Source:
    """path: as it was written. language: clang's name for it."""

    path: str
    language: str


@dataclass(slots=True)
class Job:
    """What a command line asks for. linked: objects, archives, `-lNAME` and `-LPATH`, sources by
    their place, in their order. dependencies: -MD, -MMD, -MP, -MM as they were."""

    mode: Mode = "link"
    options: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    linked: list[str | Source] = field(default_factory=list)
    output: str | None = None
    dependencies: list[str] = field(default_factory=list)
    dependency_file: str | None = None
    dependency_targets: list[tuple[str, str]] = field(default_factory=list)
    question: str = ""


# Reads a file of the stage; None where there is none.
Reader = Callable[[str], bytes | None]


def parse_arguments(arguments: Sequence[str], is_cxx: bool, read: Reader) -> Job:
    """The job of a command line. Raises RefusedError."""
    job = Job()
    language = ""
    rest = iter(_expanded(arguments, read, _RESPONSE_DEPTH))
    for argument in rest:
        if argument == "-" or not argument.startswith("-"):
            _input(job, argument, language, is_cxx)
            continue
        option = _listed(argument)
        # The option as it was written: one argument, or two.
        written = [argument]
        if option.value and argument in option.names:
            written.append(_next(argument, rest))
        if option.kind == "language":
            language = _language("".join(written).removeprefix("-x"))
        elif option.run == "taken":
            _take(job, option.kind, written)
    if not job.sources and not job.linked and job.question:
        job.mode = "question"
    return job


def _listed(argument: str) -> Option:
    option = table().find(argument)
    if argument == "-shared":
        raise RefusedError("a box has no shared libraries: link statically")
    is_closed = option is not None and (option.value or _WORD.fullmatch(argument))
    if option is None or option.run == "refused" or not is_closed:
        raise RefusedError(f"the option `{argument}` is not taken in a RUN")
    return option


def _next(argument: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise RefusedError(f"the option `{argument}` has no value")
    return value


def _take(job: Job, kind: Kind, written: list[str]) -> None:
    argument, value = written[0], written[-1]
    if kind == "mode":
        job.mode = "-M" if argument == "-MM" else cast(Mode, argument)
        job.dependencies += ["-MM"] if argument == "-MM" else []
    elif kind == "question":
        job.question = argument
    elif kind == "output":
        job.output = "".join(written).removeprefix("-o")
    elif kind == "library":
        job.linked.append("".join(written).removeprefix("-Wl,"))
    elif argument == "-MF":
        job.dependency_file = value
    elif argument in ("-MT", "-MQ"):
        job.dependency_targets.append((argument, value))
    elif kind == "dependency":
        job.dependencies.append(argument)
    else:
        job.options += written


def _input(job: Job, name: str, language: str, is_cxx: bool) -> None:
    suffix = posixpath.splitext(name)[1]
    if language:
        found: Source | None = Source(name, language)
    elif suffix in _CXX or (is_cxx and suffix in _C):
        found = Source(name, "c++")
    elif suffix in _C or (name == "-" and not is_cxx):
        found = Source(name, "c")
    elif name == "-":
        found = Source(name, "c++")
    elif suffix in (".h", ".hh", ".hpp"):
        raise RefusedError(f"`{name}` is a header: there are no precompiled headers in a RUN")
    elif suffix in _ASSEMBLER:
        raise RefusedError(f"`{name}` is in assembly language, which is another machine's")
    elif re.search(r"\.so(\.\d+)*$", name):
        raise RefusedError(f"`{name}` is a shared library, which a box does not have")
    else:
        found = None
    if found is not None:
        job.sources.append(found)
    job.linked.append(found or name)


def _language(name: str) -> str:
    if name not in ("c", "c++", "none", "cpp-output", "c++-cpp-output"):
        raise RefusedError(f"the language `{name}` cannot be compiled in a RUN")
    return {"none": "", "cpp-output": "c", "c++-cpp-output": "c++"}.get(name, name)


def _expanded(arguments: Sequence[str], read: Reader, depth: int) -> list[str]:
    """The arguments with those of response files, which are the stage's, in their place."""
    found: list[str] = []
    for argument in arguments:
        data = read(argument[1:]) if argument.startswith("@") and depth else None
        if argument.startswith("@") and data is None:
            raise RefusedError(f"the file of `{argument}` is not there")
        if data is None:
            found.append(argument)
            continue
        try:
            inner = shlex.split(data.decode("utf-8", "surrogateescape"))
        except ValueError as error:
            raise RefusedError(f"`{argument}` cannot be read: {error}") from error
        found += _expanded(inner, read, depth - 1)
    return found
