"""A project of uv's: what its lock file, or its pyproject.toml, asks to be installed.

Belongs here: asking uv, which reads the project itself: its workspace, its sources, its lock. Does
not: installing (`installer`), uv's command line (`userland.commands.uv`).

uv is called over the box's files with a Python that says it is the box's, so it decides what it
would decide there. Its answer says where each file of a package is: nothing is looked up again.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from boxer.ending import temporary_folder
from boxer.errors import ResolutionError, Where
from boxer.filetree import File, Tree
from boxer.images import Python
from boxer.packages.check import marker_environment
from boxer.packages.disk import Disk
from boxer.packages.projects.pylock import Wanted, read_pylock
from boxer.packages.projects.uvlimits import lock_within
from boxer.packages.settings import index_environment, stated_indexes
from boxer.packages.sources import unfetched
from boxer.packages.uv import UvResult, explain, interpreter, run_uv

_TIMEOUT_SECONDS = 900.0
_TOO_NEW = "incompatible with the project's Python requirement"
# What uv writes into a project.
_WRITTEN = ("uv.lock", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Scene:
    """Where uv is called. variables: the RUN's. asked: the Python the Dockerfile was written for
    (`3.9`) where it is not the box's."""

    tree: Tree
    cwd: str
    python: Python
    variables: Mapping[str, str]
    where: Where | None
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """status and output: as uv gave them, with paths of the box. written: the files it changed."""

    status: int
    output: str
    message: str
    written: Mapping[str, bytes] = field(default_factory=dict)


def find_project(tree: Tree, cwd: str) -> str | None:
    """The folder of the nearest pyproject.toml, as uv looks for it."""
    for folder in _upwards(cwd):
        if isinstance(tree.get(posixpath.join(folder, "pyproject.toml")), File):
            return folder
    return None


def wanted(
    scene: Scene, options: Sequence[str], limits: Sequence[str] = ()
) -> tuple[Wanted, str, Mapping[str, bytes]]:
    """What `uv sync` with these options installs, the folder that is the project's or workspace's
    root, and the files uv wrote. options: those of `uv export`. limits: constraints that are kept
    where no lock file says which versions are meant, as far as they can be.

    Raises ResolutionError with uv's own words.
    """
    with _disk(scene) as disk:
        lock = disk.root.parent / "pylock.toml"
        arguments = ["export", "--quiet", "--format", "pylock.toml", "--output-file", str(lock)]
        arguments += ["--no-header", *(disk.host_word(word) for word in options)]
        if not is_locked(scene):
            lock_within(_projects(scene, disk), limits, lambda: _call(scene, disk, arguments))
        result = _call(scene, disk, arguments)
        if result.status != 0:
            said = _said(result, disk)
            raise unfetched(said, scene.where) or ResolutionError(
                f"uv cannot tell the project's packages: {said}",
                where=scene.where,
                hint="See whether the same `uv` command works beside the Dockerfile.",
            )
        written = dict(disk.changed(("uv.lock",)))

        markers = marker_environment(scene.python)
        text = lock.read_text("utf-8")
        found = read_pylock(text, markers, lock.parent, disk, scene.where)
        return found, _root(scene, written), written


def is_locked(scene: Scene) -> bool:
    """Whether a lock file says which versions are meant."""
    paths = (posixpath.join(folder, "uv.lock") for folder in _upwards(scene.cwd))
    return any(isinstance(scene.tree.get(path), File) for path in paths)


def _projects(scene: Scene, disk: Disk) -> list[Path]:
    """The files of the projects that a folder may be of, on this machine."""
    places = (disk.host(f"{folder}/pyproject.toml") for folder in _upwards(scene.cwd))
    return [place for place in places if place.is_file()]


def _upwards(folder: str) -> Iterator[str]:
    """A folder of the box, and those it lies in."""
    yield folder
    while folder != "/":
        folder = posixpath.dirname(folder)
        yield folder


def from_pylock(scene: Scene, path: str) -> Wanted:
    """What a lock file of the box, pylock.toml, asks for. Raises ResolutionError."""
    with _disk(scene) as disk:
        text = scene.tree.file(path).data.decode("utf-8", "replace")
        folder = disk.host(path).parent
        return read_pylock(text, marker_environment(scene.python), folder, disk, scene.where)


def _root(scene: Scene, written: Mapping[str, bytes]) -> str:
    """The folder of the lock file, which is that of the project or of its workspace."""
    folder = scene.cwd
    while folder != "/":
        path = posixpath.join(folder, "uv.lock")
        if path in written or isinstance(scene.tree.get(path), File):
            return folder
        folder = posixpath.dirname(folder)
    return find_project(scene.tree, scene.cwd) or scene.cwd


def call_uv(scene: Scene, arguments: Sequence[str], limits: Sequence[str] = ()) -> Answer:
    """A command of uv's that only reads and writes a project's files, as it is. limits: constraints
    that are kept, as far as they can be, where it chooses versions."""
    with _disk(scene) as disk:
        argv = [disk.host_word(word) for word in arguments]
        for word in arguments:
            disk.write_file(posixpath.join(scene.cwd, word.rpartition("=")[2] or "."))
        before = set(disk.root.rglob("*"))
        if limits:
            lock_within(_projects(scene, disk), limits, lambda: _call(scene, disk, argv))
        result = _call(scene, disk, argv)
        written = dict(disk.changed(_WRITTEN))
        for path in set(disk.root.rglob("*")) - before:
            place = disk.box(path)
            if path.is_file() and place is not None:
                written[place] = path.read_bytes()
        said = _said(result, disk)
        fetched = unfetched(said, scene.where) if result.status != 0 else None
        if fetched is not None:
            raise fetched
        return Answer(result.status, disk.words(result.output), said, written)


@contextmanager
def _disk(scene: Scene) -> Iterator[Disk]:
    with temporary_folder("boxer-project-") as folder:
        yield Disk(scene.tree, folder)


def _call(scene: Scene, disk: Disk, arguments: Sequence[str]) -> UvResult:
    def host_word(word: str) -> str:
        return disk.host_word(word if "://" in word else posixpath.join(scene.cwd, word))

    stated = stated_indexes(disk.uv_tables(scene.cwd, scene.variables))
    environment = index_environment(scene.variables, {}, host_word, stated)
    environment |= disk.uv_settings(scene.variables)
    cwd = disk.host(scene.cwd)
    cwd.mkdir(parents=True, exist_ok=True)

    def ask(version: str) -> UvResult:
        with interpreter(version) as python:
            environment["UV_PYTHON"] = str(python)
            return run_uv(arguments, environment, _TIMEOUT_SECONDS, cwd)

    result = ask(scene.python.version)
    if result.status != 0 and scene.asked and _TOO_NEW in result.message:
        # The project takes the Python of its FROM and no newer one; it is installed all the same.
        return ask(f"{scene.asked}.99")
    return result


def _said(result: UvResult, disk: Disk) -> str:
    return explain(disk.words(result.message), disk.root.parent)
