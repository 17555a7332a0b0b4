"""COPY and ADD.

Belongs here: the instructions' flags, their sources in the context, in another stage, in a here-
document or in an archive. Does not: the destination rules (`copying`).

Rules (BuildKit, dispatchCopy): a pattern that matches nothing copies nothing; a plain source that
is not there is an error; several sources need a folder as destination, which the parser checks.
"""

from __future__ import annotations

import difflib
import io
import posixpath

from boxer.dockerfile import Add, Copy, Ignore
from boxer.errors import BoxerError, CopySourceError, RemoteSourceError
from boxer.filetree import Directory, File, Tree, is_tar, parse_mode, read_tar
from boxer.instructions.context import Context, Excludes, Found
from boxer.instructions.copying import Attributes, copy_into, make_parents
from boxer.instructions.owners import copied_owner
from boxer.instructions.patterns import split_pattern
from boxer.instructions.stagefiles import find_in_tree
from boxer.instructions.state import StageState
from boxer.userland import Ports, fetched_program, tools_tree

_REMOTE = ("http://", "https://")
# Docker's is 0600, which does for machine code: whoever runs a script has to read it, too.
_REMOTE_MODE = 0o644
_GIT = ("git@", "git://", "ssh://")


def copy_files(step: Copy, state: StageState, context: Context, ports: Ports) -> None:
    """Applies a COPY or ADD. Raises errors with the instruction's place."""
    try:
        _copy(step, state, context, ports)
    except BoxerError as error:
        raise error.at(step.where) from None


def _copy(step: Copy, state: StageState, context: Context, ports: Ports) -> None:
    attributes = Attributes(
        owner=_owner(step, state, ports),
        new_mode=None if step.chmod is None else parse_mode(step.chmod),
        newest=state.epoch,
    )
    destination = _destination(step.destination, state.config.working_dir)
    for heredoc in step.heredocs:
        data = heredoc.content.encode("utf-8", "surrogateescape")
        node = File(data=data, mtime=state.epoch)
        copy_into(state.tree, node, heredoc.name, destination, attributes)
    found = [(source, _find(source, step, context, ports)) for source in step.sources]
    for source, matches in found:
        for match in matches:
            _place(match, source, destination, step, attributes, state)


def _owner(step: Copy, state: StageState, ports: Ports) -> tuple[int, int] | None:
    """Files of the context belong to root; those of a stage keep their owners, unless told."""
    if step.chown is None and step.from_stage is not None:
        return None
    return copied_owner(step.chown, state.tree, ports, step.where)


def _destination(destination: str, working_dir: str) -> str:
    """Absolute, and with a slash at the end if it is to be a folder (`.`, `dir/`, `dir/.`)."""
    folder = destination.endswith("/") or posixpath.basename(destination) in ("", ".", "..")
    path = posixpath.normpath(posixpath.join("/", working_dir, destination))
    path = "/" + path.lstrip("/")
    return path if path == "/" or not folder else path + "/"


def _find(source: str, step: Copy, context: Context, ports: Ports) -> list[Found]:
    if source.startswith(_REMOTE) or source.startswith(_GIT):
        return [_fetched(source, step, ports)]
    if step.from_stage is not None:
        tree = _stage(step.from_stage, ports)
        found = find_in_tree(tree, posixpath.normpath("/" + source), step.parents)
    else:
        found = context.find(source, step.parents)
    if found:
        return found
    if split_pattern(source)[1]:
        ports.listener.notice(f"`{source}` matches no file.", step.where, None)
        return []
    raise _missing(source, step, context, ports)


def _fetched(source: str, step: Copy, ports: Ports) -> Found:
    """A program that a build has its own of. Raises RemoteSourceError for anything else."""
    data = fetched_program(source)
    if data is None:
        raise _remote(source)
    name = posixpath.basename(source)
    ports.listener.notice(f"`{name}`: the build has its own, nothing is fetched.", step.where, None)
    return Found(name, name, File(data=data, mode=_REMOTE_MODE))


def _stage(name: str, ports: Ports) -> Tree:
    tree = ports.stage_tree(name) or tools_tree(name)
    if tree is None:
        raise CopySourceError(
            f"`--from={name}` names no stage of this file and no image Boxer has.",
            hint="Name a stage (FROM ... AS NAME) that comes before this line.",
        )
    return tree


def _place(
    match: Found,
    source: str,
    destination: str,
    step: Copy,
    attributes: Attributes,
    state: StageState,
) -> None:
    node = match.node
    if _unpacks(step) and isinstance(node, File) and is_tar(node.data):
        make_parents(state.tree, destination.rstrip("/") + "/", attributes)
        owner = attributes.owner if step.chown is not None else None
        read_tar(
            state.tree,
            io.BytesIO(node.data),
            at=destination,
            newest=state.epoch,
            owner=owner,
            top=False,
        )
        return
    kept = _kept_path(match, source) if step.parents else ""
    if step.exclude:
        exclude = Ignore(list(step.exclude), step.where.file)
        is_directory = isinstance(node, Directory)
        name = kept if is_directory else kept or match.name
        if name and exclude.excludes(name, is_directory):
            return
        if isinstance(node, Directory):
            node = _without(node, kept, exclude)
    if step.parents:
        folder = kept if isinstance(node, Directory) else posixpath.dirname(kept)
        destination = posixpath.join(destination.rstrip("/") or "/", folder) + "/"
    copy_into(state.tree, node, match.name, destination, attributes)


def _unpacks(step: Copy) -> bool:
    return isinstance(step, Add) and step.unpack is not False


def _kept_path(match: Found, source: str) -> str:
    """What --parents keeps of a source's path: all of it, or what is after a `/./`."""
    path = match.path.strip("/")
    before, pivot, _ = source.partition("/./")
    if pivot and before not in ("", "."):
        depth = len(posixpath.normpath(before).strip("/").split("/"))
        path = "/".join(path.split("/")[depth:])
    return path


def _without(folder: Directory, path: str, exclude: Excludes) -> Directory:
    kept = Directory(mode=folder.mode, uid=folder.uid, gid=folder.gid, mtime=folder.mtime)
    for name, child in folder.entries.items():
        inner = f"{path}/{name}" if path else name
        is_directory = isinstance(child, Directory)
        if not exclude.excludes(inner, is_directory):
            kept.entries[name] = (
                _without(child, inner, exclude) if isinstance(child, Directory) else child
            )
    return kept


def _missing(source: str, step: Copy, context: Context, ports: Ports) -> CopySourceError:
    if step.from_stage is not None:
        return CopySourceError(
            f"`{source}` is not in {ports.stage_name(step.from_stage)}.",
            hint="Check the path: it is one of that stage's box, from its root.",
        )
    folder, name = posixpath.split(source.rstrip("/"))
    near = difflib.get_close_matches(name, context.names(folder), 1)
    if near:
        hint = f"Did you mean `{posixpath.join(folder, near[0])}`?"
    else:
        hint = "Sources are relative to the build context; `.dockerignore` may leave it out."
    return CopySourceError(f"`{source}` is not in the build context.", hint=hint)


def _remote(source: str) -> RemoteSourceError:
    return RemoteSourceError(
        f"`{source}` is not in the build context: Boxer fetches nothing but packages.",
        hint="Download it before the build and ADD the file.",
    )
