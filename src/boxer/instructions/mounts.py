"""`RUN --mount`: what is there for one command and is gone after it.

Belongs here: the flag's values, putting mounts into the tree and taking them out again. Does not:
the command (`run`).

Rules (Dockerfile reference, RUN --mount): `bind` is the default type; what is written into a mount
is not kept; a mount point that was not there is taken away again. A secret is there if the user
gave it (`boxer build --secret`), an SSH agent never; where such a mount is required and is not
there, that is an error.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from boxer.dockerfile import mount_fields
from boxer.errors import BoxerError, InstructionError, Where
from boxer.filetree import Directory, File, Node, Tree, placed
from boxer.instructions.context import Context
from boxer.instructions.copying import Attributes, copy_into
from boxer.instructions.stagefiles import find_in_tree
from boxer.instructions.state import StageState
from boxer.userland import Ports, tools_tree

_TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")
_TARGETS = ("target", "dst", "destination")
_SOURCES = ("source", "src", "from")
_OTHERS = ("type", "id", "sharing", "size", "env", "mode", "uid", "gid")
_SWITCHES = ("rw", "readwrite", "ro", "readonly", "required")
_KEYS = frozenset((*_TARGETS, *_SOURCES, *_SWITCHES, *_OTHERS))


@dataclass(frozen=True, slots=True)
class Mount:
    """One `--mount`. target: absolute; empty for a secret that is a variable only. source: for a
    secret, its id. variable: where a secret is to be seen too."""

    kind: str
    target: str
    source: str = ""
    stage: str | None = None
    mode: int = 0o755
    owner: tuple[int, int] = (0, 0)
    variable: str = ""
    required: bool = False


@contextmanager
def mounted(
    flags: Sequence[str], state: StageState, context: Context, ports: Ports, where: Where
) -> Iterator[None]:
    """The tree with the mounts in it, for the body. Raises InstructionError, CopySourceError."""
    with ExitStack() as stack:
        try:
            for flag in flags:
                mount = parse_mount(flag, state.config.working_dir or "/", where)
                if mount is None:
                    continue
                node = (
                    _secret_node(mount, state, ports)
                    if mount.kind == "secret"
                    else _node(mount, state, context, ports)
                )
                if node is not None:
                    stack.enter_context(placed(state.tree, mount.target, node))
        except BoxerError as error:
            raise error.at(where) from None
        yield


def parse_mount(flag: str, working_dir: str, where: Where) -> Mount | None:
    """Reads a flag's value; None for a mount that is absent in a build. Raises InstructionError."""
    fields = _fields(flag, where)
    kind = fields.get("type", "bind")
    if kind not in _TYPES:
        raise InstructionError(
            f"`--mount=type={kind}` is no kind of mount.",
            where=where,
            hint=f"There are {', '.join(_TYPES)}.",
        )
    switches = {key: _truth(key, fields[key], where) for key in _SWITCHES if key in fields}
    required = switches.get("required", False)
    if kind == "ssh":
        if required:
            raise InstructionError(
                f"`--mount={flag}` is required, and a build has no SSH agent.",
                where=where,
                hint="Fetch what it is for before the build, and COPY it.",
            )
        return None
    target = next((fields[key] for key in _TARGETS if key in fields), "")
    source = fields.get("source", fields.get("src", ""))
    if kind == "secret":
        source = fields.get("id") or source or posixpath.basename(target)
        target = target or ("" if "env" in fields else f"/run/secrets/{source}")
    if not (target or (kind == "secret" and source)):
        raise InstructionError(f"`--mount={flag}` has no target.", where=where)
    return Mount(
        kind=kind,
        target=target and posixpath.normpath(posixpath.join("/", working_dir, target)),
        source=source,
        stage=fields.get("from"),
        mode=_number(fields.get("mode", "400" if kind == "secret" else "755"), 8, where),
        owner=(
            _number(fields.get("uid", "0"), 10, where),
            _number(fields.get("gid", "0"), 10, where),
        ),
        variable=fields.get("env", ""),
        required=required,
    )


def mount_sources(flags: Sequence[str], where: Where) -> list[tuple[str | None, str]]:
    """The stage, None for the context, and the path that each mount with a source shows."""
    mounts = filter(None, (parse_mount(flag, "/", where) for flag in flags))
    return [
        (mount.stage, mount.source or ".")
        for mount in mounts
        if mount.kind != "secret" and (mount.kind == "bind" or mount.source or mount.stage)
    ]


def _fields(flag: str, where: Where) -> dict[str, str]:
    fields: dict[str, str] = {}
    for key, value in mount_fields(flag):
        if key not in _KEYS:
            raise InstructionError(
                f"`--mount={flag}` has an unknown field `{key}`.",
                where=where,
                hint="A mount is written `type=bind,source=FILE,target=PATH`.",
            )
        fields[key] = "true" if value is None and key in _SWITCHES else value or ""
    return fields


def _truth(key: str, text: str, where: Where) -> bool:
    """A switch's value, as Go's strconv.ParseBool reads it."""
    if text not in (*_TRUE, *_FALSE):
        raise InstructionError(
            f"`{key}={text}` in a --mount: the value is `true` or `false`.", where=where
        )
    return text in _TRUE


def _number(text: str, base: int, where: Where) -> int:
    try:
        return int(text, base)
    except ValueError:
        raise InstructionError(f"`{text}` in a --mount is no number.", where=where) from None


def _secret_node(mount: Mount, state: StageState, ports: Ports) -> Node | None:
    """The file of a secret, if there is one; its variable is set for the command."""
    data = ports.secrets.get(mount.source)
    if data is None:
        if mount.required:
            raise InstructionError(
                f"The secret `{mount.source}` is required, and was not given.",
                hint=f"`boxer build --secret id={mount.source},src=FILE` gives it.",
            )
        return None
    if mount.variable:
        state.args[mount.variable] = data.decode("utf-8", "surrogateescape")
    uid, gid = mount.owner
    file = File(mode=mount.mode, uid=uid, gid=gid, mtime=state.epoch, data=data)
    return file if mount.target else None


def _node(mount: Mount, state: StageState, context: Context, ports: Ports) -> Node:
    uid, gid = mount.owner
    if mount.kind == "tmpfs":
        # As runc makes one: what it covers gives it its mode, else it is open as /tmp is.
        covered = state.tree.get(mount.target)
        mode = covered.mode if isinstance(covered, Directory) else 0o1777
        return Directory(mode=mode, mtime=state.epoch)
    if mount.kind == "cache" and not (mount.source or mount.stage):
        return Directory(mode=mount.mode, uid=uid, gid=gid, mtime=state.epoch)
    source = mount.source or "."
    if mount.stage is not None:
        tree = ports.stage_tree(mount.stage) or tools_tree(mount.stage)
        found = [] if tree is None else find_in_tree(tree, posixpath.normpath("/" + source))
    else:
        found = context.find(source.lstrip("/") or ".")
    if len(found) != 1:
        origin = ports.stage_name(mount.stage) if mount.stage else "the build context"
        raise InstructionError(f"`{source}` of a --mount is not in {origin}.")
    copied = Tree()
    name = "mount" if isinstance(found[0].node, File) else "mount/"
    copy_into(copied, found[0].node, "", f"/{name}", Attributes(owner=None, newest=state.epoch))
    return copied.root.entries["mount"]
