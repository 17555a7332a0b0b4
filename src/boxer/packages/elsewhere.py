"""Native packages that are needed on some machines only: what asks for them does without on others.

Belongs here: seeing that from the markers of the requirements. Does not: which packages cannot run
(`files`), those that are optional by what is known of them (`optional`).

`keyring` asks for `secretstorage` where `sys_platform == "linux"`: it works on a Mac without, and
so it does in a box, which is no desktop. A notice tells what is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.markers import InvalidMarker, Marker

from boxer.errors import NativePackageError
from boxer.packages.answer import Answer
from boxer.packages.compiler import can_have, takes_rust
from boxer.packages.files import choose
from boxer.packages.resolve import ASKED, Locked, markers_of, requirers
from boxer.packages.target import Outcome, Target

_MACHINES = (
    ("linux", "Linux", "posix", "x86_64"),
    ("linux", "Linux", "posix", "riscv64"),
    ("darwin", "Darwin", "posix", "arm64"),
    ("win32", "Windows", "nt", "AMD64"),
)


def without_those_of_other_machines(
    target: Target,
    missing: Sequence[Locked],
    answer: Answer,
    environment: Mapping[str, str],
    outcome: Outcome,
) -> list[Locked]:
    """Leaves out what cannot run in a box and is not needed on every machine, with what needs it
    and what came with it."""
    refused = {package.key for package in missing if _is_refused(target, package)}
    if not refused:
        return list(missing)
    version = answer.question.python_version
    if answer.names_all:  # by a lock file, which may say it
        markers = {package.key: package.marker for package in answer.locked if package.marker}
    else:
        markers = markers_of(answer.question, environment)
    some = {key for key, marker in markers.items() if _only_somewhere(marker, version)}
    left = refused & some
    if not left:
        return list(missing)
    needed_by = {
        key: [name for name in above if name != ASKED or not answer.names_all]
        for key, above in requirers(answer.question, environment).items()
    }
    while above := {u for key in left for u in needed_by.get(key, ()) if u in some} - left:
        left |= above
    while (
        alone := {
            package.key
            for package in missing
            if (above := set(needed_by.get(package.key, ()))) and above <= left
        }
        - left
    ):
        left |= alone
    if refused - left:
        return list(missing)  # it fails all the same, and says so
    outcome.elsewhere += [package.name for package in missing if package.key in left]
    return [package for package in missing if package.key not in left]


def _is_refused(target: Target, package: Locked) -> bool:
    builder = target.wheels
    can_compile = can_have(package, builder) or (builder is not None and builder.can_make_rust)
    try:
        is_built = choose(package, target.where, target.prefix.version) is package.sdist
    except NativePackageError:
        return True
    return is_built and takes_rust(package) and not can_compile


def _only_somewhere(marker: str, python_version: str) -> bool:
    """Whether a marker holds on some machines and not on others, for one and the same Python."""
    try:
        read = Marker(marker)
    except InvalidMarker:
        return False
    answers = {
        read.evaluate(
            {
                "sys_platform": platform,
                "platform_system": system,
                "os_name": name,
                "platform_machine": machine,
                "python_version": python_version,
                "python_full_version": f"{python_version}.0",
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
                "extra": "",
            }
        )
        for platform, system, name, machine in _MACHINES
    }
    return len(answers) == 2
