"""Lock files that list packages with what each needs: those of poetry and of PDM.

Belongs here: the packages that some requirements come to, by such a list. Does not: what a project
asks for (`poetry`, `pdm`).

Invariant: a package is taken from where the list says, at its version, with its hashes; one that
the list does not know is an error, since another would be taken in its place.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from boxer.errors import ResolutionError, Where
from boxer.filetree import File, Tree
from boxer.packages.prefix import normalize
from boxer.packages.projects.constraints import specifier
from boxer.packages.projects.pylock import Wanted
from boxer.packages.projects.shapes import LOCK, read_toml
from boxer.packages.requirements import LocalRequirement
from boxer.packages.sources import Index, Sources, from_version_control


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement of a package of a list. versions: a specifier, empty where any will do."""

    name: str
    extras: frozenset[str] = frozenset()
    versions: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file of a project's. path: of the box. markers: what markers are compared with."""

    path: str
    packages: tuple[Mapping[str, Any], ...]
    markers: Mapping[str, str]
    where: Where | None

    def wanted(self, needs: Iterable[Need]) -> Wanted:
        """What the needs come to. Raises ResolutionError."""
        wanted = Wanted(complete=True)
        indexes: dict[str, Index] = {}
        pins: dict[str, str] = {}
        for package in self._closure(needs):
            self._add(package, wanted, indexes, pins)
        wanted.sources = Sources(tuple(indexes.values()), pins)
        return wanted

    def _closure(self, needs: Iterable[Need]) -> list[Mapping[str, Any]]:
        chosen: dict[str, Mapping[str, Any]] = {}
        seen: set[tuple[str, frozenset[str]]] = set()
        queue = list(needs)
        for need in queue:  # grows while it is walked
            if (key := (normalize(need.name), need.extras)) in seen:
                continue
            seen.add(key)
            found = [package for package in self._called(need) if self._fits(package)]
            if not found:
                raise self._unknown(need)
            for package in found:
                extras = frozenset(map(str, package.get("extras", ())))
                is_part = isinstance(package.get("extras"), list) and extras - need.extras
                if is_part:  # PDM lists a package once more for its extras
                    continue
                chosen.setdefault(normalize(str(package["name"])), package)
                queue += self._needs_of(package, need.extras)
        return [chosen[name] for name in sorted(chosen)]

    def _called(self, need: Need) -> list[Mapping[str, Any]]:
        name = normalize(need.name)
        found = [entry for entry in self.packages if normalize(str(entry["name"])) == name]
        versions = {str(entry.get("version", "")) for entry in found}
        if len(versions) > 1 and need.versions:
            allowed = _specifier(need.versions)
            some = [
                e for e in found if allowed.contains(str(e.get("version", "")), prereleases=True)
            ]
            return some or found
        return found

    def _fits(self, package: Mapping[str, Any]) -> bool:
        marker = package.get("markers", package.get("marker"))
        marks = marker.values() if isinstance(marker, dict) else [marker]
        python = str(package.get("python-versions") or package.get("requires_python") or "")
        version = self.markers["python_full_version"]
        several = sum(1 for e in self.packages if e["name"] == package["name"]) > 1
        fits = not several or _specifier(python).contains(version, prereleases=True)
        return fits and any(_holds(mark, self.markers) for mark in marks)

    def _needs_of(self, package: Mapping[str, Any], extras: frozenset[str]) -> Iterator[Need]:
        stated = package.get("dependencies", {})
        if isinstance(stated, list):
            for line in stated:
                need = need_of(str(line), self.markers, extras)
                if need is not None:
                    yield need
            return
        tables = package.get("extras", {})
        named = {
            normalize(name_of(str(line)))
            for extra, lines in (tables.items() if isinstance(tables, dict) else ())
            if normalize(extra) in {normalize(e) for e in extras}
            for line in lines
        }
        for name, value in stated.items():
            for one in value if isinstance(value, list) else [value]:
                table = one if isinstance(one, dict) else {"version": one}
                if table.get("optional") and normalize(name) not in named:
                    continue
                if _holds(table.get("markers"), self.markers, extras):
                    more = frozenset(map(str, table.get("extras", ())))
                    yield Need(name, more, str(table.get("version", "")))

    def _add(
        self,
        package: Mapping[str, Any],
        wanted: Wanted,
        indexes: dict[str, Index],
        pins: dict[str, str],
    ) -> None:
        name, version = str(package["name"]), str(package.get("version", ""))
        source = {**package.get("source", {}), **{k: v for k, v in package.items() if k in _PDM}}
        kind = str(source.get("type") or next((k for k in _PDM if k in source), ""))
        address = str(source.get("url") or source.get(kind) or "")
        if kind in ("git", "hg", "svn", "bzr"):
            raise from_version_control(name, str(source.get("git") or address), self.where)
        if kind in ("directory", "file", "path"):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), address))
            editable = bool(package.get("develop") or package.get("editable"))
            wanted.local.append(LocalRequirement(path, "", editable))
        elif kind == "url":
            wanted.lines.append(f"{name} @ {address}")
        else:
            hashes = [str(f.get("hash", "")) for f in package.get("files", [])]
            stated = "".join(f" --hash={h}" for h in hashes if h.startswith("sha256:"))
            wanted.lines.append(f"{name}=={version}{stated}")
        if kind == "legacy":
            index = str(source.get("reference") or f"index-{len(indexes)}")
            indexes.setdefault(index, Index(index, address, explicit=True))
            pins[normalize(name)] = index

    def _unknown(self, need: Need) -> ResolutionError:
        file = posixpath.basename(self.path)
        tool = file.partition(".")[0]
        return ResolutionError(
            f"`{need.name}` is asked for, and `{self.path}` does not list it for this Python.",
            where=self.where,
            hint=f"Bring the lock file up to date beside the Dockerfile: `{tool} lock`.",
        )


_PDM = ("git", "url", "path")


def read_lock(
    tree: Tree, path: str, markers: Mapping[str, str], where: Where | None
) -> Lock | None:
    """The lock file; None where there is none. Raises ResolutionError."""
    node = tree.get(path)
    if not isinstance(node, File):
        return None
    try:
        packages = read_toml(node.data, LOCK).get("package", [])
    except ValueError as error:
        raise ResolutionError(f"`{path}` {error}.", where=where) from error
    return Lock(path, tuple(packages), markers, where)


def need_of(line: str, markers: Mapping[str, str], extras: Iterable[str] = ()) -> Need | None:
    """A requirement of pip's as a need; None for one that is not for this machine."""
    try:
        found = Requirement(line)
    except InvalidRequirement:
        return Need(name_of(line))
    if not _holds(str(found.marker) if found.marker else None, markers, extras):
        return None
    return Need(found.name, frozenset(found.extras), str(found.specifier))


def _holds(marker: Any, markers: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    if not marker:
        return True
    try:
        read = Marker(str(marker))
    except InvalidMarker:
        return True
    return any(read.evaluate({**markers, "extra": extra}) for extra in ("", *extras))


def _specifier(text: str) -> SpecifierSet:
    try:
        return SpecifierSet(specifier(text))
    except InvalidSpecifier:
        return SpecifierSet("")


def name_of(line: str) -> str:
    """The package that a requirement of pip's names; empty: none."""
    found = re.match(r"\s*([\w.-]+)", line)
    return found[1] if found else ""
