"""What is inside a box, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass

from boxer.boxfile import BoxInfo


@dataclass(frozen=True, slots=True)
class Licence:
    """kind: `component` (compiled into the base) or `distribution` (installed by the build)."""

    kind: str
    name: str
    version: str
    license: str


def licences(info: BoxInfo) -> tuple[Licence, ...]:
    """Every part of a box: Boxer's own kernel, the base's components, the distributions."""
    own = Licence("component", "boxer", info.boxer_version, "Apache-2.0")
    components = [Licence("component", c.name, c.version, c.license) for c in info.components]
    packages = [Licence("distribution", d.name, d.version, d.license) for d in info.distributions]
    return (own, *components, *packages)
