"""Images that are Python with something more: FROM such an image is a FROM of the base and the
instructions that would make it.

Belongs here: finding them in a Dockerfile, and putting the instructions (images.toml) behind the
FROM. Does not: which images there are besides (`bases`).
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources

from boxer.dockerfile import Dockerfile, From, Instruction, parse
from boxer.errors import Where
from boxer.pipeline.events import Listener, Notice

BASE = "python"
_VERSION = re.compile(r"(?:^|[^\d.])(3\.\d+)")
# The user of these images without rights of its own, by the tag that asks for it.
_NOBODY = re.compile(r"^(?:debug-)?nonroot\b")


@dataclass(frozen=True, slots=True)
class _Image:
    match: re.Pattern[str]
    says: str
    instructions: str
    pythons: Mapping[str, str]

    def python(self, name: str, tag: str) -> str:
        """The `3.11` of an image of this kind; empty where nothing says it."""
        found = _VERSION.search(tag)
        return found[1] if found else self.pythons.get(name.rpartition("-")[2], "")


def with_known_images(parsed: Dockerfile, events: Listener) -> Dockerfile:
    """The Dockerfile with each such image spelt out."""
    found: list[Instruction] = []
    for entry in parsed.instructions:
        name, tag = _split(entry.image) if isinstance(entry, From) else ("", "")
        image = next((image for image in _images() if image.match.search(name)), None)
        if image is None or not isinstance(entry, From):
            found.append(entry)
            continue
        version = image.python(name, tag)
        reference = f"{BASE}:{version}" if version else BASE
        events(Notice(f"`{entry.image}` is taken to be {image.says}.", entry.where))
        found += [replace(entry, image=reference), *_instructions(image, tag, entry.where)]
    return replace(parsed, instructions=tuple(found))


def _split(reference: str) -> tuple[str, str]:
    """The name and the tag of an image."""
    name, _, tag = reference.partition("@")[0].rpartition(":")
    return (tag, "") if not name or "/" in tag else (name, tag)


def _instructions(image: _Image, tag: str, where: Where) -> Sequence[Instruction]:
    text = f"FROM {BASE}\n{image.instructions}"
    if _NOBODY.match(tag):
        text += "USER nonroot\n"
    return [replace(entry, where=where) for entry in parse(text, where.file).instructions[1:]]


@functools.cache
def _images() -> tuple[_Image, ...]:
    text = resources.files(__package__).joinpath("images.toml").read_text("utf-8")
    return tuple(
        _Image(
            re.compile(entry["match"] + "$"),
            entry["says"],
            entry["instructions"],
            entry.get("pythons", {}),
        )
        for entry in tomllib.loads(text)["image"]
    )
