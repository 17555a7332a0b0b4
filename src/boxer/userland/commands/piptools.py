"""pip-tools in a RUN: `pip-compile`, `pip-sync`.

Belongs here: their command lines. Does not: resolving, which uv does (`uvitself`).

Source: pip-tools, "pip-compile".
"""

from __future__ import annotations

import posixpath

from boxer.errors import UnsupportedCommandError
from boxer.userland.commands.uvitself import as_uv
from boxer.userland.commands.uvpip import uv_pip
from boxer.userland.invocation import Command, CommandFailedError, Invocation

_VALUED = {
    "-o": "--output-file", "--output-file": "--output-file", "--extra": "--extra",
    "-c": "--constraint", "--constraint": "--constraint", "-i": "--index-url",
    "--index-url": "--index-url", "--extra-index-url": "--extra-index-url",
    "-f": "--find-links", "--find-links": "--find-links", "-P": "--upgrade-package",
    "--upgrade-package": "--upgrade-package", "--annotation-style": "--annotation-style",
    "--unsafe-package": "--no-emit-package",
}  # fmt: skip
_SWITCHES = {
    "-U": "--upgrade", "--upgrade": "--upgrade", "--generate-hashes": "--generate-hashes",
    "--no-header": "--no-header", "--no-annotate": "--no-annotate",
    "--all-extras": "--all-extras", "--no-strip-extras": "--no-strip-extras",
    "-q": "--quiet", "--quiet": "--quiet", "--pre": "--prerelease=allow",
}  # fmt: skip
# No difference: uv has one resolver, strips extras, leaves nothing out as unsafe.
_HARMLESS = frozenset(
    ("--allow-unsafe", "--no-allow-unsafe", "--strip-extras", "--no-emit-index-url", "-v",
     "--no-emit-trusted-host", "--no-emit-find-links", "--no-emit-options", "--verbose",
     "--reuse-hashes", "--no-reuse-hashes", "--resolver=backtracking", "--header", "--annotate",
     "--no-config", "--build-isolation", "--emit-index-url", "--emit-options", "--rebuild")
)  # fmt: skip
_HARMLESS_VALUED = ("--resolver", "--cache-dir", "--newline", "--trusted-host", "--config")


def pip_compile(call: Invocation) -> int:
    """`pip-compile`: uv resolves, for the box. Raises UnsupportedCommandError."""
    words: list[str] = []
    sources: list[str] = []
    rest = iter(call.arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _VALUED:
            words += [_VALUED[name], value if equals else next(rest, "")]
        elif word in _SWITCHES:
            words.append(_SWITCHES[word])
        elif name in _HARMLESS_VALUED and not equals:
            next(rest, None)
        elif not word.startswith("-"):
            sources.append(word)
        elif word not in _HARMLESS and name not in _HARMLESS_VALUED:
            raise UnsupportedCommandError(
                f"`pip-compile {word}` cannot work in a RUN.",
                where=call.where,
                hint="Remove the option, or make the file before the build and COPY it.",
            )
    sources = sources or [_default(call)]
    if "--output-file" not in words:
        name = posixpath.splitext(posixpath.basename(sources[0]))[0]
        name = "requirements" if name in ("pyproject", "setup") else name
        words += ["--output-file", posixpath.join(posixpath.dirname(sources[0]), f"{name}.txt")]
    return as_uv(call, ["pip", "compile", "--python-platform", "linux", *words, *sources])


def _default(call: Invocation) -> str:
    for name in ("requirements.in", "setup.py", "pyproject.toml", "setup.cfg"):
        if call.node(name) is not None:
            return name
    raise CommandFailedError(
        "If you do not specify an input file, the default is one of: requirements.in, setup.py,"
        " pyproject.toml, setup.cfg",
        2,
    )


def pip_sync(call: Invocation) -> int:
    """`pip-sync`: just what the files list, as `uv pip sync` does it."""
    words = [word for word in call.arguments if word not in _HARMLESS]
    files = [word for word in words if not word.startswith("-")]
    return uv_pip(call, ["sync", "--system", *words, *([] if files else ["requirements.txt"])])


COMMANDS = {
    "pip-compile": Command(pip_compile),
    "pip-sync": Command(pip_sync, makes_programs=True),
}
