"""A compiler's command line in a RUN: which words are taken, dropped, and refused.

Belongs here: the lists. Does not: doing anything.

What is not listed is refused, since an option can name a file of this machine (`-fplugin=`,
`-specs=`, `-B`, `--sysroot`, `-Xclang`) or have the compiler run or write something. Options that
mean another processor, debugging or a way of optimising are dropped: they change no program.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["link", "-c", "-S", "-E", "-M", "-fsyntax-only", "question"]

_C = (".c", ".i")
_CXX = (".cc", ".cp", ".cpp", ".cxx", ".c++", ".C", ".CPP", ".ii")
_ASSEMBLER = (".s", ".S", ".sx", ".asm")
_RESPONSE_DEPTH = 4

# Valued options of the preprocessor; each path is one of the stage's.
_VALUED = ("-I", "-D", "-U", "-include", "-imacros", "-isystem", "-iquote", "-idirafter")
_TAKEN = re.compile(
    r"-O(?:[0-3sgz]|fast)?|-[DUI].+|-std=[\w+:]+|-ansi|-pedantic(?:-errors)?|-w|-d[DMNIU]"
    r"|-P|-C|-CC|-undef|-trigraphs|-traditional-cpp|-H"
    r"|-W(?![lap],)[\w+=-]*"
    r"|-f(?:no-)?(?:signed-char|unsigned-char|common|strict-aliasing|wrapv|inline(?:-functions)?"
    r"|builtin(?:-\w+)?|exceptions|rtti|unroll-loops|fast-math|math-errno|finite-math-only"
    r"|short-enums|visibility-inlines-hidden|function-sections|data-sections|strict-overflow"
    r"|vectorize|slp-vectorize|delete-null-pointer-checks|freestanding|hosted|gnu89-inline"
    r"|ms-extensions|char8_t|sized-deallocation|trapv|permissive|merge-all-constants"
    r"|threadsafe-statics|operator-names|elide-constructors|zero-initialized-in-bss"
    r"|trapping-math|rounding-math|signed-zeros|associative-math|reciprocal-math)"
    r"|-ffp-contract=\w+|-fvisibility=\w+|-ftemplate-depth=\d+|-fconstexpr-\w+=\d+"
    r"|-fmax-errors=\d+|-ferror-limit=\d+|-fno-caret-diagnostics|-fno-diagnostics-\w[\w-]*"
)
_DROPPED = re.compile(
    r"-m[\w=.,+-]+|-g[\w+=-]*|-s|-static(?:-lib\w+|-pie)?|-rdynamic|-(?:no-)?pie|-pipe|-pthread"
    r"|-f(?!plugin|profile|sanitize|modul|save|time|test-coverage|dump|embed|xray|debug)[\w+-]+"
    r"(?:=[\w.,+-]*)?|-Wl,.*|-Wa,--noexecstack|-Wp,-[DU].*|-z|--coverage|-no-canonical-prefixes"
    r"|-MG|-v|-q\w+"
)
_DROPPED_VALUED = ("-Xlinker", "-z", "-u", "-T")
_QUESTIONS = re.compile(r"--version|-V|-qversion|-dumpversion|-dumpfullversion|-dumpmachine|--help")
_DEPENDENCIES = ("-MD", "-MMD", "-MP")
_MODES: dict[str, Mode] = {
    "-c": "-c", "-S": "-S", "-E": "-E", "-M": "-M", "-MM": "-M", "-fsyntax-only": "-fsyntax-only",
}  # fmt: skip


class RefusedError(Exception):
    """A word or a file that a compiler in a RUN does not take; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class Source:
    """path: as it was written. language: clang's name for it."""

    path: str
    language: str


