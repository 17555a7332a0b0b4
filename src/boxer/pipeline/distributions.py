"""The Python distributions a tree holds, with their licences.

Belongs here: reading `*.dist-info/METADATA` in a tree. Does not: showing it (`describe`).

Source: the core metadata specification (packaging.python.org), PEP 639 for License-Expression.
"""

from __future__ import annotations

import email.parser
from email.message import Message

from boxer.boxfile import Distribution
from boxer.filetree import Directory, File, Tree

_CLASSIFIER = "License :: "
# Some projects put the whole licence text into the License field.
_LONGEST_LICENCE = 100


def distributions(tree: Tree) -> tuple[Distribution, ...]:
    """Every installed distribution, sorted by name."""
    found = [
        _distribution(metadata.data)
        for path, node in tree.walk()
        if path.endswith(".dist-info")
        and isinstance(node, Directory)
        and isinstance(metadata := node.entries.get("METADATA"), File)
    ]
    return tuple(sorted(found, key=lambda entry: (entry.name.lower(), entry.version)))


def _distribution(metadata: bytes) -> Distribution:
    text = metadata.decode("utf-8", "replace").replace("\0", "")
    headers = email.parser.HeaderParser().parsestr(text)
    return Distribution(
        _field(headers, "Name"), _field(headers, "Version"), _licence(headers) or "unknown"
    )


def _licence(headers: Message) -> str:
    expression = _field(headers, "License-Expression")
    if expression:
        return expression
    licence = _field(headers, "License")
    if licence and len(licence) <= _LONGEST_LICENCE and licence != "UNKNOWN":
        return licence
    classifiers = headers.get_all("Classifier") or []
    named = [str(text).rpartition(" :: ")[2] for text in classifiers if _CLASSIFIER in str(text)]
    return ", ".join(sorted(set(named) - {"OSI Approved"}))


def _field(headers: Message, name: str) -> str:
    return " ".join(str(headers.get(name, "")).split())
