"""A finished base: what its base.json says, its module, its file tree.

Belongs here: the types and the reading of base.json, which is checked field by field. Does not:
where bases lie on disk (`folder`), which one is meant (`references`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, cast

from boxer.errors import BaseDamagedError
from boxer.filetree import Tree
from boxer.images.references import SCRATCH, BaseReference

FORMAT = 2
ANEW = "Make it again, `make bases`, or install its package anew: `boxer bases` says what it is."


class BaseComponent(NamedTuple):
    """A third-party part compiled into a base, in the order of `boxfile.Component`."""

    name: str
    version: str
    license: str


class StoredFile(NamedTuple):
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Python:
    """The interpreter of a base. version: `X.Y.Z`. soabi: what stands in the names of extension
    modules (PEP 3149). stdlib: the folder of the standard library. platform: as
    sysconfig.get_platform() has it, `linux-MACHINE`.
    """

    version: str
    soabi: str
    stdlib: str
    platform: str

    @property
    def series(self) -> str:
        """The `X.Y` of the version: packages are made for it, and names of files have it."""
        return ".".join(self.version.split(".")[:2])

    @property
    def prefix(self) -> str:
        """The folder with bin, lib and include in it."""
        return self.stdlib.rpartition("/lib/")[0]

    @property
    def program(self) -> str:
        """The path of the interpreter."""
        return f"{self.prefix}/bin/python{self.series}"

    @property
    def extension_suffix(self) -> str:
        return f".{self.soabi}.so"


@dataclass(frozen=True, slots=True)
class BaseInfo:
    """What base.json states. config: an OCI image config (Env, Cmd, WorkingDir, ...).

    program: what the machine starts before it is frozen, or empty. python: None where that is no
    Python. preimport: modules to import before the freeze. left_out: modules of the standard
    library that are missing, with the reason.
    """

    name: str
    version: str
    variant: str
    recipe_digest: str
    kernel_abi: int
    program: str = ""
    python: Python | None = None
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    config: Mapping[str, object] = field(default_factory=dict)
    preimport: tuple[str, ...] = ()
    components: tuple[BaseComponent, ...] = ()
    toolchain: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Base:
    """A base in memory. The tree is shared by all who load it: copy it before changing it.

    module: the wasm bytes; empty for scratch, on which nothing can be started.
    """

    info: BaseInfo
    module: bytes
    tree: Tree

    @property
    def digest(self) -> str:
        """The recipe's digest: it names the sources, options and tools the base was made from."""
        return self.info.recipe_digest


class BaseSource(Protocol):
    """Where a build gets bases from."""

    def resolve(self, reference: str) -> BaseReference: ...

    def load(self, reference: BaseReference) -> Base: ...


def scratch() -> Base:
    """The empty base: no module, an empty tree."""
    info = BaseInfo(name=SCRATCH, version="", variant="", recipe_digest="", kernel_abi=0)
    return Base(info, b"", Tree())


def read_info(text: str, source: str) -> BaseInfo:
    """Reads base.json. source: its path, for the error. Raises BaseDamagedError."""
    try:
        fields = _object(json.loads(text))
        return _info(fields)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BaseDamagedError(
            f"`{source}` cannot be read: {error}.",
            hint=ANEW,
        ) from error


def _info(fields: Mapping[str, object]) -> BaseInfo:
    if fields["format"] != FORMAT:
        raise ValueError(f"format {fields['format']} is not {FORMAT}")
    return BaseInfo(
        name=_text(fields["name"]),
        version=_text(fields["version"]),
        variant=_text(fields["variant"]),
        recipe_digest=_text(fields["recipe_digest"]),
        kernel_abi=_number(fields["kernel_abi"]),
        program=_text(fields.get("program", "")),
        python=_python(fields["python"]) if "python" in fields else None,
        files={name: _stored(entry) for name, entry in _object(fields["files"]).items()},
        config=_object(fields.get("config", {})),
        preimport=tuple(_text(name) for name in _list(fields.get("preimport", []))),
        components=tuple(_component(entry) for entry in _list(fields.get("components", []))),
        toolchain=_texts(fields.get("toolchain", {})),
        left_out=_texts(fields.get("left_out", {})),
    )


def _python(entry: object) -> Python:
    fields = _object(entry)
    return Python(**{name: _text(fields[name]) for name in Python.__dataclass_fields__})


def _stored(entry: object) -> StoredFile:
    fields = _object(entry)
    return StoredFile(_text(fields["sha256"]), _number(fields["size"]))


def _component(entry: object) -> BaseComponent:
    fields = _object(entry)
    return BaseComponent(_text(fields["name"]), _text(fields["version"]), _text(fields["license"]))


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return cast(dict[str, object], value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return value


def _texts(value: object) -> dict[str, str]:
    return {name: _text(text) for name, text in _object(value).items()}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("a number was expected")
    return value
