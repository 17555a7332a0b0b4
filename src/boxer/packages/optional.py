"""Native packages that another package uses where they are there, and does without where not.

Belongs here: seeing that one is wanted for nothing else. Does not: which packages these are
(`native.toml`), telling the user (`Outcome.left_out`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from boxer.packages.answer import Answer
from boxer.packages.catalogue.known import known_native
from boxer.packages.compiler import can_have
from boxer.packages.files import is_foreign_program, users_without
from boxer.packages.resolve import ASKED, Locked, requirers
from boxer.packages.target import Outcome
from boxer.packages.wheelbuilder import WheelBuilder


def without_optional(
    missing: list[Locked],
    answer: Answer,
    environment: Mapping[str, str],
    outcome: Outcome,
    builder: WheelBuilder | None,
) -> list[Locked]:
    """Leaves out what other packages do without: also where a list of all that was once installed
    names it. builder: says which packages with Rust in them can be had."""
    version = answer.question.python_version
    users = {p.key: users_without(p, version, has_rust=can_have(p, builder)) for p in missing}
    programs = {p.key for p in missing if is_foreign_program(p, version)}
    if {package.key for package in answer.locked} <= programs:
        programs = set()  # they are what is asked for
    if not programs and not any(users.values()):
        return missing
    needed_by = requirers(answer.question, environment)
    locked = {package.key for package in answer.locked}
    is_lock = answer.names_all
    left_out = {p.key for p in missing if _can_go(p, users[p.key], needed_by, locked, is_lock)}
    left_out |= programs
    outcome.left_out += [package.name for package in missing if package.key in left_out]
    # What came along with those alone has no user then.
    while alone := {p.key for p in missing if _came_with(left_out, p.key, needed_by)} - left_out:
        left_out |= alone
    return [package for package in missing if package.key not in left_out]


def _can_go(
    package: Locked,
    users: Set[str],
    needed_by: Mapping[str, Sequence[str]],
    locked: Set[str],
    is_lock: bool,
) -> bool:
    """Whether only those need a package that do without it, `users`. is_lock: everything is
    named."""
    above = _above(package.key, needed_by)
    if not above <= users:
        return False
    known = known_native(package.key)
    if known is None or not known.through:
        return not users.isdisjoint(above or locked)
    for key in (package.key, *(above & known.through.keys())):
        if not is_lock and ASKED in needed_by.get(key, ()):
            return False
    reached = {user: _above(user, needed_by) for user in above & known.through.keys()}
    return bool(above) and all(
        names and names.issubset(known.through[user]) for user, names in reached.items()
    )


def _came_with(left_out: Set[str], key: str, needed_by: Mapping[str, Sequence[str]]) -> bool:
    above = set(needed_by.get(key, ()))
    return bool(above) and above <= left_out


def _above(key: str, needed_by: Mapping[str, Sequence[str]]) -> set[str]:
    return set(needed_by.get(key, ())) - {ASKED}
