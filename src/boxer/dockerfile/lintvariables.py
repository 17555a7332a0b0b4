"""What BuildKit's linter says of variables: undefined ones, and defaults that name no image.

Belongs here: UndefinedVar, UndefinedArgInFrom, InvalidDefaultArgInFrom, RedundantTargetPlatform.
Does not: the other rules (`linting`), expansion for a build (`plan.expand`).

A stage on an image whose variables nobody here knows is passed over, and so is what builds on it.

Source: docs.docker.com/reference/build-checks.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping

from boxer.dockerfile.finding import Finding
from boxer.dockerfile.instructions import (
    Arg,
    Copy,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from boxer.dockerfile.parsing import Dockerfile

# Declared for every FROM (docs.docker.com/reference/dockerfile, "Automatic platform ARGs").
_PLATFORM = frozenset(
    f"{side}{part}"
    for side in ("BUILD", "TARGET")
    for part in ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
) | {"TARGETSTAGE"}
# ARGs that need no ARG (same page, "Predefined ARGs").
_PREDEFINED = frozenset(
    name
    for upper in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (upper, upper.lower())
) | {"SOURCE_DATE_EPOCH"}
# Variables that images bring beside PATH, by the last part of their names.
_IMAGES: dict[str, tuple[str, ...]] = {
    "python": (
        *("LANG", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256", "PYTHON_PIP_VERSION"),
        *("PYTHON_SETUPTOOLS_VERSION", "PYTHON_GET_PIP_URL", "PYTHON_GET_PIP_SHA256"),
    ),
    "gcc": ("GCC_VERSION", "GPG_KEYS", "GCC_MIRRORS"),
    **dict.fromkeys(("alpine", "busybox", "debian", "scratch", "ubuntu"), ()),
}
_NAME = re.compile(r"\{?([A-Za-z_]\w*)")
_OPERATOR = re.compile(r":?[-+?]|[#%/]")
# distribution's reference grammar, without its lengths.
_REFERENCE = re.compile(
    r"(?:[\w.-]+(?::\d+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]*)?(?:@[a-z0-9+._-]+:[0-9a-f]+)?"
)
_DEFAULT = re.compile(r"\$(?:\{(\w+)(?:(:?[-+])([^${}]*))?\}|(\w+))")


def variable_findings(dockerfile: Dockerfile) -> Iterator[Finding]:
    defaults: dict[str, str | None] = {}
    stages: dict[str, set[str] | None] = {}
    names: set[str] | None = None  # those with values, which the stages above have, too
    bare: set[str] = set()
    for number, entry in enumerate(dockerfile.instructions):
        if isinstance(entry, From):
            yield from _from(entry, defaults)
            names, bare = _of_base(entry, stages), set()
            stages[entry.stage_name or f"\0{number}"] = names
        elif not stages:
            defaults.update(dict(entry.pairs) if isinstance(entry, Arg) else {})
        elif names is not None:
            yield from _undefined(entry, names | bare, dockerfile.escape)
            if isinstance(entry, Env | Arg):
                for name, value in entry.pairs:
                    (bare if value is None else names).add(name)


def _of_base(entry: From, stages: Mapping[str, set[str] | None]) -> set[str] | None:
    if entry.image.lower() in stages:
        below = stages[entry.image.lower()]
        return None if below is None else set(below)
    short = re.split(r"[:@]", entry.image.rpartition("/")[2])[0]
    known = _IMAGES.get(short)
    return None if known is None else {"PATH", *known, *_PREDEFINED}


def _undefined(entry: Instruction, names: Collection[str], escape: str) -> Iterator[Finding]:
    told: set[str] = set()
    for text in _expanded_texts(entry):
        for name, has_default in references(text, escape):
            if name in names or has_default or name in told:
                continue
            told.add(name)
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
            hint = f" (did you mean `${near[0]}`?)" if near else ""
            message = f"The variable `${name}` is not defined{hint}."
            yield Finding("UndefinedVar", message, entry.where)


def _expanded_texts(entry: Instruction) -> Iterator[str]:
    """What of an instruction a build expands (not RUN, CMD, ENTRYPOINT: their shell does)."""
    match entry:
        case Copy():
            yield from (*entry.sources, entry.destination, entry.from_stage or "")
            yield from (entry.chown or "", entry.chmod or "")
        case Env() | Label() | Arg():
            yield from (value for _, value in entry.pairs if value is not None)
        case Workdir():
            yield entry.path
        case User():
            yield entry.user
        case Expose():
            yield from entry.ports
        case Volume():
            yield from entry.paths
        case StopSignal():
            yield entry.signal


def references(text: str, escape: str) -> Iterator[tuple[str, bool]]:
    """The variables of a text, and whether each says what it is where it is not defined."""
    in_double = False
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == escape:
            at += 2
        elif letter == '"':
            in_double = not in_double
            at += 1
        elif letter == "'" and not in_double:
            end = text.find("'", at + 1)
            at = len(text) if end < 0 else end + 1
        elif letter == "$" and (found := _NAME.match(text, at + 1)):
            at = found.end()
            braced = found[0].startswith("{")
            yield found[1], bool(braced and _OPERATOR.match(text, at))
        else:
            at += 1


def _from(entry: From, defaults: Mapping[str, str | None]) -> Iterator[Finding]:
    texts = (entry.image, entry.platform or "")
    for text in texts:
        for name, has_default in references(text, "\\"):
            if name not in defaults and name not in _PLATFORM and not has_default:
                message = f"`${name}` in FROM is declared by no ARG before the first FROM."
                yield Finding("UndefinedArgInFrom", message, entry.where)
    if entry.platform in ("$TARGETPLATFORM", "${TARGETPLATFORM}"):
        message = f"`--platform={entry.platform}` is what FROM takes by itself."
        yield Finding("RedundantTargetPlatform", message, entry.where)
    named = [name for name, _ in references(entry.image, "\\")]
    if named and all(name in defaults for name in named):
        image = _with_defaults(entry.image, defaults)
        if "$" not in image and not _REFERENCE.fullmatch(image):
            shown = ", ".join(f"`{name}`" for name in dict.fromkeys(named))
            message = f"With the default of {shown} the image is `{image}`, which is no name."
            yield Finding("InvalidDefaultArgInFrom", message, entry.where)


def _with_defaults(text: str, defaults: Mapping[str, str | None]) -> str:
    def value(found: re.Match[str]) -> str:
        given = defaults.get(found[1] or found[4])
        operator, word = found[2] or "", found[3] or ""
        is_there = bool(given) if operator.startswith(":") else given is not None
        if operator.endswith("-"):
            return given or "" if is_there else word
        if operator.endswith("+"):
            return word if is_there else ""
        return (given or "").strip("\"'")

    return _DEFAULT.sub(value, text)
