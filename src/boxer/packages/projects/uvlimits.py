"""A lock file of uv's, with versions that are within limits which no project states.

Belongs here: having uv make one. Does not: which limits these are, what uv is asked (`uvproject`).

uv takes limits (`constraint-dependencies`) from a project alone. So it locks a project that states
them; the lock file it then finds is of other limits than the project's, and it keeps its versions.
"""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from boxer.errors import ResolutionError
from boxer.packages.catalogue.known import within_limits
from boxer.packages.prefix import normalize
from boxer.packages.uv import UvResult

_STATED = re.compile(r"^constraint-dependencies\s*=\s*\[", re.MULTILINE)
_TABLE = re.compile(r"^\[tool\.uv\][^\S\n]*(?:#.*)?$", re.MULTILINE)


def lock_within(
    projects: Sequence[Path], limits: Sequence[str], lock: Callable[[], UvResult]
) -> None:
    """Makes `uv.lock` beside one of the projects, where that can be. projects: files of name
    pyproject.toml, of which one is the root's of its workspace; they are as before afterwards.
    lock: has uv make a lock file."""
    locks = [path.with_name("uv.lock") for path in projects]
    before = {path: path.read_bytes() for path in (*projects, *locks) if path.is_file()}

    def ask(stated: Sequence[str]) -> tuple[Path, str]:
        for path in projects:
            text = before[path].decode("utf-8", "surrogateescape")  # uv says what is wrong with it
            path.write_text(_with_limits(text, stated), "utf-8", "surrogateescape")
        status = lock().status
        changed = [p for p in locks if p.is_file() and p.read_bytes() != before.get(p)]
        found = [(path, path.read_text("utf-8")) for path in changed]
        _put_back(before, locks)
        if status != 0 or not found:
            raise ResolutionError("No lock file can be made.")
        return found[0]

    with contextlib.suppress(ResolutionError):  # uv is asked again, and says why
        made, text = within_limits(ask, lambda answer: _versions(answer[1]), limits)
        made.write_text(text, "utf-8")


def _put_back(before: Mapping[Path, bytes], locks: Sequence[Path]) -> None:
    for path in locks:
        path.unlink(missing_ok=True)
    for path, data in before.items():
        path.write_bytes(data)


def _with_limits(text: str, limits: Sequence[str]) -> str:
    """A project's file that states these limits besides its own."""
    if not limits:
        return text
    listed = ", ".join(json.dumps(limit) for limit in limits)
    if _STATED.search(text):
        return _STATED.sub(lambda found: f"{found[0]}{listed}, ", text, count=1)
    line = f"constraint-dependencies = [{listed}]\n"
    if _TABLE.search(text):
        return _TABLE.sub(lambda found: f"{found[0]}\n{line}", text, count=1)
    return f"{text}\n[tool.uv]\n{line}"


def _versions(text: str) -> Mapping[str, str]:
    """The versions of a lock file, by normalised names."""
    packages = tomllib.loads(text).get("package", [])
    return {normalize(package["name"]): package.get("version", "") for package in packages}
