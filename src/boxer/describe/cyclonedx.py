"""What is in a box as a bill of materials: CycloneDX 1.5, JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from boxer.boxfile import BoxInfo
from boxer.describe.licencelist import Licence, licences

SBOM_TYPE = "application/vnd.cyclonedx+json"


def sbom(info: BoxInfo, digest: str) -> bytes:
    """digest: sha256 of the box's file, hex. The same box gives the same bytes."""
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "box",
                "version": digest,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            },
            "tools": {
                "components": [
                    {"type": "application", "name": "boxer", "version": info.boxer_version}
                ]
            },
        },
        "components": [_component(part) for part in licences(info)],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _component(part: Licence) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": "library", "name": part.name, "version": part.version}
    if part.license:
        fields["licenses"] = [_licence(part.license)]
    if part.kind == "distribution":
        # package-url/purl-spec, type `pypi`: small letters, `_` is `-`.
        name = re.sub(r"[-_.]+", "-", part.name).lower()
        fields["purl"] = f"pkg:pypi/{name}@{part.version.replace('+', '%2B')}"
        fields["bom-ref"] = fields["purl"]
    return fields


def _licence(text: str) -> dict[str, Any]:
    """Metadata says expressions of SPDX and free words; only the former are `expression`s."""
    if _EXPRESSION.fullmatch(text):
        return {"expression": text}
    return {"license": {"name": text}}


_EXPRESSION = re.compile(r"\(*[A-Za-z0-9.+-]+\)*(?: (?:AND|OR|WITH) \(*[A-Za-z0-9.+-]+\)*)*")
