"""Which base an image reference of a `FROM` means.

Belongs here: reading references (`python:slim`, with registry, namespace, tag and digest). Does
not: which images there are (`table`), whether a base has been made on this machine (`folder`).

Invariants
1. A reference either names one base, with a notice where it asked for something else, or is an
   error with the nearest names. Nothing is ever fetched from an image registry.
2. No registry has a special meaning: what counts is the image's name behind it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from boxer.errors import UnknownBaseError
from boxer.images.table import (
    Image,
    KnownBase,
    base_of,
    default_base,
    image_named,
    is_official,
    known_bases,
)

SCRATCH = "scratch"
PYTHON, LINUX = "python", "linux"


@dataclass(frozen=True, slots=True)
class BaseReference:
    """What a `FROM` means. flavour: the rest of the tag, `slim` or `alpine3.20`, else empty.

    notice: a sentence for the user when the base is not exactly what was asked for. asked: the
    `X.Y` that the image has, where it is another than the base's.
    """

    name: str
    variant: str = ""
    flavour: str = ""
    notice: str | None = None
    asked: str = ""

    @property
    def is_scratch(self) -> bool:
        return self.name == SCRATCH

    @property
    def is_whole(self) -> bool:
        """Whether the image is one of those with tools: Docker's official Python without `slim`
        or `alpine` is made of `buildpack-deps`."""
        small = ("slim", "alpine", "distroless")
        return self.name == PYTHON and not any(word in self.flavour for word in small)


# The version in the tag or the name of an image like Python's official one.
_PYTHON_TAG = re.compile(r"(?:^|[-.])(?:python|py)?3\.(\d+)|python-?3(\d{1,2})$")

_REFERENCE = re.compile(
    r"""(?P<path>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+(?=/))?
            (?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)
        (?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?
        (?:@(?P<digest>[a-z0-9+._-]+:[0-9a-f]{32,}))?""",
    re.VERBOSE,
)

# "3.9.2-slim-bookworm", "3.14-rc-alpine", "slim", "latest"
_TAG = re.compile(r"(?P<version>\d+(?:\.\d+){0,2})?(?:(?:a|b|rc)\d+)?(?:-?(?P<flavour>[a-z].*))?")

# Flavours whose programs have nothing in common with a Linux box.
_FOREIGN_FLAVOURS = ("windowsservercore", "nanoserver")


def resolve(reference: str) -> BaseReference:
    """The base a `FROM` reference means. Raises UnknownBaseError."""
    if reference == SCRATCH:
        return BaseReference(SCRATCH)
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise UnknownBaseError(
            f"`{reference}` is not an image reference.",
            hint=f"Write NAME[:TAG], for example `FROM {default_base()}-slim`.",
        )
    registry, name = _split_registry(match["path"])
    tag = match["tag"] or ""
    image = image_named(name)
    if (image is not None and image.base == LINUX) or _is_base(name, LINUX):
        return _linux(reference, tag)
    if image is not None and image.base == PYTHON:
        return _python_like(reference, name, tag, image)
    known = _known(name, reference, image)
    version, flavour = _read_tag(tag or "latest", reference)
    base = base_of(known, ".".join(str(part) for part in version[:2]))
    notices = [_version_notice(reference, version, base), _origin_notice(registry, name, base)]
    if match["digest"]:
        notices.append(f"The digest of `{reference}` is not used: Boxer has its own base.")
    notice = " ".join(filter(None, notices)) or None
    return BaseReference(base.name, base.variant, flavour, notice, _asked(version, base))


def _split_registry(path: str) -> tuple[str, str]:
    """A registry's host has a dot or a port, or is localhost (distribution's reference grammar)."""
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", path


def _linux(reference: str, tag: str) -> BaseReference:
    base = base_of(LINUX)
    notice = (
        f"`{reference}` means the base linux: a file tree for C programs, and no other program."
    )
    return BaseReference(base.name, base.variant, tag, None if reference == "linux" else notice)


def with_python(reference: str) -> str | None:
    """The base of Python in the place of a distribution's image, None for any other reference."""
    name = _split_registry(reference.partition("@")[0].partition(":")[0])[1]
    image = image_named(name)
    linux = _is_base(name, LINUX) or (image is not None and image.base == LINUX)
    return default_base() if linux else None


