"""Lock files that list packages: those of poetry and of PDM.

Belongs here: the versions they pin. Does not: what a project asks for (`poetry`, `pdm`).
"""

from __future__ import annotations

import tomllib

from boxer.filetree import File, Tree


def pinned_versions(tree: Tree, path: str) -> list[str]:
    """`NAME==VERSION` for each package of a lock file; empty where there is none.

    Several versions of one name are for several Pythons; the resolver chooses among them.
    """
    node = tree.get(path)
    if not isinstance(node, File):
        return []
    try:
        packages = tomllib.loads(node.data.decode("utf-8", "replace")).get("package", [])
    except tomllib.TOMLDecodeError:
        return []
    versions: dict[str, set[str]] = {}
    for package in packages:
        versions.setdefault(str(package["name"]), set()).add(str(package.get("version", "")))
    return [
        f"{name}=={version}"
        for name, found in versions.items()
        for version in found
        if version and len(found) == 1
    ]
