"""`pip check`: whether what is installed has what it requires.

Belongs here: comparing metadata. Does not: resolving (`resolve`).
"""

from __future__ import annotations

from collections.abc import Mapping

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement

from boxer.packages.prefix import Installed, normalize

# What markers ask for, as the box answers.
_BOX = {
    "implementation_name": "cpython", "implementation_version": "3.13.5", "os_name": "posix",
    "platform_machine": "wasm32", "platform_python_implementation": "CPython",
    "platform_system": "Linux", "python_full_version": "3.13.5", "python_version": "3.13",
    "sys_platform": "linux", "extra": "",
}  # fmt: skip


def broken_requirements(present: Mapping[str, Installed]) -> list[str]:
    """What is missing or of a wrong version, in pip's words, sorted."""
    broken = []
    for entry in present.values():
        for text in entry.metadata.get_all("Requires-Dist", []):
            line = _broken(entry, str(text), present)
            if line:
                broken.append(line)
    return sorted(broken)


def _defaults() -> dict[str, str]:
    return {name: str(value) for name, value in default_environment().items()}


def _broken(entry: Installed, text: str, present: Mapping[str, Installed]) -> str | None:
    try:
        needed = Requirement(text)
    except InvalidRequirement:
        return None
    environment: dict[str, str] = {**_defaults(), **_BOX}
    if needed.marker is not None and not needed.marker.evaluate(environment):
        return None
    there = present.get(normalize(needed.name))
    stated = f"{entry.name} {entry.version}"
    if there is None:
        return f"{stated} requires {needed.name}, which is not installed."
    if not needed.specifier.contains(there.version, prereleases=True):
        wanted = f"{needed.name}{needed.specifier}"
        return f"{stated} has requirement {wanted}, but you have {there.name} {there.version}."
    return None
