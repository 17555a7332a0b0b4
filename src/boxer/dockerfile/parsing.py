"""From a Dockerfile's text to instructions.

Belongs here: the order of reading, errors with their lines. Does not: one instruction's own rules
(`reading`). Lexing, continuation lines, JSON forms and here-documents are BuildKit's, through
`e2b_dockerfile_utils`.

Invariant: any text is either a Dockerfile or raises `DockerfileSyntaxError` with a line.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace

from e2b_dockerfile_utils import DockerfileInstruction, parse_dockerfile_ast
from e2b_dockerfile_utils import DockerfileSyntaxError as AstError

from boxer.dockerfile.instructions import Arg, Cmd, Entrypoint, From, Instruction, Run
from boxer.dockerfile.line import Line
from boxer.dockerfile.reading import READERS
from boxer.errors import BoxerError, DockerfileSyntaxError, InputTooLargeError, Where

_UNKNOWN = re.compile(r"unknown instruction: (\S*)")
# A line that looks as if it went on, with a comment or spaces behind the backslash.
_ENDS_EARLY = re.compile(r"\\\s*#|\\\s+$")
_TRIGGER_WITH_DOCUMENT = re.compile(r"(?i)\s*ONBUILD\s.*<<")
_NEARLY_JSON = re.compile(r"""\[\s*["'][^"']*["']\s*[],]""")
# What to write instead, by words of the error.
_HINTS = {
    "unterminated heredoc": "The word behind `<<` ends it, alone on a line.",
    "ENV must have two arguments": "Write `ENV NAME=VALUE`.",
}
LARGEST = 1 << 20
MOST_INSTRUCTIONS = 5000


@dataclass(frozen=True, slots=True)
class ParseWarning:
    message: str
    where: Where


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """escape: the line continuation and escape character, `\\` or a backquote."""

    file: str
    instructions: tuple[Instruction, ...]
    escape: str
    warnings: tuple[ParseWarning, ...] = ()


def parse(text: str, file: str = "Dockerfile") -> Dockerfile:
    """Reads a Dockerfile. file: its name for errors. Raises `DockerfileSyntaxError`."""
    if len(text) > LARGEST:
        raise InputTooLargeError("The Dockerfile is larger than 1 MiB.", where=Where(file))
    try:
        ast = parse_dockerfile_ast(text.removeprefix("\ufeff"))
    except AstError as error:
        raise _syntax_error(error, text, file) from None
    except (ValueError, RecursionError, IndexError) as error:
        raise DockerfileSyntaxError(f"{error}.", where=Where(file, 1)) from None
    if len(ast.instructions) > MOST_INSTRUCTIONS:
        where = Where(file, ast.instructions[MOST_INSTRUCTIONS].start_line)
        raise InputTooLargeError(
            f"The Dockerfile has more than {MOST_INSTRUCTIONS} instructions.", where=where
        )
    instructions = tuple(_read(entry, ast.escape_token, file) for entry in ast.instructions)
    _check_order(instructions, file)
    warnings = [ParseWarning(w.message, Where(file, w.line)) for w in ast.warnings]
    warnings += _no_json(instructions)
    return Dockerfile(file, instructions, ast.escape_token, tuple(warnings))


def parse_trigger(text: str, escape: str, where: Where) -> Instruction:
    """The instruction behind an ONBUILD. Raises `DockerfileSyntaxError` at the ONBUILD's place."""
    try:
        ast = parse_dockerfile_ast(text)
        return replace(_read(ast.instructions[0], escape, where.file), where=where)
    except (ValueError, IndexError, RecursionError) as error:
        raise DockerfileSyntaxError(f"ONBUILD: {error}.", where=where) from None


def _no_json(instructions: tuple[Instruction, ...]) -> list[ParseWarning]:
    """What was meant as a list of words and is a line for the shell: `CMD ['python']`."""
    return [
        ParseWarning(
            "This is no JSON array, which has double quotes and nothing after it: the shell gets it"
            " as it stands.",
            entry.where,
        )
        for entry in instructions
        if isinstance(entry, Cmd | Entrypoint | Run)
        and _NEARLY_JSON.match(entry.command.script or "")
    ]


def _read(entry: DockerfileInstruction, escape: str, file: str) -> Instruction:
    where = Where(file, entry.start_line, entry.end_line)
    try:
        return READERS[entry.name](Line(entry, escape, where))
    except BoxerError as error:
        raise error.at(where) from None
    except (ValueError, RecursionError) as error:
        raise DockerfileSyntaxError(f"{entry.name}: {error}.", where=where) from None
    except KeyError:
        raise _unknown(entry.name, where) from None


def _check_order(instructions: tuple[Instruction, ...], file: str) -> None:
    first = next((entry for entry in instructions if not isinstance(entry, Arg)), None)
    if first is None:
        raise DockerfileSyntaxError(
            "The Dockerfile has no instructions.",
            where=Where(file, 1),
            hint="Begin with `FROM python:slim`.",
        )
    if not isinstance(first, From):
        raise DockerfileSyntaxError(
            "A Dockerfile begins with FROM; only ARG may stand before it.",
            where=first.where,
            hint="Begin with `FROM python:slim`.",
        )


def _syntax_error(error: AstError, text: str, file: str) -> DockerfileSyntaxError:
    where = Where(file, error.line or 1)
    unknown = _UNKNOWN.search(str(error))
    if unknown:
        found = _unknown(unknown[1], where)
        before = text.splitlines()[: where.line - 1] if where.line else []
        if before and _ENDS_EARLY.search(before[-1]):
            found.hint = (
                f"Line {len(before)} does not go on: its backslash is not the last character. A"
                " comment has a line of its own."
            )
        if before and _TRIGGER_WITH_DOCUMENT.match(before[-1]):
            found.hint = "An ONBUILD has no here-document: COPY a script, and let it run that."
        return found
    message = re.sub(r"^Dockerfile parse error(?: on line \d+)?: ", "", str(error))
    hint = next((hint for words, hint in _HINTS.items() if words in message), None)
    return DockerfileSyntaxError(f"{message[:1].upper()}{message[1:]}.", where=where, hint=hint)


def _unknown(name: str, where: Where) -> DockerfileSyntaxError:
    near = difflib.get_close_matches(name.upper(), READERS, n=1, cutoff=0.5)
    hint = f"Did you mean `{near[0]}`?" if near else f"There are {', '.join(sorted(READERS))}."
    return DockerfileSyntaxError(f"`{name}` is not an instruction.", where=where, hint=hint)
