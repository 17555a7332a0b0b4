"""`pip check`: whether what is installed has what it requires.

Belongs here: comparing metadata. Does not: resolving (`resolve`).
"""

from __future__ import annotations

from collections.abc import Mapping

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement

from boxer.images import Python
from boxer.packages.prefix import Installed, normalize


def broken_requirements(present: Mapping[str, Installed], python: Python) -> list[str]:
    """What is missing or of a wrong version, in pip's words, sorted."""
    environment = marker_environment(python)
    broken = []
    for entry in present.values():
        for text in entry.metadata.get_all("Requires-Dist", []):
            line = _broken(entry, str(text), present, environment)
            if line:
                broken.append(line)
    return sorted(broken)


def marker_environment(python: Python) -> dict[str, str]:
    """What markers ask for, as the box answers (PyPA, "Dependency specifiers")."""
    return {
        **{name: str(value) for name, value in default_environment().items()},
        "implementation_name": "cpython",
        "implementation_version": python.version,
        "os_name": "posix",
        "platform_machine": python.platform.rpartition("-")[2],
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": python.version,
        "python_version": python.series,
        "sys_platform": "linux",
        "extra": "",
    }


def _broken(
    entry: Installed, text: str, present: Mapping[str, Installed], environment: dict[str, str]
) -> str | None:
    try:
        needed = Requirement(text)
    except InvalidRequirement:
        return None
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