def _python_like(reference: str, name: str, tag: str, image: Image) -> BaseReference:
    found = _PYTHON_TAG.search(tag) or _PYTHON_TAG.search(name)
    wanted = f"3.{found[1] or found[2]}" if found else ""
    base = base_of(PYTHON, wanted)
    notice = f"`{reference}` is taken to be the official {base.name} image"
    if image.tools:
        notice += f" with {' and '.join(image.tools)}"
    asked = "" if wanted == base.variant else wanted
    if asked:
        notice += f"; it asks for {base.name} {asked}, the box gets {base.name} {base.variant}"
    return BaseReference(base.name, base.variant, tag, f"{notice}.", asked)


def tools_of(reference: str) -> tuple[str, ...]:
    """The build's own programs that an image, as FROM and COPY name it, is known to hold."""
    match = _REFERENCE.fullmatch(reference)
    image = image_named(_split_registry(match["path"])[1]) if match else None
    return image.tools if image is not None else ()


def _is_base(name: str, base: str) -> bool:
    return is_official(name) and name.rpartition("/")[2] == base


def _known(name: str, reference: str, image: Image | None) -> str:
    """The name of the bases an image means. Raises UnknownBaseError."""
    short = name.rsplit("/", 1)[-1]
    if is_official(name) and any(base.name == short for base in known_bases()):
        return short
    if image is not None and image.refused:
        raise UnknownBaseError(
            f"`{reference}` cannot be a box: {image.refused}.",
            hint=image.hint.format(python=default_base()),
        )
    names = [*dict.fromkeys(base.name for base in known_bases()), SCRATCH]
    near = difflib.get_close_matches(short, names, n=1, cutoff=0.6)
    wanted = f"Did you mean `{near[0]}`? " if near else ""
    raise UnknownBaseError(
        f"There is no base for `{reference}`; there are {', '.join(f'`{n}`' for n in names)}.",
        hint=f"{wanted}If it is Python with something more, write `FROM {default_base()}-slim` and"
        " install that in a RUN; `boxer bases` lists what can stand in a FROM.",
    )


def _read_tag(tag: str, reference: str) -> tuple[tuple[int, ...], str]:
    match = _TAG.fullmatch(tag)
    if match is None:
        raise UnknownBaseError(
            f"The tag of `{reference}` names no version that Boxer knows.",
            hint="`boxer bases` lists what can stand in a FROM.",
        )
    flavour = match["flavour"] or ""
    if flavour == "latest":
        flavour = ""
    if flavour.startswith(_FOREIGN_FLAVOURS):
        raise UnknownBaseError(
            f"`{reference}` is a Windows image; a box is a Linux machine.",
            hint=f"Use `FROM {default_base()}-slim`.",
        )
    version = tuple(int(part) for part in match["version"].split(".")) if match["version"] else ()
    return version, flavour


def _version_notice(reference: str, version: tuple[int, ...], base: KnownBase) -> str | None:
    ours = tuple(int(part) for part in base.variant.split("."))
    if version and version[0] != ours[0]:
        there = ", ".join(known.variant for known in known_bases() if known.name == base.name)
        raise UnknownBaseError(
            f"There is no base for `{reference}`: Boxer has {base.name} {there} only.",
            hint=f"Use `FROM {base.name}:{base.variant}` if the code runs on it.",
        )
    asked = _asked(version, base)
    if not asked:
        return None
    return f"`{reference}` asks for {base.name} {asked}; the box gets {base.name} {base.variant}."


def _asked(version: tuple[int, ...], base: KnownBase) -> str:
    """The `X.Y` of a version that is another than the base's, else empty."""
    asked = ".".join(str(part) for part in version[:2])
    return "" if len(version) < 2 or asked == base.variant else asked


def _origin_notice(registry: str, name: str, base: KnownBase) -> str | None:
    if not registry or "library/" in name:
        return None
    return f"`{registry}/{name}` is taken to be the official {base.name} image."
