"""Another stage as a source: what `COPY --from` finds in its tree.

Belongs here: sources and patterns in a file tree. Does not: the context on the disk (`context`).
Links are followed inside the tree, whose root nothing leaves, so no path of it can be an escape.
"""

from __future__ import annotations

from boxer.filetree import Directory, Tree
from boxer.instructions.context import Found
from boxer.instructions.patterns import compile_pattern, split_pattern


def find_in_tree(tree: Tree, source: str) -> list[Found]:
    """What a source names in the tree, patterns resolved, sorted; empty if there is no such thing.

    Raises BadPatternError, SymlinkLoopError.
    """
    prefix, patterns = split_pattern(source)
    paths = [f"/{prefix}"]
    for pattern in patterns:
        paths = [match for path in paths for match in _matches(tree, path, pattern)]
    found = []
    for path in paths:
        resolved = tree.resolve(path)
        node = tree.get(resolved)
        if node is not None:
            found.append(Found(resolved, path.rpartition("/")[2], node))
    return found


def _matches(tree: Tree, path: str, pattern: str) -> list[str]:
    node = tree.get(path)
    if not isinstance(node, Directory):
        return []
    regex = compile_pattern(pattern)
    prefix = "" if path == "/" else path
    return [f"{prefix}/{name}" for name, _ in node.sorted_entries() if regex.fullmatch(name)]
