"""Which base an image reference of a `FROM` means.

Belongs here: reading references (`python:3.13-slim`, with registry, namespace, tag and digest) and
the list of bases that exist. Does not: whether a base has been made on this machine (`folder`).

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

SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class KnownBase:
    """A base Boxer can make. variant: the `X.Y` of its version, also its folder's name."""

    name: str
    variant: str


@dataclass(frozen=True, slots=True)
class BaseReference:
    """What a `FROM` means. flavour: the rest of the tag, `slim` or `alpine3.20`, else empty.

    notice: a sentence for the user when the base is not exactly what was asked for.
    """

    name: str
    variant: str = ""
    flavour: str = ""
    notice: str | None = None

    @property
    def is_scratch(self) -> bool:
        return self.name == SCRATCH


_BASES = (KnownBase("python", "3.13"), KnownBase("linux", "1"))

# Images of distributions and compilers: what a C program made by `boxer cc` is put on.
_LINUX = frozenset(
    ("alpine", "busybox", "buildpack-deps", "debian", "fedora", "gcc", "linux", "ubuntu")
)
# Google's distroless images, by the start of their names.
_DISTROLESS = ("distroless/static", "distroless/base", "distroless/cc")

# Images that are Python's official one with something more, by the end of their names, and the
# version in their tags or names.
_PYTHONS = re.compile(
    r"(?:^|/)(?:astral-sh/uv|bitnami/python|chainguard/python|devcontainers/python"
    r"|python-?3\d{1,2}|vscode/devcontainers/python|dockerhub/python)$"
)
_PYTHON_TAG = re.compile(r"(?:^|[-.])(?:python|py)?(3\.\d+)|-(3\d{1,2})(?:$|[/:])")

_REFERENCE = re.compile(
    r"""(?P<path>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+(?=/))?
            (?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)
        (?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?
        (?:@(?P<digest>[a-z0-9+._-]+:[0-9a-f]{32,}))?""",
    re.VERBOSE,
)

# "3.13.5-slim-bookworm", "3.14-rc-alpine", "slim", "latest"
_TAG = re.compile(r"(?P<version>\d+(?:\.\d+){0,2})?(?:(?:a|b|rc)\d+)?(?:-?(?P<flavour>[a-z].*))?")

# Flavours whose programs have nothing in common with a Linux box.
_FOREIGN_FLAVOURS = ("windowsservercore", "nanoserver")


def known_bases() -> tuple[KnownBase, ...]:
    """Every base Boxer can make, made on this machine or not."""
    return _BASES


def resolve(reference: str) -> BaseReference:
    """The base a `FROM` reference means. Raises UnknownBaseError."""
    if reference == SCRATCH:
        return BaseReference(SCRATCH)
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise UnknownBaseError(
            f"`{reference}` is not an image reference.",
            hint="Write NAME[:TAG], for example `FROM python:3.13-slim`.",
        )
    registry, name = _split_registry(match["path"])
    if _is_linux(name):
        return _linux(reference, match["tag"] or "")
    if _PYTHONS.search(name):
        return _python_like(reference, name, match["tag"] or "")
    base = _known(name, reference)
    version, flavour = _read_tag(match["tag"] or "latest", reference)
    notices = [_version_notice(reference, version, base), _origin_notice(registry, name, base)]
    if match["digest"]:
        notices.append(f"The digest of `{reference}` is not used: Boxer has its own base.")
    return BaseReference(base.name, base.variant, flavour, " ".join(filter(None, notices)) or None)


def _split_registry(path: str) -> tuple[str, str]:
    """A registry's host has a dot or a port, or is localhost (distribution's reference grammar)."""
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", path


def _is_linux(name: str) -> bool:
    namespace, _, short = name.rpartition("/")
    official = namespace in ("", "library") or namespace.endswith("/library")
    return (official and short in _LINUX) or name.startswith(_DISTROLESS)


def _linux(reference: str, tag: str) -> BaseReference:
    base = next(base for base in _BASES if base.name == "linux")
    notice = (
        f"`{reference}` means the base linux: a file tree for C programs, and no other program."
    )
    return BaseReference(base.name, base.variant, tag, None if reference == "linux" else notice)


def with_python(reference: str) -> str | None:
    """The base of Python in the place of a distribution's image, None for any other reference."""
    name = _split_registry(reference.partition("@")[0].partition(":")[0])[1]
    python = next(base for base in _BASES if base.name == "python")
    return f"{python.name}:{python.variant}" if _is_linux(name) else None


def _python_like(reference: str, name: str, tag: str) -> BaseReference:
    base = next(base for base in _BASES if base.name == "python")
    notice = f"`{reference}` is taken to be the official {base.name} image"
    if name.endswith("astral-sh/uv"):
        notice += " with uv"
    asked = _PYTHON_TAG.search(tag)
    if asked and asked[1] and asked[1] != base.variant:
        notice += f"; it asks for {base.name} {asked[1]}, the box gets {base.name} {base.variant}"
    return BaseReference(base.name, base.variant, tag, f"{notice}.")


def _known(name: str, reference: str) -> KnownBase:
    short = name.rsplit("/", 1)[-1]
    namespace = name.rpartition("/")[0]
    # Official images live in `library`; mirrors put that namespace below one of their own.
    if namespace in ("", "library") or namespace.endswith("/library"):
        for base in _BASES:
            if base.name == short:
                return base
    names = [base.name for base in _BASES] + [SCRATCH]
    near = difflib.get_close_matches(short, names, n=1, cutoff=0.6)
    wanted = f"Did you mean `{near[0]}`? " if near else ""
    raise UnknownBaseError(
        f"There is no base for `{reference}`; there are {', '.join(f'`{n}`' for n in names)}.",
        hint=f"{wanted}`boxer bases` lists what can stand in a FROM.",
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
            hint=f"Use `{reference.split(':')[0]}:3.13-slim`.",
        )
    version = tuple(int(part) for part in match["version"].split(".")) if match["version"] else ()
    return version, flavour


def _version_notice(reference: str, version: tuple[int, ...], base: KnownBase) -> str | None:
    ours = tuple(int(part) for part in base.variant.split("."))
    if version and version[0] != ours[0]:
        raise UnknownBaseError(
            f"There is no base for `{reference}`: Boxer has {base.name} {base.variant} only.",
            hint=f"Use `FROM {base.name}:{base.variant}` if the code runs on it.",
        )
    if version[:2] in (ours, ours[:1], ()):
        return None
    asked = ".".join(str(part) for part in version[:2])
    return f"`{reference}` asks for {base.name} {asked}; the box gets {base.name} {base.variant}."


def _origin_notice(registry: str, name: str, base: KnownBase) -> str | None:
    if not registry or "library/" in name:
        return None
    return f"`{registry}/{name}` is taken to be the official {base.name} image."
