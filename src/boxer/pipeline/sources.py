"""What a build reads from the user's folder before the first instruction.

Belongs here: finding the context, the Dockerfile and `.dockerignore`. Does not: what they mean
(`dockerfile`), reading the files of the context (`instructions`).
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from boxer.blobstore import read_limited
from boxer.dockerfile import LARGEST, Ignore
from boxer.errors import ContextMissingError, DockerfileMissingError, DockerfileSyntaxError, Where

DOCKERFILE = "Dockerfile"
STANDARD_INPUT = Path("-")
# As a Path shows them: two slashes have become one.
_REMOTE = re.compile(r"(?:https?|git|ssh):/|git@|github\.com/")


@dataclass(frozen=True, slots=True)
class Sources:
    """context, path: as the user named them. text: the Dockerfile's."""

    context: Path
    path: Path
    text: str
    ignore: Ignore


def find_sources(context: Path, dockerfile: Path | None) -> Sources:
    """Raises `ContextMissingError`, `DockerfileMissingError`, `DockerfileSyntaxError`."""
    if not context.is_dir():
        problem = "is not a folder" if context.exists() else "does not exist"
        hint = "Name the folder your files are in: `boxer build .`."
        if _REMOTE.match(str(context)):
            hint = "A build fetches no context: clone or download it, and name the folder."
        raise ContextMissingError(f"The build context `{context}` {problem}.", hint=hint)
    path = _dockerfile(context, dockerfile)
    return Sources(context, path, _read(path), _ignore(context, path))


def _dockerfile(context: Path, named: Path | None) -> Path:
    """A path given with `-f` is seen from the working directory, as in docker build; `-` is
    standard input."""
    if named is not None:
        return named
    path = context / DOCKERFILE
    if not path.exists():
        others = sorted(p.name for p in context.glob("*ockerfile*") if p.is_file())
        near = f"Did you mean `-f {context / others[0]}`?" if others else None
        raise DockerfileMissingError(
            f"There is no `{DOCKERFILE}` in `{context}`.",
            hint=near or "Write one, or name another with `-f`.",
        )
    return path


def _read(path: Path) -> str:
    try:
        source = sys.stdin.buffer if path == STANDARD_INPUT else path
        data = read_limited(source, LARGEST, f"`{path}`")
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DockerfileSyntaxError(
            f"`{path.name}` is not a text in UTF-8: byte 0x{data[error.start]:02x}.",
            where=Where(str(path), data.count(b"\n", 0, error.start) + 1),
            hint=f"Save it as UTF-8: `iconv -f latin1 -t utf-8 {path}`.",
        ) from None
    except OSError as error:
        raise DockerfileMissingError(
            f"`{path}` cannot be read: {error.strerror}.", hint="Name another with `-f`."
        ) from None


def _ignore(context: Path, dockerfile: Path) -> Ignore:
    """`NAME.dockerignore` beside the Dockerfile wins over the context's, as in BuildKit."""
    for path in (
        dockerfile.with_name(f"{dockerfile.name}.dockerignore"),
        context / ".dockerignore",
    ):
        if path.is_file():
            return Ignore.from_text(_read(path), str(path))
    return Ignore.from_text("")
