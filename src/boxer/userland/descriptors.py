"""What flows into and out of a command of ours: its standard input, files named by descriptor, and
what a shell within a shell writes.

Belongs here: reading them from the shell's side. Does not: the shell, the commands.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from bashkit import CommandContext

from boxer.errors import Where
from boxer.filetree import File, placed
from boxer.listener import Listener, Stream
from boxer.userland.invocation import CommandFailedError, Invocation
from boxer.userland.volume import MAX_FILE_BYTES

_DESCRIPTOR = re.compile(r"/dev/(?:fd/\d+|stdin)(?![\w/])")
_STDIN = ("/dev/stdin", "/dev/fd/0")
_LENT = "/.run/fd"


def names_stdin(context: CommandContext) -> bool:
    """Whether a call names its standard input as a file."""
    return any(found[0] in _STDIN for word in context.argv for found in _DESCRIPTOR.finditer(word))


@contextmanager
def lent(context: CommandContext, call: Invocation) -> Iterator[None]:
    """What a call names of the descriptors (`-r <(sort a b)`, `/dev/stdin`), as files of the
    tree for as long as it takes. A word may hold the path: `--file=/dev/fd/63`.

    They are not at their own path, for a machine's /dev is its kernel's."""
    with ExitStack() as files:

        def lend(found: re.Match[str]) -> str:
            data = call.stdin if found[0] in _STDIN else _contents(context, found[0])
            if data is None:
                return found[0]  # the command will say that there is no such file
            path = f"{_LENT}/{posixpath.basename(found[0])}"
            files.enter_context(placed(call.tree, path, File(data=data)))
            return path

        call.arguments = [_DESCRIPTOR.sub(lend, word) for word in call.arguments]
        yield


def _contents(context: CommandContext, path: str) -> bytes | None:
    try:
        return bytes(context.fs.read_file(path))
    except (RuntimeError, OSError):
        return None


async def read_all(context: CommandContext) -> bytes:
    """The standard input to its end. Raises CommandFailedError where it is too large."""
    data = bytearray()
    while chunk := await context.stdin.read_chunk():
        data += chunk
        if len(data) > MAX_FILE_BYTES:
            raise CommandFailedError("the standard input is too large")
    return bytes(data)


@dataclass(slots=True)
class Heard:
    """A listener that keeps what is written for the command that called a shell."""

    outer: Listener
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    def output(self, stream: Stream, data: bytes) -> None:
        (self.stdout if stream == "stdout" else self.stderr).extend(data)

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        self.outer.notice(message, where, hint)

    def progress(self, text: str) -> None:
        self.outer.progress(text)
