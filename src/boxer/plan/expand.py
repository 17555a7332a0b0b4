"""Variables of a Dockerfile: `$NAME`, `${NAME:-default}` and their kin, in BuildKit's words.

Belongs here: expanding one instruction's words with given variables. Does not: which variables
there are (`stages`). The lexer is BuildKit's, through `e2b_dockerfile_utils`.

Invariant: the commands of RUN, CMD and ENTRYPOINT are never expanded; their shell does it when they
run. The mounts of a RUN are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from e2b_dockerfile_utils import ShellLex

from boxer.dockerfile import (
    Add,
    Copy,
    Env,
    Expose,
    Heredoc,
    Instruction,
    Label,
    Run,
    StopSignal,
    User,
    Volume,
    Workdir,
    mount_fields,
    mount_text,
)
from boxer.errors import InputTooLargeError, VariableError, Where

MOST_VARIABLES = 2000
_LONGEST = 1 << 18
# What the lexer may be given in all: it takes two microseconds for a character.
_MOST = 4 << 20
# Steps of a pattern in a `${NAME##*x*y}`: a star may stand for any run of the value's characters.
_MOST_STEPS = 10_000_000
_REFERENCE = re.compile(r"\$\{?([0-9]+|\w+)")
_REPLACING = re.compile(r"\$\{\w+/")
_MATCHING = re.compile(r"\$\{\w+[/#%]")


@dataclass(slots=True)
class Room:
    """Characters that the words of one Dockerfile may still expand to."""

    left: int = _MOST

    def take(self, text: str, variables: Mapping[str, str], where: Where) -> None:
        """Counts a word before it is expanded: by what it would be at most, so that nothing that is
        too large is ever made. Raises `InputTooLargeError`."""
        named = [variables.get(_name(word), "") for word in _REFERENCE.findall(text)]
        size = len(text) + sum(map(len, named))
        longest = max(map(len, named), default=0)
        stars = text.count("*") + sum(value.count("*") for value in named)
        if _REPLACING.search(text):
            size *= longest + 1
        if size > _LONGEST:
            raise InputTooLargeError("A word is larger than 256 KiB once expanded.", where=where)
        if _MATCHING.search(text) and longest ** min(stars, 64) > _MOST_STEPS:
            raise VariableError(
                f"A pattern with {stars} stars over {longest} characters would take too long.",
                where=where,
                hint="Use fewer `*` in it.",
            )
        self.left -= size
        if self.left < 0:
            raise InputTooLargeError(
                "The Dockerfile is larger than 4 MiB once its variables are expanded.",
                where=where,
                hint="Put large values into files.",
            )


class Expander:
    """Expands words. escape: the Dockerfile's escape character. room: shared by its expanders."""

    def __init__(self, escape: str, variables: Mapping[str, str], room: Room) -> None:
        self._variables = variables
        self._room = room
        self._lex = ShellLex(escape, env=variables, skip_unset_env=False)
        # BuildKit's is always of the backslash, whatever the Dockerfile's own is.
        self._documents = ShellLex(
            "\\", skip_process_quotes=True, env=variables, skip_unset_env=False
        )

    def word(self, text: str, where: Where) -> str:
        """One word: variables replaced, quotes and escapes taken away. Raises `VariableError`."""
        return self._checked(self._lex.process_word, text, where)

    def words(self, texts: Iterable[str], where: Where) -> tuple[str, ...]:
        """Words that may expand to several or none, as in EXPOSE."""
        found: list[str] = []
        for text in texts:
            self._room.take(text, self._variables, where)
            try:
                found += self._lex.process_words(text)
            except (ValueError, RecursionError) as error:
                raise _failed(error, where) from None
        return tuple(found)

    def document(self, heredoc: Heredoc, where: Where) -> Heredoc:
        """A here-document: quotes in it mean nothing, and a backslash is taken away from before
        whatever it stands (BuildKit, dockerfile2llb/convert.go, ExpandRaw)."""
        if not heredoc.expand:
            return heredoc
        content = self._checked(self._documents.process_word, heredoc.content, where)
        return replace(heredoc, content=content)

    def instruction(self, entry: Instruction) -> Instruction:
        """The instruction with its words expanded."""
        where = entry.where
        match entry:
            case Copy():
                return self._copy(entry)
            case Run():
                return replace(entry, mounts=tuple(self._mount(m, where) for m in entry.mounts))
            case Env() | Label():
                pairs = tuple((self.word(n, where), self.word(v, where)) for n, v in entry.pairs)
                return replace(entry, pairs=pairs)
            case Workdir():
                return replace(entry, path=self.word(entry.path, where))
            case User():
                return replace(entry, user=self.word(entry.user, where))
            case StopSignal():
                return replace(entry, signal=self.word(entry.signal, where))
            case Expose():
                return replace(entry, ports=self.words(entry.ports, where))
            case Volume():
                return replace(entry, paths=tuple(self.word(p, where) for p in entry.paths))
            case _:
                return entry

    def _mount(self, text: str, where: Where) -> str:
        fields = mount_fields(text)
        return mount_text((k, v if v is None else self.word(v, where)) for k, v in fields)

    def _copy(self, entry: Copy) -> Copy:
        where = entry.where

        def optional(text: str | None) -> str | None:
            return None if text is None else self.word(text, where)

        expanded = replace(
            entry,
            sources=tuple(self.word(source, where) for source in entry.sources),
            destination=self.word(entry.destination, where),
            heredocs=tuple(self.document(heredoc, where) for heredoc in entry.heredocs),
            from_stage=entry.from_stage,
            chown=optional(entry.chown),
            chmod=optional(entry.chmod),
            exclude=tuple(self.word(pattern, where) for pattern in entry.exclude),
        )
        if isinstance(expanded, Add):
            return replace(expanded, checksum=optional(expanded.checksum))
        return expanded

    def _checked(self, process: object, text: str, where: Where) -> str:
        self._room.take(text, self._variables, where)
        try:
            result = process(text)  # type: ignore[operator]
        except (ValueError, RecursionError) as error:
            raise _failed(error, where) from None
        return str(result)


def _name(word: str) -> str:
    """The part of a word that the lexer takes for a name: letters and decimal digits."""
    ends = (at for at, c in enumerate(word) if not (c.isalpha() or c.isdecimal() or c == "_"))
    return word[: next(ends, len(word))]


def _failed(error: Exception, where: Where) -> VariableError:
    return VariableError(f"A variable cannot be expanded: {error}.", where=where)
