"""Variables of a Dockerfile: `$NAME`, `${NAME:-default}` and their kin, in BuildKit's words.

Belongs here: expanding one instruction's words with given variables. Does not: which variables
there are (`stages`). The lexer is BuildKit's, through `e2b_dockerfile_utils`.

Invariant: RUN, CMD and ENTRYPOINT are never expanded; their shell does it when they run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from e2b_dockerfile_utils import ShellLex

from boxer.dockerfile import (
    Add,
    Copy,
    Env,
    Expose,
    Heredoc,
    Instruction,
    Label,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from boxer.errors import VariableError, Where


class Expander:
    """Expands words. escape: the Dockerfile's escape character."""

    def __init__(self, escape: str, variables: Mapping[str, str]) -> None:
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
            try:
                found += self._lex.process_words(text)
            except ValueError as error:
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
        try:
            result = process(text)  # type: ignore[operator]
        except ValueError as error:
            raise _failed(error, where) from None
        return str(result)


def _failed(error: ValueError, where: Where) -> VariableError:
    return VariableError(f"A variable cannot be expanded: {error}.", where=where)
