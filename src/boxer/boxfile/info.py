"""What a box says of itself: the JSON in its custom section `boxer`.

Belongs here: the value and its JSON. Does not: the settings inside it (`imageconfig`), the module
around it (`box`).

The JSON is an OCI image configuration (architecture "wasm", os "wasip1", as the OCI Wasm
artifact layout has it) with one more object, "boxer".

Invariants
1. `BoxInfo.from_json(i.to_json()) == i`, and equal infos give equal bytes.
2. A format number above FORMAT is refused by name, never half understood.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boxer.boxfile.fields import Fields, decode_object
from boxer.boxfile.imageconfig import ImageConfig
from boxer.errors import BadFieldError, UnsupportedBoxError
from boxer.wasmformat import Export, Kind, Module, code_digest, exports, memory

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed Python distribution."""

    name: str
    version: str
    license: str


@dataclass(frozen=True, slots=True)
class Component:
    """A piece of third-party code compiled into the base."""

    name: str
    version: str
    license: str


@dataclass(frozen=True, slots=True)
class LeftToRun:
    """A module that each run imports itself, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Code:
    """The code-only module a box was made on, and what a box leaves out of it.

    digest: sha256 of the code-only module. memory_pages, exports: the base's own; a box has a
    larger memory and exports less, so these are needed to get the same code-only bytes back.
    """

    digest: str
    memory_pages: int
    exports: tuple[Export, ...]

    @classmethod
    def of(cls, module: Module) -> Code:
        return cls(code_digest(module), memory(module).minimum, exports(module))


@dataclass(frozen=True, slots=True)
class BoxInfo:
    """created: seconds since 1970 (SOURCE_DATE_EPOCH). preinitialised: modules imported before
    the freeze. left_to_run: those that could not be. assumed: what must be in a run as it was at
    the build: variables by name, `@hostname`, `@cwd`, `@user`; else the run imports anew.
    function: what is said of the typed function that the box is, as canonical JSON
    (`functions`)."""

    config: ImageConfig
    base_name: str
    base_version: str
    base_digest: str
    code: Code
    kernel_abi: int
    boxer_version: str
    created: int = 0
    distributions: tuple[Distribution, ...] = ()
    components: tuple[Component, ...] = ()
    preinitialised: tuple[str, ...] = ()
    left_to_run: tuple[LeftToRun, ...] = ()
    assumed: tuple[str, ...] = ()
    format: int = FORMAT
    function: str | None = None

    @property
    def code_digest(self) -> str:
        return self.code.digest

    def to_json(self) -> bytes:
        document: dict[str, Any] = {
            "architecture": "wasm",
            "os": "wasip1",
            "created": _timestamp(self.created),
            "config": self.config.to_oci(),
            "boxer": {
                "format": self.format,
                "version": self.boxer_version,
                "kernel_abi": self.kernel_abi,
                "base": {
                    "name": self.base_name,
                    "version": self.base_version,
                    "digest": self.base_digest,
                },
                "code": {
                    "digest": self.code.digest,
                    "memory_pages": self.code.memory_pages,
                    "exports": [
                        {"name": e.name, "kind": e.kind.name.lower(), "index": e.index}
                        for e in self.code.exports
                    ],
                },
                "distributions": [_licensed(entry) for entry in self.distributions],
                "components": [_licensed(entry) for entry in self.components],
                "preinitialised": list(self.preinitialised),
                "left_to_run": [
                    {"name": entry.name, "reason": entry.reason} for entry in self.left_to_run
                ],
                "assumed": list(self.assumed),
            },
        }
        if self.function is not None:
            document["boxer"]["function"] = json.loads(self.function)
        text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return text.encode("utf-8")

    @classmethod
    def from_json(cls, data: bytes) -> BoxInfo:
        """Raises `BadFieldError`, or `UnsupportedBoxError` for a box of a newer Boxer."""
        document = decode_object(data, "the box's description")
        own = _required(document, "boxer")
        number = own.number("format")
        if number != FORMAT:
            raise UnsupportedBoxError(
                f"The box is of format `{number}`; this Boxer knows format {FORMAT}.",
                hint="Update Boxer: `pip install --upgrade boxer`.",
            )
        base = _required(own, "base")
        return cls(
            config=ImageConfig.from_fields(_required(document, "config")),
            base_name=base.text("name"),
            base_version=base.text("version"),
            base_digest=base.text("digest"),
            code=_code(_required(own, "code")),
            kernel_abi=own.number("kernel_abi"),
            boxer_version=own.text("version"),
            created=_seconds(document.text("created")),
            distributions=tuple(
                Distribution(*_licence_fields(f)) for f in own.objects("distributions")
            ),
            components=tuple(Component(*_licence_fields(f)) for f in own.objects("components")),
            preinitialised=own.texts("preinitialised"),
            left_to_run=tuple(
                LeftToRun(f.text("name"), f.text("reason")) for f in own.objects("left_to_run")
            ),
            assumed=own.texts("assumed"),
            function=_function(own),
        )


def _function(own: Fields) -> str | None:
    told = own.value("function")
    if told is None:
        return None
    if not isinstance(told, dict):
        raise BadFieldError(f"`function` of {own.what} is not a JSON object.")
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _required(fields: Fields, name: str) -> Fields:
    inner = fields.object(name)
    if inner is None:
        raise BadFieldError(f"{fields.what} has no `{name}`.")
    return inner


def _licensed(entry: Distribution | Component) -> dict[str, str]:
    return {"name": entry.name, "version": entry.version, "license": entry.license}


def _licence_fields(fields: Fields) -> tuple[str, str, str]:
    return fields.text("name"), fields.text("version"), fields.text("license", "")


def _code(fields: Fields) -> Code:
    pages = fields.number("memory_pages")
    if pages > 65536:
        raise BadFieldError(f"`memory_pages` of {fields.what} is above 65536.")
    return Code(
        digest=fields.text("digest"),
        memory_pages=pages,
        exports=tuple(_export(entry) for entry in fields.objects("exports")),
    )


def _export(fields: Fields) -> Export:
    kind = fields.text("kind").upper()
    if kind not in Kind.__members__:
        raise BadFieldError(f"`kind` of {fields.what} is none of WebAssembly's.")
    index = fields.number("index")
    if index >= 1 << 32:
        raise BadFieldError(f"`index` of {fields.what} is above 32 bits.")
    return Export(fields.text("name"), Kind[kind], index)


def _timestamp(seconds: int) -> str:
    """RFC 3339, as OCI wants it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(timestamp: str) -> int:
    try:
        moment = datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise BadFieldError(f"`created` is no RFC 3339 time in UTC: `{timestamp}`.") from None
    return int(moment.timestamp())


def needed_hosts(info: BoxInfo) -> tuple[str, ...]:
    """Extensions of the host without which the box's function does not run."""
    if info.function is None:
        return ()
    told = json.loads(info.function).get("hosts", [])
    return tuple(one for one in told if isinstance(one, str)) if isinstance(told, list) else ()