@dataclass(slots=True)
class Job:
    """A command line, understood. linked: objects, archives, `-lNAME` and `-LPATH`, sources by
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


def understood(arguments: Sequence[str], is_cxx: bool, read: Reader) -> Job:
    """The job of a command line. Raises RefusedError."""
    job = Job()
    language = ""
    rest = iter(_expanded(arguments, read, _RESPONSE_DEPTH))
    for word in rest:
        if word == "-x":
            language = _language(_value(word, rest))
        elif word.startswith("-x"):
            language = _language(word[2:])
        elif word == "-" or not word.startswith("-"):
            _input(job, word, language, is_cxx)
        else:
            _option(job, word, rest)
    if not job.sources and not job.linked and job.question:
        job.mode = "question"
    return job


def _option(job: Job, word: str, rest: Iterator[str]) -> None:
    if word in _MODES:
        job.mode = _MODES[word]
        if word == "-MM":
            job.dependencies.append(word)
    elif word == "-o":
        job.output = _value(word, rest)
    elif word.startswith("-o") and len(word) > 2:
        job.output = word[2:]
    elif word in _VALUED:
        job.options += [word, _value(word, rest)]
    elif word in ("-L", "-l"):
        job.linked.append(word + _value(word, rest))
    elif word.startswith(("-L", "-l")):
        job.linked.append(word)
    elif word in ("-Wl,--whole-archive", "-Wl,--no-whole-archive"):
        job.linked.append(word.removeprefix("-Wl,"))
    elif word in _DEPENDENCIES:
        job.dependencies.append(word)
    elif word == "-MF":
        job.dependency_file = _value(word, rest)
    elif word in ("-MT", "-MQ"):
        job.dependency_targets.append((word, _value(word, rest)))
    elif word == "-shared":
        raise RefusedError("a box has no shared libraries: link statically")
    elif word in _DROPPED_VALUED:
        _value(word, rest)
    elif _QUESTIONS.fullmatch(word) or word.startswith(("-print-", "--print-")):
        job.question = word
    elif _TAKEN.fullmatch(word):
        job.options.append(word)
    elif not _DROPPED.fullmatch(word):
        raise RefusedError(f"the option `{word}` is not taken in a RUN")


def _input(job: Job, word: str, language: str, is_cxx: bool) -> None:
    suffix = posixpath.splitext(word)[1]
    if language:
        found: Source | None = Source(word, language)
    elif suffix in _CXX or (is_cxx and suffix in _C):
        found = Source(word, "c++")
    elif suffix in _C or (word == "-" and not is_cxx):
        found = Source(word, "c")
    elif word == "-":
        found = Source(word, "c++")
    elif suffix in (".h", ".hh", ".hpp"):
        raise RefusedError(f"`{word}` is a header: there are no precompiled headers in a RUN")
    elif suffix in _ASSEMBLER:
        raise RefusedError(f"`{word}` is in assembly language, which is another machine's")
    elif re.search(r"\.so(\.\d+)*$", word):
        raise RefusedError(f"`{word}` is a shared library, which a box does not have")
    else:
        found = None
    if found is not None:
        job.sources.append(found)
    job.linked.append(found or word)


def _language(name: str) -> str:
    if name not in ("c", "c++", "none", "cpp-output", "c++-cpp-output"):
        raise RefusedError(f"the language `{name}` cannot be compiled in a RUN")
    return {"none": "", "cpp-output": "c", "c++-cpp-output": "c++"}.get(name, name)


def _value(word: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise RefusedError(f"the option `{word}` has no value")
    return value


def _expanded(words: Sequence[str], read: Reader, depth: int) -> list[str]:
    """The words with those of response files, which are the stage's, in their place."""
    found: list[str] = []
    for word in words:
        data = read(word[1:]) if word.startswith("@") and depth else None
        if word.startswith("@") and data is None:
            raise RefusedError(f"the file of `{word}` is not there")
        if data is None:
            found.append(word)
            continue
        try:
            inner = shlex.split(data.decode("utf-8", "surrogateescape"))
        except ValueError as error:
            raise RefusedError(f"`{word}` cannot be read: {error}") from error
        found += _expanded(inner, read, depth - 1)
    return found
