"""What of this machine's disk a run is given: `-v`, `--mount` and `--tmpfs`, as docker has them.

Belongs here: reading those options, and making what they name. Does not: mounting (`runtime`),
the store of volumes (`describe`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from boxer.describe import VolumeStore
from boxer.ending import draft, temporary_folder
from boxer.errors import MountError
from boxer.runtime import Mount

# Fills an empty folder with what the box has at a path.
Copy = Callable[[str, Path], None]

# What docker takes for other machines' sake: labels of SELinux, consistency on a Mac.
_WITHOUT_MEANING = ("z", "Z", "cached", "delegated", "consistent", "rprivate", "private")
_SOURCES = ("source", "src")
_TARGETS = ("target", "dst", "destination")
_FLAGS = ("readonly", "ro", "volume-nocopy")
_TMPFS = ("rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "mode", "uid", "gid")


@dataclass(frozen=True, slots=True)
class Grant:
    """source: a file or folder of this machine, or a volume's name, None for one that ends with the
    run. makes: a folder that is missing is made. copies: a new volume begins with what the box has
    at the target."""

    kind: Literal["bind", "volume", "tmpfs"]
    source: str | None
    target: str
    read_only: bool = False
    makes: bool = False
    copies: bool = True


def parse_volume(text: str) -> Grant:
    """Reads `-v`: `[SOURCE:]TARGET[:OPTIONS]`. A source with a `/` in it, or `.`, is a file or
    folder, any other a volume's name. Raises `MountError`."""
    source, *rest = text.split(":")
    if not rest:
        return _checked(Grant("volume", None, source), text)
    target, options = rest[0], rest[1].split(",") if len(rest) == 2 else []
    if not source or not target or len(rest) > 2:
        raise _unclear(text)
    is_path = "/" in source or source in (".", "..")
    grant = Grant("bind" if is_path else "volume", source, target, makes=is_path)
    for option in options:
        if option == "ro":
            grant = replace(grant, read_only=True)
        elif option == "nocopy" and not is_path:
            grant = replace(grant, copies=False)
        elif option not in ("rw", "", *_WITHOUT_MEANING):
            raise _unclear(text)
    return _checked(grant, text)


def parse_mount(text: str) -> Grant:
    """Reads `--mount type=bind|volume|tmpfs,source=..,target=..[,readonly]`.

    Raises `MountError`.
    """
    given = dict(field.partition("=")[::2] for field in text.split(","))
    kind = given.pop("type", "volume")
    source = next((given.pop(name) for name in _SOURCES if name in given), None)
    target = next((given.pop(name) for name in _TARGETS if name in given), "")
    flags = {name: given.pop(name) in ("", "true", "1") for name in _FLAGS if name in given}
    given.pop("bind-propagation", None)
    given.pop("consistency", None)
    if kind == "tmpfs":
        given.pop("tmpfs-mode", None)
    if given:
        raise MountError(
            f"`{next(iter(given))}` of `{text}` is not known.",
            hint="--mount type=bind,source=./data,target=/data,readonly",
        )
    read_only = flags.get("readonly", False) or flags.get("ro", False)
    copies = not flags.get("volume-nocopy", False)
    if kind == "bind" and source:
        return _checked(Grant("bind", source, target, read_only), text)
    if kind == "volume":
        return _checked(Grant("volume", source or None, target, read_only, copies=copies), text)
    if kind == "tmpfs" and source is None:
        return _checked(Grant("tmpfs", None, target), text)
    raise MountError(
        f"`{text}` says not what is mounted where.",
        hint="--mount type=bind,source=./data,target=/data; type=volume,source=data,target=/data;"
        " type=tmpfs,target=/data",
    )


def parse_tmpfs(text: str) -> Grant:
    """Reads `--tmpfs TARGET[:OPTIONS]`. Raises `MountError`."""
    target, _, options = text.partition(":")
    for option in filter(None, options.split(",")):
        if option.partition("=")[0] not in _TMPFS:
            raise MountError(
                f"`{option}` of `--tmpfs {text}` cannot be had.",
                hint="Such a folder is empty, writable and of no size of its own; leave it out.",
            )
    return _checked(Grant("tmpfs", None, target), text)


@contextmanager
def mounts_of(grants: Sequence[Grant], copy: Copy) -> Iterator[list[Mount]]:
    """What is mounted, for the body, outer folders first. copy: how a new volume is filled.

    Raises `MountError`, `VolumeError`, `WriteError`.
    """
    for grant in grants:
        if sum(other.target == grant.target for other in grants) > 1:
            raise MountError(
                f"Two things are to be mounted at `{grant.target}`.", hint="Leave one of them out."
            )
    with ExitStack() as stack:
        made = [_mount(grant, copy, stack) for grant in grants]
        yield sorted(made, key=lambda mount: mount.guest.strip("/").count("/"))


def _mount(grant: Grant, copy: Copy, stack: ExitStack) -> Mount:
    if grant.kind == "tmpfs":
        folder = stack.enter_context(temporary_folder("boxer-tmpfs-"))
        return Mount(folder, grant.target)
    if grant.kind == "bind":
        assert grant.source is not None
        if grant.makes:
            _make(Path(grant.source), grant.target)
        return Mount(grant.source, grant.target, grant.read_only)
    store = VolumeStore()
    volume = store.create(grant.source)
    if volume.is_anonymous and grant.source is None:
        stack.enter_context(draft(volume.data.parent))
    fill = (lambda into: copy(grant.target, into)) if grant.copies else None
    folder = stack.enter_context(store.used(volume, fill))
    return Mount(folder, grant.target, grant.read_only)


def _make(path: Path, target: str) -> None:
    """The folder of a `-v` that is not there, as docker does; `--mount` wants it there."""
    if path.is_symlink() or path.exists():
        return
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise MountError(
            f"The folder `{path}` for `{target}` cannot be made: {error.strerror}.",
            hint="Make it before, or name another one: `-v HOST:GUEST`.",
        ) from None


def _checked(grant: Grant, text: str) -> Grant:
    if grant.target.startswith("/") or (grant.kind == "bind" and grant.target):
        return grant
    if not grant.target:
        raise _unclear(text)
    raise MountError(
        f"`{grant.target}` of `{text}` is no absolute path of the box.",
        hint="-v data:/var/lib/data; a folder of this machine has a `/` in its name: ./data:/data",
    )


def _unclear(text: str) -> MountError:
    return MountError(
        f"`{text}` is not [SOURCE:]TARGET[:ro].",
        hint="-v ./data:/data:ro for a folder or a file, -v data:/data for a volume",
    )


def copy_of(name: str, target: str, into: Path) -> None:
    """Fills a new volume with what the box has at the place it is mounted at, as docker does."""
    from boxer.boxfile import read_box
    from boxer.describe import load_bytes
    from boxer.filetree import Directory
    from boxer.pipeline import files_of, write_folder

    node = files_of(read_box(load_bytes(name))).get(target)
    if isinstance(node, Directory):
        write_folder(node, into)
