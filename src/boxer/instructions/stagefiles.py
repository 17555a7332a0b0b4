"""Another stage as a source: what `COPY --from` finds in its tree.

Belongs here: sources and patterns in a file tree. Does not: the context on the disk (`context`).
Links are followed inside the tree, whose root nothing leaves, so no path of it can be an escape.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxer.errors import CopySourceError
from boxer.filetree import Directory, Tree
from boxer.instructions.context import Found
from boxer.instructions.patterns import compile_pattern, deep_patterns, split_pattern


def find_in_tree(tree: Tree, source: str, deep: bool = False) -> list[Found]:
    """What a source names in the tree, patterns resolved, sorted; empty if there is no such thing.

    deep: a `**` is any number of folders. Raises BadPatternError, SymlinkLoopError, CopySourceError
    where a pattern matches a link to nothing.
    """
    prefix, patterns = split_pattern(source)
    paths = [f"/{prefix}"]
    for pattern in deep_patterns(patterns) if deep else patterns:
        if deep and pattern == "**":
            paths = list(dict.fromkeys(f for path in paths for f in _folders(tree, path)))
        else:
            paths = [match for path in paths for match in _matches(tree, path, pattern)]
    found = []
    for path in paths:
        resolved = tree.resolve(path)
        node = tree.get(resolved)
        if node is not None:
            found.append(Found(resolved, path.rpartition("/")[2], node))
        elif patterns and tree.get(path, follow=False) is not None:
            raise CopySourceError(
                f"`{source}` matches the symbolic link `{path}`, which leads to nothing there.",
                hint="Remove the link in a RUN of that stage, or name the files one by one.",
            )
    return found


def _folders(tree: Tree, top: str) -> Iterator[str]:
    """A folder and those below it, links not followed."""
    for path, node in tree.walk(top):
        if isinstance(node, Directory):
            yield path


def _matches(tree: Tree, path: str, pattern: str) -> list[str]:
    node = tree.get(path)
    if not isinstance(node, Directory):
        return []
    regex = compile_pattern(pattern)
    prefix = "" if path == "/" else path
    return [f"{prefix}/{name}" for name, _ in node.sorted_entries() if regex.fullmatch(name)]
