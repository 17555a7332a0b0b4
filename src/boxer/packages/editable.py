"""`pip install -e`: a project that is imported from where it lies in the box.

Belongs here: turning a built wheel into one that only points at the source (a `.pth` file, as PEP
660's static layouts do). Does not: building the wheel (`sdist`).

A layout that cannot be expressed so, because a module of the wheel is no file of the project, is
installed as a copy.
"""

from __future__ import annotations

from dataclasses import replace

from boxer.filetree import Directory, File
from boxer.packages.wheel import Member, Wheel

_MAX_DEPTH = 2  # src/, lib/python/
_SKIPPED = ("build", "dist", "node_modules", "__pycache__")


def as_editable(wheel: Wheel, project: str, source: Directory) -> Wheel:
    """The wheel with its modules replaced by a path file. project: the source's absolute path."""
    data_folder = wheel.info.removesuffix(".dist-info") + ".data"
    kept = [m for m in wheel.members if m.name.split("/")[0] in (wheel.info, data_folder)]
    modules = {m.name.split("/")[0] for m in wheel.members} - {wheel.info, data_folder}
    folders = {_holding(module, project, source, 0) for module in modules}
    if not modules or None in folders:
        return wheel
    lines = "".join(f"{folder}\n" for folder in sorted(str(folder) for folder in folders))
    pth = Member(f"__editable__.{wheel.key}-{wheel.version}.pth", lines.encode(), False)
    return replace(wheel, members=(pth, *kept))


def _holding(module: str, path: str, folder: Directory, depth: int) -> str | None:
    """The folder of the project that a top-level module or package of the wheel lies in."""
    if isinstance(folder.entries.get(module), File | Directory):
        return path
    if depth == _MAX_DEPTH:
        return None
    for name, child in folder.sorted_entries():
        if isinstance(child, Directory) and not name.startswith(".") and name not in _SKIPPED:
            found = _holding(module, f"{path.rstrip('/')}/{name}", child, depth + 1)
            if found is not None:
                return found
    return None
