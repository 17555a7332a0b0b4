"""A machine with its imports, frozen: those that a run may go on from, and no others.

Belongs here: freezing once more without the imports that looked at what a run may have otherwise,
or failed half way. Does not: what counts as that (guest/python/_boxer_looks.py), how a machine is
frozen (`preinit`).

Invariants
1. What is frozen at last has imported nothing that was left to the run: its machine began without.
2. The same modules over the same files are left in every build.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from boxer.boxfile import LeftToRun, MemoryImage
from boxer.errors import FreezeError
from boxer.pipeline.events import Listener, Notice
from boxer.preinit import freeze
from boxer.runtime import BuildInstance, Code

_MARK = b"\x1eboxer-imports "
# Without what was found the first time, the second finds little; a third is rare.
_MOST_TIMES = 6
_MISSING = "ModuleNotFoundError: "
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Frozen:
    """image: the machine. imports: what it has imported. left: what it has not, and why. assumed:
    what of a run must be as it was at the build for the machine to go on from it."""

    image: MemoryImage
    imports: tuple[str, ...]
    left: tuple[LeftToRun, ...] = ()
    assumed: tuple[str, ...] = ()


@dataclass(slots=True)
class _Report:
    """What a machine said of its imports. failed: name -> the error, and whether other modules came
    with it. by_packages: of what is assumed, what others than the standard library look at. init:
    what the code of `boxer.init` looked at."""

    left: dict[str, str] = field(default_factory=dict)
    failed: dict[str, tuple[str, bool]] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    by_packages: tuple[str, ...] = ()
    init: tuple[str, ...] = ()


def freeze_imports(
    code: Code,
    link: Callable[[tuple[str, ...]], MemoryImage],
    imports: Sequence[str],
    stack: int,
    epoch: int,
    events: Listener,
) -> Frozen:
    """link: a machine before its first instruction, by what it is to import. stack: its bytes.

    Raises `FreezeError`.
    """
    wanted = tuple(imports)
    left: dict[str, str] = {}
    failures: dict[str, str] = {}
    for _ in range(_MOST_TIMES):
        with BuildInstance(code, epoch) as instance:
            image = freeze(instance, link(wanted), stack)
            report = _read(instance.stdout)
        errors = {name: error for name, (error, _) in report.failed.items()}
        failures |= errors
        halves = {name for name, (_, half) in report.failed.items() if half}
        again = {name for name in wanted if name in report.left or name in halves}
        left = {**errors, **report.left, **left}
        if not again:
            _tell(left, failures, report, events)
            kept = tuple(name for name in wanted if name not in errors)
            deferred = tuple(LeftToRun(name, why) for name, why in sorted(left.items()))
            return Frozen(image, kept, deferred, report.assumed)
        wanted = tuple(name for name in wanted if name not in again)
    raise FreezeError(
        "What the imports of the program look at is another each time.",
        hint='Leave them to the run: LABEL boxer.preimport="library".',
    )


def _read(output: bytes) -> _Report:
    """The report among what a machine wrote; an empty one of a program that makes none.
    Raises `FreezeError` for what is no report."""
    _, found, text = output.rpartition(_MARK)
    if not found:
        return _Report()
    try:
        told = json.loads(text.partition(b"\n")[0])
        return _Report(
            left=dict(told["left"]),
            failed={name: (error, half) for name, (error, half) in told["failed"].items()},
            assumed=tuple(told["assumed"]),
            by_packages=tuple(told["by_packages"]),
            init=tuple(told["init"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):  # the program wrote it, not its base
        raise FreezeError(
            "What the program said of its imports before the freeze cannot be read.",
            hint="Look for code that writes `boxer-imports` to its standard output.",
        ) from None


def _tell(
    left: dict[str, str], failures: dict[str, str], report: _Report, events: Listener
) -> None:
    """One line for each package that is left, for what the frozen ones count on, for `boxer.init`.

    A module that fails in a package that does not is no news, and a missing one is none: packages
    try many that they can do without."""
    packages: dict[str, str] = {}
    for name, why in sorted(left.items()):
        package = name.partition(".")[0]
        if name not in failures or (package in left and not why.startswith(_MISSING)):
            packages.setdefault(package, why)
    for package, why in packages.items():
        events(Notice(f"`{package}` is imported by each run, not before the freeze: {why}."))
    if report.by_packages:
        shown = ", ".join(name.lstrip("@") for name in report.by_packages[:_SHOWN])
        more = len(report.by_packages) - _SHOWN
        events(
            Notice(
                f"Frozen imports read {shown}{f' and {more} more' if more > 0 else ''}.",
                None,
                "A run that has one of them otherwise imports anew, and starts slower.",
            )
        )
    for look in report.init:
        events(
            Notice(
                f"The code of boxer.init {look}: what it makes of it is the same in every run.",
                None,
                "Do it when the box runs, if it is to differ.",
            )
        )
