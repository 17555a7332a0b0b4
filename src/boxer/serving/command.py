"""Which application a box's command serves.

Belongs here: what the commands of known servers say. Does not: calling any of it; nothing of the
command is run, so its options for workers, ports and logs have no say here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from boxer.errors import ServeError

# Servers whose first word that is no option is `module:object`, and their options without a value.
SERVERS = (
    "gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "waitress-serve", "uwsgi", "bottle",
    "bottle.py",
)  # fmt: skip
SWITCHES = frozenset((
    "--access-log", "--capture-output", "--check-config", "--daemon", "--debug", "--factory",
    "--expose-tracebacks", "--no-access-log", "--no-date-header", "--no-proxy-headers",
    "--no-server-header", "--no-use-colors", "--preload", "--proxy-headers", "--reload", "--spew",
    "--use-colors", "--ws",
))  # fmt: skip
PYTHON_SWITCHES = ("-B", "-E", "-I", "-O", "-OO", "-P", "-s", "-S", "-u")
# Files that `flask run`, `litestar run` and `fastapi run` look for.
FLASK, LITESTAR = ("app", "wsgi"), ("app", "application", "asgi")
FASTAPI = ("main", "app", "api", "app/main", "app/app", "app/api")
HINT = "Say which: `--app module:object`."
_TARGET = re.compile(r"[A-Za-z_][\w.]*(:[A-Za-z_][\w.]*(\(\))?)?")


def application_of(words: Sequence[str], env: Iterable[str], files: Iterable[str]) -> str:
    """`module`, `module:object` or `module:factory()`. words: ENTRYPOINT and CMD. env: K=V. files:
    paths from the working directory on, of Python modules there.

    Raises `ServeError` where the command does not say.
    """
    variables = dict(text.partition("=")[::2] for text in env)
    words = _unwrapped(list(words))
    if not words:
        raise ServeError("The box has no command.", hint=HINT)
    program, rest = PurePosixPath(words[0]).name, words[1:]
    if program in SERVERS:
        found = _first_word(rest)
        return _checked(f"{found}()" if "--factory" in rest else found, program)
    if program == "aiohttp.web":  # python -m aiohttp.web [options] module:function
        return _checked(f"{_first_word(rest)}()", program)
    if program == "flask":
        found = _option(rest, "--app", "-A") or variables.get("FLASK_APP") or _file(files, FLASK)
        return _checked(_module(found), program)
    if program == "litestar":
        found = _option(rest, "--app") or variables.get("LITESTAR_APP") or _file(files, LITESTAR)
        return _checked(_module(found), program)
    if program == "fastapi":
        found = next((word for word in rest[1:] if word.endswith(".py")), "")
        return _checked(_module(found or _file(files, FASTAPI)), program)
    if program.startswith("functions-framework"):
        source = _option(rest, "--source") or variables.get("FUNCTION_SOURCE") or "main"
        target = _option(rest, "--target") or variables.get("FUNCTION_TARGET", "")
        return _checked(f"{_module(source)}:{target}", program)
    if rest and program.startswith("python") and PurePosixPath(rest[0]).name == "manage.py":
        return _checked(_of_django(files), "manage.py")
    if rest and program.startswith("python") and rest[0].endswith(".py"):
        return _checked(_module(rest[0]), program)
    raise ServeError(f"`{' '.join(words)}` does not say which application it serves.", hint=HINT)


def is_script(words: Sequence[str]) -> bool:
    """Whether a file is run, which may serve by itself and name no application."""
    words = _unwrapped(list(words))
    return len(words) > 1 and PurePosixPath(words[0]).name.startswith("python")


def _unwrapped(words: list[str]) -> list[str]:
    """Without a shell, `exec`, `python -m` and runners of virtual environments around it."""
    if len(words) >= 3 and words[0].rpartition("/")[2] in ("sh", "bash") and words[1] == "-c":
        words = words[2].split()
    changed = True
    while changed:
        changed = False
        for prefix in (
            ["exec"],
            ["uv", "run"],
            ["poetry", "run"],
            ["pipenv", "run"],
            ["pdm", "run"],
        ):
            if words[: len(prefix)] == prefix:
                words, changed = words[len(prefix) :], True
        if len(words) > 2 and words[0].rpartition("/")[2].startswith("python"):
            while len(words) > 2 and words[1] in PYTHON_SWITCHES:
                del words[1]
            if words[1] == "-m":
                words, changed = words[2:], True
    return words


def _first_word(words: list[str]) -> str:
    at = 0
    while at < len(words):
        word = words[at]
        if not word.startswith("-"):
            return word
        at += 1 if word in SWITCHES or "=" in word else 2
    return ""


def _option(words: list[str], *names: str) -> str:
    for word, value in zip(words, [*words[1:], ""], strict=True):
        name, equals, told = word.partition("=")
        if name in names:
            return told if equals else value
    return ""


def _file(files: Iterable[str], names: Iterable[str]) -> str:
    there = set(files)
    return next((name for name in names if f"{name}.py" in there or name in there), "")


def _of_django(files: Iterable[str]) -> str:
    """Of the project beside manage.py, as `startproject` lays it out."""
    found = [name for name in files if name.endswith("/wsgi.py")]
    return f"{_module(found[0])}:application" if len(found) == 1 else ""


def _module(path: str) -> str:
    file, colon, rest = path.partition(":")
    return file.removeprefix("./").removesuffix(".py").strip("/").replace("/", ".") + colon + rest


def _checked(target: str, program: str) -> str:
    if not _TARGET.fullmatch(target):
        raise ServeError(f"The box's command, {program}, names no application.", hint=HINT)
    return target
