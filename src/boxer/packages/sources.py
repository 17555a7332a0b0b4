"""Where a project says its packages come from: indexes, and which packages come from which.

Belongs here: that value, and telling uv of it. Does not: reading a project's files (`projects`),
the indexes of the user (`settings`).

Invariant: a package that is said to come from one index is looked for in no other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from boxer.errors import ResolutionError, Where
from boxer.packages.prefix import normalize

_NAME = re.compile(r"[^A-Za-z0-9_.-]")
# uv: "Failed to download and build `alpha @ git+https://...`".
_GIT = re.compile(r"`(?P<name>[\w.-]+)(?:\[[^\]]*\])? @ git\+(?P<url>[^`]+)`")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")


@dataclass(frozen=True, slots=True)
class Index:
    """explicit: only what is said to come from it does. default: in the place of the user's own.
    flat: a folder or page of files."""

    name: str
    url: str
    explicit: bool = False
    default: bool = False
    flat: bool = False


@dataclass(frozen=True, slots=True)
class Sources:
    """indexes: in the order in which they are looked through. pins: normalised name -> index."""

    indexes: tuple[Index, ...] = ()
    pins: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.indexes)

    @property
    def stated(self) -> frozenset[str]:
        """What takes the place of this machine's indexes (`settings.index_environment`)."""
        words = {"default": any(index.default for index in self.indexes)}
        words["more"] = any(not index.explicit for index in self.indexes)
        return frozenset(word for word, holds in words.items() if holds)

    def project(self, lines: Sequence[str]) -> str:
        """A pyproject.toml that requires the lines and states these sources."""
        named = {normalize(name) for line in lines if (name := _requirement_name(line))}
        text = ["[project]", 'name = "asked-for"', 'version = "0"']
        text += [
            f"dependencies = {json.dumps([_bare(line) for line in lines])}",
            "[tool.uv.sources]",
        ]
        for name, index in sorted(self.pins.items()):
            if name in named:
                text.append(f"{json.dumps(name)} = {{ index = {json.dumps(_index_name(index))} }}")
        return "\n".join([*text, *self._indexes()]) + "\n"

    def _indexes(self) -> Iterator[str]:
        for index in self.indexes:
            yield "[[tool.uv.index]]"
            yield f"name = {json.dumps(_index_name(index.name))}"
            yield f"url = {json.dumps(index.url)}"
            yield from (
                f"{word} = true" for word in ("explicit", "default") if getattr(index, word)
            )
            if index.flat:
                yield 'format = "flat"'

    def is_pinned(self, name: str) -> bool:
        return normalize(name) in self.pins


def logins(indexes: Iterable[tuple[str, str]], variables: Mapping[str, str]) -> str:
    """The addresses of indexes with the logins that UV_INDEX_NAME_USERNAME and its password state.
    indexes: names and addresses.

    Source: uv, "Package indexes", "Providing credentials directly".
    """
    found = []
    for name, url in indexes:
        head = f"UV_INDEX_{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}"
        user, password = (variables.get(f"{head}_{part}", "") for part in ("USERNAME", "PASSWORD"))
        parts = urlsplit(url)
        if (user or password) and parts.hostname:
            login = f"{quote(user, safe='')}:{quote(password, safe='')}"
            netloc = f"{login}@{parts.netloc.rpartition('@')[2]}"
            found.append(urlunsplit(parts._replace(netloc=netloc)))
    return " ".join(found)


def from_version_control(name: str, address: str, where: Where | None) -> ResolutionError:
    """What is said of a package that git or its like would have to fetch."""
    return ResolutionError(
        f"`{name}` comes from git (`{address}`), which a build has not; a package of that name on"
        " the index is another one, and is not taken.",
        where=where,
        hint=f"Make its wheel before the build (`pip wheel --no-deps git+{address}`), COPY it, and"
        " state its path in the place of the address; or use a released version.",
    )


def unfetched(message: str, where: Where | None) -> ResolutionError | None:
    """The error, where uv wanted to fetch with git. message: what uv said."""
    found = _GIT.search(message)
    return from_version_control(found["name"], found["url"], where) if found else None


def _index_name(name: str) -> str:
    """As uv takes names of indexes."""
    return _NAME.sub("-", name)


def _requirement_name(line: str) -> str:
    found = _REQUIREMENT.match(line)
    return found[1] if found else ""


def _bare(line: str) -> str:
    """The line without what only a requirements file may say."""
    return line.split(" --", 1)[0].strip()
