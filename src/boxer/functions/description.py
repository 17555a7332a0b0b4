"""What a box says of the function it is: its signature, its entry, what it needs of its host.

Belongs here: this value, its canonical JSON and its digest. Does not: how it comes about
(`building`), what is done with it (`calling`, `boxer.schemas`).

Invariants
1. What a guest or a file says is bounded and checked before it is one of these.
2. Equal signatures have equal bytes: RFC 8785 (JSON Canonicalization Scheme), but for numbers
   beyond 2**53, which stay as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from boxer.boxfile import SECTION, BoxInfo
from boxer.errors import FunctionError
from boxer.wasmformat import Module, without_custom

LARGEST_SIGNATURE = 1 << 20
DEEPEST_SIGNATURE = 100
PROTOCOL = 1  # docs/reference/function-protocol.md
_TEXTS = ("name", "description")
_KNOWN = {*_TEXTS, "input", "output", "positional", "async", "next", "hosts"}


@dataclass(frozen=True, slots=True)
class Description:
    """entry: `module:function`. signature: checked; see boxer.schemas.signatures. hosts: extensions
    that it needs. limits: of a call, as boxer.toml has them."""

    entry: str
    signature: dict[str, Any]
    language: str = "python"
    hosts: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """sha256 of the canonical signature, hex."""
        return hashlib.sha256(canonical(self.signature)).hexdigest()

    def to_json(self) -> str:
        return canonical(
            {
                "protocol": PROTOCOL,
                "entry": self.entry,
                "language": self.language,
                "hosts": list(self.hosts),
                "limits": dict(self.limits),
                "signature": self.signature,
                "sha256": self.digest,
            }
        ).decode()

    @classmethod
    def of(cls, info: BoxInfo, name: str) -> Description:
        """Of a box. name: how it was called. Raises `FunctionError` where it is no function."""
        if info.function is None:
            raise FunctionError(
                f"`{name}` is a box, but no function.", hint="`boxer fn build` makes one."
            )
        return cls.from_json(info.function, name)

    @classmethod
    def from_json(cls, text: str, name: str) -> Description:
        told = json.loads(text)
        if told.get("protocol") != PROTOCOL:
            raise FunctionError(
                f"`{name}` is a function of protocol `{told.get('protocol')}`; this Boxer knows"
                f" {PROTOCOL}.",
                hint="Update Boxer: `pip install --upgrade boxer`.",
            )
        signature = checked_signature(told.get("signature"), name)
        entry, language = told.get("entry"), told.get("language", "python")
        hosts, limits = told.get("hosts", []), told.get("limits", {})
        if not (
            isinstance(entry, str)
            and isinstance(language, str)
            and _are_texts(hosts)
            and isinstance(limits, dict)
        ):
            raise _damaged(name)
        made = cls(entry, signature, language, tuple(hosts), limits)
        if told.get("sha256") != made.digest:
            raise _damaged(name)
        return made


def without_description(data: bytes) -> bytes:
    """A box's module without its section: any host of preview 1 runs it; it is no box any more."""
    module = Module.parse(data)
    return without_custom(module, SECTION).emit()


def canonical(value: Any) -> bytes:
    """JSON as RFC 8785 writes it."""
    return json.dumps(
        _canonical(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode("utf-8", "surrogatepass")


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        # By UTF-16 code units, as section 3.2.3 has it.
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return {name: _canonical(value[name]) for name in names}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def checked_signature(told: Any, name: str) -> dict[str, Any]:
    """Of a guest or a file. Raises `FunctionError` for what is none."""
    _check_depth(told, name, 0)
    if not isinstance(told, dict) or not told.keys() <= _KNOWN:
        raise _damaged(name)
    if len(canonical(told)) > LARGEST_SIGNATURE:
        raise FunctionError(f"The signature of `{name}` is larger than 1 MiB.")
    sound = all(isinstance(told.get(key, ""), str) for key in _TEXTS)
    sound = sound and all(isinstance(told.get(key), dict) for key in ("input", "output"))
    sound = sound and isinstance(told.get("name"), str) and isinstance(told.get("async"), bool)
    sound = sound and _are_texts(told.get("positional")) and _are_texts(told.get("hosts", []))
    if not sound or not isinstance(told["input"].get("properties", {}), dict):
        raise _damaged(name)
    links = told.get("next")
    if links is not None and not (
        isinstance(links, dict)
        and all(isinstance(links.get(key), dict) for key in ("input", "output"))
    ):
        raise _damaged(name)
    return told


def _check_depth(value: Any, name: str, depth: int) -> None:
    if depth > DEEPEST_SIGNATURE:
        raise FunctionError(f"The signature of `{name}` is nested too deeply.")
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check_depth(item, name, depth + 1)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _damaged(name: str) -> FunctionError:
    return FunctionError(
        f"What `{name}` says of its function cannot be read.",
        hint="Build it anew: `boxer fn build`.",
    )
