"""How large a tree may be.

Belongs here: counting a tree's bytes, names and depth. Does not: the limits of one archive
(`tarreading`), or of what a box's memory holds (`boxer.link`).

Invariant: counting takes no recursion, so a tree may have any depth when it is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxer.errors import InputTooLargeError
from boxer.filetree.node import Directory, File, Node
from boxer.filetree.tree import Tree, require_depth

# A box has 4 GiB of memory in all, and the tree is in it.
MOST_BYTES = 1 << 32
MOST_NAMES = 200_000


@dataclass(frozen=True, slots=True)
class Usage:
    """bytes: of all files, those with several names once. names: of files, folders and links."""

    bytes: int
    names: int
    depth: int

    @property
    def too_large(self) -> bool:
        return self.bytes > MOST_BYTES or self.names > MOST_NAMES


def usage(tree: Tree) -> Usage:
    """What a tree comes to."""
    size = names = deepest = 0
    seen: set[Node] = set()
    waiting: list[tuple[Node, int]] = [(tree.root, 0)]
    while waiting:
        node, depth = waiting.pop()
        names += 1
        deepest = max(deepest, depth)
        if isinstance(node, Directory):
            waiting.extend((child, depth + 1) for child in node.entries.values())
        elif isinstance(node, File) and node not in seen:
            seen.add(node)
            size += len(node.data)
    return Usage(size, names, deepest)


def require_room(tree: Tree) -> None:
    """Raises InputTooLargeError, DepthError for a tree that is larger than a box's may be."""
    used = usage(tree)
    if used.too_large:
        raise InputTooLargeError(
            f"The files come to {used.bytes >> 20} MiB in {used.names} names; a box has room for"
            f" {MOST_BYTES >> 20} MiB and {MOST_NAMES}.",
            hint="Leave out what the box does not need.",
        )
    require_depth("/", used.depth - 1)
