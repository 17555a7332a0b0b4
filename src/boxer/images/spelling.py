"""Images that are Python with something more: FROM such an image is a FROM of its base and the
instructions that would make it.

Belongs here: finding them in a Dockerfile, and putting the instructions (`table`) behind the FROM.
Does not: which images there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from boxer.dockerfile import Dockerfile, From, Instruction, parse
from boxer.errors import Where
from boxer.images.table import Image, image_named
from boxer.listener import Notify

_VERSION = re.compile(r"(?:^|[^\d.])(3\.\d+)")
# The user of these images without rights of its own, by the tag that asks for it.
_NOBODY = re.compile(r"^(?:debug-)?nonroot\b")


def with_known_images(parsed: Dockerfile, notify: Notify) -> Dockerfile:
    """The Dockerfile with each such image spelt out."""
    found: list[Instruction] = []
    for entry in parsed.instructions:
        name, tag = _split(entry.image) if isinstance(entry, From) else ("", "")
        image = image_named(name)
        if image is None or not image.instructions or not isinstance(entry, From):
            found.append(entry)
            continue
        version = _python(image, name, tag)
        reference = f"{image.base}:{version}" if version else image.base
        notify(f"`{entry.image}` is taken to be {image.says}.", entry.where, None)
        found += [replace(entry, image=reference), *_instructions(image, tag, entry.where)]
    return replace(parsed, instructions=tuple(found))


def _python(image: Image, name: str, tag: str) -> str:
    """The `3.11` of an image; empty where nothing says it."""
    found = _VERSION.search(tag)
    return found[1] if found else image.pythons.get(name.rpartition("-")[2], "")


def _split(reference: str) -> tuple[str, str]:
    """The name and the tag of an image."""
    name, _, tag = reference.partition("@")[0].rpartition(":")
    return (tag, "") if not name or "/" in tag else (name, tag)


def _instructions(image: Image, tag: str, where: Where) -> Sequence[Instruction]:
    text = f"FROM {image.base}\n{image.instructions}"
    if _NOBODY.match(tag):
        text += "USER nonroot\n"
    return [replace(entry, where=where) for entry in parse(text, where.file).instructions[1:]]
